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
	"codex/pkg/sessions"
)

// listFiles bounds a scan, as the original's (appserver spec §6).
const listFiles = 10000

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
	var out []listed
	add := func(dir, name string) {
		id, ok := rolloutID(name)
		if !ok {
			return
		}
		l := listed{path: filepath.Join(dir, name), id: id, key: rolloutTime(name, id)}
		if updated {
			fi, err := os.Stat(l.path)
			if err != nil {
				return
			}
			l.key = fi.ModTime().Truncate(time.Millisecond)
		}
		out = append(out, l)
	}
	if archived {
		dir := filepath.Join(s.home, "archived_sessions")
		for _, name := range dirNames(dir) {
			add(dir, name)
		}
		return out
	}
	root := filepath.Join(s.home, "sessions")
	for _, y := range dirNames(root) {
		for _, m := range dirNames(filepath.Join(root, y)) {
			for _, d := range dirNames(filepath.Join(root, y, m)) {
				dir := filepath.Join(root, y, m, d)
				for _, name := range dirNames(dir) {
					add(dir, name)
				}
				if len(out) >= listFiles {
					return out
				}
			}
		}
	}
	return out
}

// dirNames lists a folder, the greatest name first; one that cannot be read is empty.
func dirNames(dir string) []string {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(b, a) })
	return names
}

// rolloutID gives the thread id in rollout-2006-01-02T15-04-05-ID.jsonl.
func rolloutID(name string) (string, bool) {
	rest, ok := strings.CutSuffix(name, ".jsonl")
	if !ok || !strings.HasPrefix(rest, "rollout-") || len(rest) < 36 {
		return "", false
	}
	return sessions.ParseID(rest[len(rest)-36:])
}

// rolloutTime is when a session began: the time in its id, else that in its name.
func rolloutTime(name, id string) time.Time {
	if at, ok := idTime(id); ok {
		return at
	}
	const stamp = "2006-01-02T15-04-05"
	if len(name) >= len("rollout-")+len(stamp) {
		if at, err := time.ParseInLocation(stamp, name[len("rollout-"):][:len(stamp)], time.Local); err == nil {
			return at
		}
	}
	return time.Time{}
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
		id, ok := parseID(*p.Cursor)
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
