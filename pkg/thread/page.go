package thread

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"codex/pkg/foreign"
	"codex/pkg/protocol"
)

// Query is what thread/list asks for.
type Query struct {
	Archived  bool
	Updated   bool // sorted by the time of the last write, not of the beginning
	Ascending bool
	After     time.Time // the place in the list to go on from; zero: the beginning
	Limit     int

	Providers []string                    // model providers; none: any
	Kinds     []protocol.ThreadSourceKind // none: those that a user began
	Cwds      []string                    // nil: any folder
	Term      string                      // in the first message or the name
	Names     map[string]string

	Parent   string   // of agents: the thread that began them; "" for any
	Ancestor string   // or one further up
	Only     []string // ids; nil: any
	Except   []string

	// Unread, if set, hears of files that the page passes over, as that of Options does; of one
	// at a time.
	Unread func(error)
}

// Listed is a session and its place in the list.
type Listed struct {
	*Head
	At time.Time
}

// Page gives the sessions that a query finds, at most Limit; more when there are further
// ones.
func Page(home string, q Query) (page []Listed, more bool) {
	files := q.files(home)
	slices.SortFunc(files, func(a, b place) int {
		c := cmp.Or(b.at.Compare(a.at), strings.Compare(b.ID, a.ID))
		if q.Ascending {
			return -c
		}
		return c
	})
	if !q.After.IsZero() {
		files = slices.DeleteFunc(files, func(p place) bool {
			if q.Ascending {
				return !p.at.After(q.After)
			}
			return !p.at.Before(q.After)
		})
	}
	page = q.pick(home, files, q.Limit+1)
	return page[:min(len(page), q.Limit)], len(page) > q.Limit
}

// place is a session file and what the list is sorted by.
type place struct {
	File
	at time.Time
}

// files lists the session files by their names alone, or with their times.
func (q *Query) files(home string) []place {
	all, _ := Files(home, q.Archived) // what cannot be read is not in the list
	out := make([]place, 0, len(all))
	for _, f := range all {
		if q.Only != nil && !slices.Contains(q.Only, f.ID) || slices.Contains(q.Except, f.ID) {
			continue
		}
		p := place{f, f.Began()}
		if q.Updated {
			fi, err := os.Stat(f.Path)
			if err != nil {
				continue
			}
			p.at = fi.ModTime().Truncate(time.Millisecond)
		}
		out = append(out, p)
	}
	return out
}

// Began is when a session did: the time in its id, else that in its file's name.
func (f File) Began() time.Time {
	if at, ok := IDTime(f.ID); ok {
		return at
	}
	name := strings.TrimPrefix(filepath.Base(f.Path), "rollout-")
	at, err := time.ParseInLocation(fileTime, name[:min(len(fileTime), len(name))], time.Local)
	if err != nil {
		return time.Time{}
	}
	return at
}

// pick reads files in order until it has n that fit. Several are read at once, when the
// first ones are not enough.
func (q *Query) pick(home string, files []place, n int) []Listed {
	var out []Listed
	fits := q.filter(home)
	for batch := n; len(files) > 0 && len(out) < n; batch = min(4*batch, 2000) {
		part := files[:min(batch, len(files))]
		files = files[len(part):]
		heads := make([]*Head, len(part))
		workers := min(runtime.GOMAXPROCS(0), max(1, len(part)/32))
		var wg sync.WaitGroup
		var one sync.Mutex
		unread := func(err error) {
			if q.Unread != nil && !errors.Is(err, ErrEmpty) && !errors.Is(err, fs.ErrNotExist) {
				one.Lock()
				defer one.Unlock()
				q.Unread(err)
			}
		}
		for w := range workers {
			wg.Go(func() {
				var in inspector
				for i := w; i < len(part); i += workers {
					heads[i] = in.listed(part[i].File, fits, unread)
				}
			})
		}
		wg.Wait()
		for i, h := range heads {
			if h != nil && len(out) < n {
				out = append(out, Listed{h, part[i].at})
			}
		}
	}
	return out
}

// listed is the head of a file that fits, nil of others.
func (in *inspector) listed(f File, fits func(*Head) bool, unread func(error)) *Head {
	r, err := foreign.Open(f.Path)
	if err != nil {
		unread(err)
		return nil
	}
	defer r.Close()
	fi, err := r.Stat()
	if err != nil {
		unread(err)
		return nil
	}
	f.Modified = fi.ModTime()
	h := &Head{File: f}
	if err := in.readHead(h, r); err != nil {
		unread(err)
		return nil
	}
	if !fits(h) {
		return nil
	}
	if err := h.update(r, &in.tail, metaBackList); err != nil {
		unread(err)
		return nil
	}
	return h
}

// filter says which sessions a list has.
func (q *Query) filter(home string) func(*Head) bool {
	kinds := q.Kinds
	switch {
	case len(kinds) > 0:
	case q.Parent != "" || q.Ancestor != "":
		kinds = []protocol.ThreadSourceKind{protocol.ThreadSourceKindSubAgent}
	default:
		kinds = []protocol.ThreadSourceKind{protocol.ThreadSourceKindCli, protocol.ThreadSourceKindVscode}
	}
	term := strings.ToLower(q.Term)
	dirs, below := sameDirs(q.Cwds), descendants(home, q.Ancestor)
	return func(h *Head) bool {
		switch {
		case !h.Listed:
			return false
		case len(q.Providers) > 0 && !slices.Contains(q.Providers, h.Provider):
			return false
		case !oneKind(kinds, kind(h.Source)):
			return false
		case q.Cwds != nil && !dirs(h.Cwd):
			return false
		case q.Parent != "" && q.Parent != parentOf(h):
			return false
		case q.Ancestor != "" && !below(h):
			return false
		}
		return term == "" || strings.Contains(strings.ToLower(h.Preview), term) || strings.Contains(strings.ToLower(q.Names[h.ID]), term)
	}
}

func oneKind(kinds []protocol.ThreadSourceKind, k protocol.ThreadSourceKind) bool {
	sub := strings.HasPrefix(string(k), "subAgent") && slices.Contains(kinds, protocol.ThreadSourceKindSubAgent)
	return sub || slices.Contains(kinds, k)
}

// sameDirs says whether a folder is one of some, by whatever name. It may be asked from
// several goroutines, and looks at each name once.
func sameDirs(dirs []string) func(string) bool {
	var known sync.Map
	return func(dir string) bool {
		if v, ok := known.Load(dir); ok {
			return v.(bool)
		}
		found := slices.ContainsFunc(dirs, func(d string) bool { return SameDir(dir, d) })
		known.Store(dir, found)
		return found
	}
}

// maxAncestors bounds how far up a session is looked for among another's ancestors.
const maxAncestors = 64

// parentOf is the id of the thread whose agent works in a session, "" for one of a user.
func parentOf(h *Head) string { return protocol.Value(parent(h.Source)) }

// descendants says whether a session is that of an agent of id, of an agent of those, and so on.
// It may be asked from several goroutines, and reads each session once.
func descendants(home, id string) func(*Head) bool {
	var known sync.Map
	above := func(of string) string {
		if v, ok := known.Load(of); ok {
			return v.(string)
		}
		up := ""
		if path, err := Find(home, of); err == nil {
			if h, err := Read(path); err == nil {
				up = parentOf(h)
			}
		}
		known.Store(of, up)
		return up
	}
	return func(h *Head) bool {
		for up, n := parentOf(h), 0; up != "" && n < maxAncestors; up, n = above(up), n+1 {
			if up == id {
				return true
			}
		}
		return false
	}
}
