package appserver

import (
	"cmp"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// cursorTime is how a place in a list is written: a time with milliseconds.
const cursorTime = "2006-01-02T15:04:05.000Z"

type listed struct {
	path string
	id   string
	key  time.Time // what the list is sorted by
}

func (s *Server) threadList(r *request, p *protocol.ThreadListParams) (any, error) {
	limit := 25
	if p.Limit != nil {
		limit = min(max(int(*p.Limit), 1), 100)
	}
	asc := p.SortDirection != nil && *p.SortDirection == protocol.SortDirectionAsc
	updated := p.SortKey != nil && *p.SortKey == protocol.ThreadSortKeyUpdatedAt
	var after time.Time
	if p.Cursor != nil {
		var err error
		if after, err = time.Parse(time.RFC3339Nano, *p.Cursor); err != nil {
			return nil, invalid("invalid cursor: %s", *p.Cursor)
		}
	}
	f, err := s.filter(p)
	if err != nil {
		return nil, err
	}
	files := s.files(p.Archived != nil && *p.Archived, updated)
	slices.SortFunc(files, func(a, b listed) int {
		if c := cmp.Or(b.key.Compare(a.key), strings.Compare(b.id, a.id)); asc {
			return -c
		} else {
			return c
		}
	})
	if p.Cursor != nil {
		files = slices.DeleteFunc(files, func(l listed) bool {
			if asc {
				return !l.key.After(after)
			}
			return !l.key.Before(after)
		})
	}
	res := protocol.ThreadListResponse{}
	var last time.Time
	for _, found := range s.pick(files, f, limit+1) {
		if len(res.Data) == limit {
			next := last.UTC().Format(cursorTime)
			res.NextCursor = &next
			break
		}
		if len(res.Data) == 0 {
			back := found.key.UTC().Format(cursorTime)
			res.BackwardsCursor = &back
		}
		th := s.stored(found.head)
		if t := s.thread(th.ID); t != nil {
			t.mu.Lock()
			th.Status = t.status
			t.mu.Unlock()
		}
		res.Data = append(res.Data, th)
		last = found.key
	}
	return res, nil
}

// filter says which sessions a list has.
func (s *Server) filter(p *protocol.ThreadListParams) (func(*head) bool, error) {
	providers := p.ModelProviders
	if providers == nil {
		cfg, err := s.load(nil)
		if err != nil {
			return nil, err
		}
		providers = []string{cfg.ProviderID}
	}
	kinds := p.SourceKinds
	if len(kinds) == 0 {
		kinds = []protocol.ThreadSourceKind{protocol.ThreadSourceKindCli, protocol.ThreadSourceKindVscode}
	}
	var cwds []string
	if p.Cwd != nil {
		for _, dir := range *p.Cwd {
			if !filepath.IsAbs(dir) {
				dir = filepath.Join(s.opts.Config.Env.Cwd, dir)
			}
			cwds = append(cwds, filepath.Clean(dir))
		}
	}
	term := ""
	if p.SearchTerm != nil {
		term = strings.ToLower(*p.SearchTerm)
	}
	names := s.names.of(s.home)
	return func(h *head) bool {
		switch {
		case !h.listed:
			return false
		case len(providers) > 0 && !slices.Contains(providers, h.meta.Get("model_provider").Str):
			return false
		case !oneKind(kinds, kind(h.meta.Get("source"))):
			return false
		case cwds != nil && !slices.Contains(cwds, filepath.Clean(h.meta.Get("cwd").Str)):
			return false
		case term != "" && !strings.Contains(strings.ToLower(h.preview), term) && !strings.Contains(strings.ToLower(names[h.id]), term):
			return false
		}
		return true
	}, nil
}

func oneKind(kinds []protocol.ThreadSourceKind, k protocol.ThreadSourceKind) bool {
	sub := strings.HasPrefix(string(k), "subAgent") && slices.Contains(kinds, protocol.ThreadSourceKindSubAgent)
	return sub || slices.Contains(kinds, k)
}

// files lists the session files by their names alone, or with their times.
func (s *Server) files(archived, updated bool) []listed {
	all, _ := thread.Files(s.home, archived) // what cannot be read is not in the list
	out := make([]listed, 0, len(all))
	for _, f := range all {
		l := listed{path: f.Path, id: f.ID, key: began(f)}
		if updated {
			fi, err := os.Stat(f.Path)
			if err != nil {
				continue
			}
			l.key = fi.ModTime().Truncate(time.Millisecond)
		}
		out = append(out, l)
	}
	return out
}

// began is when a session did: the time in its id, else that in its file's name.
func began(f thread.File) time.Time {
	if at, ok := thread.IDTime(f.ID); ok {
		return at
	}
	const stamp = "2006-01-02T15-04-05"
	name := strings.TrimPrefix(filepath.Base(f.Path), "rollout-")
	at, err := time.ParseInLocation(stamp, name[:min(len(stamp), len(name))], time.Local)
	if err != nil {
		return time.Time{}
	}
	return at
}

type picked struct {
	*head
	key time.Time
}

// pick reads files in order until it has n that fit. Several are read at once, when the
// first ones are not enough.
func (s *Server) pick(files []listed, fits func(*head) bool, n int) []picked {
	var out []picked
	for batch := n; len(files) > 0 && len(out) < n; batch = min(4*batch, 2000) {
		part := files[:min(batch, len(files))]
		files = files[len(part):]
		heads := make([]*head, len(part))
		workers := min(runtime.GOMAXPROCS(0), max(1, len(part)/32))
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for i := w; i < len(part); i += workers {
					if h, f, err := openHead(part[i].path); err == nil {
						if fits(h) && h.update(f, tailBytes) == nil {
							heads[i] = h
						}
						f.Close()
					}
				}
			})
		}
		wg.Wait()
		for i, h := range heads {
			if h != nil && len(out) < n {
				out = append(out, picked{h, part[i].key})
			}
		}
	}
	return out
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
			return nil, invalid("invalid cursor: %s", *p.Cursor)
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
