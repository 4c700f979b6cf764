package appserver

import (
	"path/filepath"
	"slices"
	"time"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// cursorTime is how a place in a list is written: a time with milliseconds.
const cursorTime = "2006-01-02T15:04:05.000Z"

// pageSize is how long a page of a list is.
func pageSize(limit *uint32) int {
	if limit == nil {
		return 25
	}
	return min(max(int(*limit), 1), 100)
}

func (s *Server) threadList(r *request, p *protocol.ThreadListParams) (any, error) {
	q, err := s.query(p)
	if err != nil {
		return nil, err
	}
	res := protocol.ThreadListResponse{}
	found, more := thread.Page(s.home, q)
	for _, l := range found {
		th := l.Thread(q.Names)
		if t := s.thread(th.ID); t != nil {
			t.mu.Lock()
			th = t.shown(th)
			t.mu.Unlock()
		}
		res.Data = append(res.Data, th)
	}
	cursor := func(l thread.Listed) *string {
		at := l.At.UTC().Format(cursorTime)
		return &at
	}
	if len(found) > 0 {
		res.BackwardsCursor = cursor(found[0])
	}
	if more {
		res.NextCursor = cursor(found[len(found)-1])
	}
	return res, nil
}

// query is what a client asks for, with what it leaves out.
func (s *Server) query(p *protocol.ThreadListParams) (thread.Query, error) {
	q := thread.Query{Archived: protocol.Value(p.Archived),
		Ascending: protocol.Value(p.SortDirection) == protocol.SortDirectionAsc, Limit: pageSize(p.Limit),
		Providers: p.ModelProviders, Kinds: p.SourceKinds, Term: protocol.Value(p.SearchTerm), Names: s.names.Of(s.home)}
	if p.SortKey != nil {
		switch *p.SortKey {
		case protocol.ThreadSortKeyCreatedAt:
		case protocol.ThreadSortKeyUpdatedAt, protocol.ThreadSortKeyRecencyAt, protocol.ThreadSortKeySectionPosition:
			q.Updated = true
		default:
			return q, jsonrpc.Invalidf("Invalid request: unknown variant `%s`, expected one of `created_at`, `updated_at`, `recency_at`", jsonrpc.Shorten(string(*p.SortKey)))
		}
	}
	if p.Cursor != nil {
		var err error
		if q.After, err = time.Parse(time.RFC3339Nano, *p.Cursor); err != nil {
			return q, jsonrpc.Invalidf("invalid cursor: %s", *p.Cursor)
		}
	}
	if q.Providers == nil {
		cfg, err := s.local.Load(nil)
		if err != nil {
			return q, err
		}
		q.Providers = []string{cfg.ProviderID}
	}
	if p.Cwd != nil {
		q.Cwds = []string{}
		for _, dir := range *p.Cwd {
			if !filepath.IsAbs(dir) {
				dir = filepath.Join(s.opts.Config.Env.Cwd, dir)
			}
			q.Cwds = append(q.Cwds, dir)
		}
	}
	err := laterFilters(&q, p)
	return q, err
}

// maxListed bounds the ids of a filter.
const maxListed = 100

// laterFilters takes the filters of releases after 0.133.0. There are no projects, sections and
// attached threads here: none of the latter two has a thread.
func laterFilters(q *thread.Query, p *protocol.ThreadListParams) (err error) {
	switch {
	case p.ParentThreadID != nil && p.AncestorThreadID != nil:
		return jsonrpc.Invalidf("parentThreadId and ancestorThreadId are mutually exclusive")
	case p.AttachedToThreadID != nil && (p.ParentThreadID != nil || p.AncestorThreadID != nil):
		return jsonrpc.Invalidf("attachedToThreadId cannot be combined with parentThreadId or ancestorThreadId")
	case len(p.Originators) > 0:
		return jsonrpc.Invalidf("originator filtering is not supported by the local app-server")
	case p.ProjectID != nil:
		return jsonrpc.Invalidf("project not found: %s", jsonrpc.Shorten(*p.ProjectID))
	}
	for _, one := range []struct {
		given *string
		name  string
		to    *string
	}{{p.ParentThreadID, "parent thread", &q.Parent}, {p.AncestorThreadID, "ancestor thread", &q.Ancestor}, {p.AttachedToThreadID, "attached thread parent", new(string)}} {
		if one.given == nil {
			continue
		}
		var ok bool
		if *one.to, ok = thread.ParseID(*one.given); !ok {
			return jsonrpc.Invalidf("invalid %s id: %s", one.name, jsonrpc.Shorten(*one.given))
		}
	}
	if q.Only, err = listedIDs(p.IncludedThreadIDs, "included"); err == nil {
		q.Except, err = listedIDs(p.ExcludedThreadIDs, "excluded")
	}
	if p.AttachedToThreadID != nil || p.SectionID != nil {
		q.Only = []string{}
	}
	return err
}

// listedIDs reads the ids of a filter.
func listedIDs(ids []string, which string) ([]string, error) {
	if len(ids) > maxListed {
		return nil, jsonrpc.Invalidf("%sThreadIds accepts at most %d entries", which, maxListed)
	}
	out := slices.Clone(ids)
	for i, text := range ids {
		id, ok := thread.ParseID(text)
		if !ok {
			return nil, jsonrpc.Invalidf("invalid %s thread id: %s", which, jsonrpc.Shorten(text))
		}
		out[i] = id
	}
	return out, nil
}

func (s *Server) threadLoadedList(r *request, p *protocol.ThreadLoadedListParams) (any, error) {
	var ids []string
	for _, t := range s.loaded() {
		ids = append(ids, t.id)
	}
	slices.Sort(ids)
	if p.Cursor != nil {
		id, ok := thread.ParseID(*p.Cursor)
		if !ok {
			return nil, jsonrpc.Invalidf("invalid cursor: %s", *p.Cursor)
		}
		i, found := slices.BinarySearch(ids, id)
		if found {
			i++
		}
		ids = ids[i:]
	}
	res := protocol.ThreadLoadedListResponse{Data: ids}
	if p.Limit != nil {
		if n := max(int(*p.Limit), 1); n < len(ids) {
			res.Data, res.NextCursor = ids[:n], &ids[n-1]
		}
	}
	return res, nil
}
