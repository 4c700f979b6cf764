package local

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

const (
	watchSettle = 200 * time.Millisecond // changes that come together are told together
	maxWatches  = 64                     // of one client
)

// watcher is what a client watches. The zero value is ready.
type watcher struct {
	mu      sync.Mutex
	fs      *fsnotify.Watcher // nil before the first watch
	watches map[string]*watch // by id
	aims    map[string]int    // what fs looks at, and for how many watches
}

// watch is one path: a file, a folder with what is in it, or something that is not there
// yet.
type watch struct {
	path    string
	there   bool // when it was last aimed at
	aims    []string
	changed map[string]bool
}

func fsWatch(r *Request, p *protocol.FsWatchParams) (any, error) {
	if err := absolute(p.Path); err != nil {
		return nil, err
	}
	if err := r.Client.watch(p.WatchID, filepath.Clean(p.Path)); err != nil {
		return nil, err
	}
	return protocol.FsWatchResponse{Path: p.Path}, nil
}

func fsUnwatch(r *Request, p *protocol.FsUnwatchParams) (any, error) {
	w := &r.Client.watcher
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.watches[p.WatchID]; one != nil {
		w.release(one.aims)
		delete(w.watches, p.WatchID)
	}
	return protocol.FsUnwatchResponse{}, nil
}

func (c *Client) watch(id, path string) error {
	w := &c.watcher
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case len(w.watches) >= maxWatches:
		return jsonrpc.Invalidf("too many watches: at most %d", maxWatches)
	case w.watches[id] != nil:
		return jsonrpc.Invalidf("watchId already exists: %s", id)
	case w.fs == nil:
		fs, err := fsnotify.NewWatcher()
		if err != nil {
			return ioError(err)
		}
		w.fs, w.watches, w.aims = fs, map[string]*watch{}, map[string]int{}
		go follow(c.ctx, fs, w.changed, func() {
			for _, n := range w.take() {
				c.Notify(protocol.NoteFsChanged, n)
			}
		})
	}
	one := &watch{path: path, changed: map[string]bool{}}
	if err := w.aim(one); err != nil {
		w.release(one.aims)
		return ioError(err)
	}
	w.watches[id] = one
	return nil
}

// follow has paths that change looked at, and tells what was found, until ctx ends; then fs is
// closed. Events are drained beside it: who works on them may wait for fs, and fs must not wait
// for that.
func follow(ctx context.Context, fs *fsnotify.Watcher, changed func(names map[string]bool, lost bool) (found bool), tell func()) {
	defer fs.Close()
	names := pathSet{ready: make(chan struct{}, 1), names: map[string]bool{}}
	go names.drain(fs) // ends when fs is closed
	settle := time.NewTimer(watchSettle)
	settle.Stop()
	waits := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-names.ready:
			if changed(names.take()) && !waits {
				waits = true
				settle.Reset(watchSettle)
			}
		case <-settle.C:
			waits = false
			tell()
		}
	}
}

// pathSet is names of files that have changed.
type pathSet struct {
	mu    sync.Mutex
	ready chan struct{}
	names map[string]bool
	lost  bool // there were more
}

// maxNames bounds what is kept of a flood of changes.
const maxNames = 4096

func (s *pathSet) drain(fs *fsnotify.Watcher) {
	for {
		select {
		case ev, ok := <-fs.Events:
			if !ok {
				return
			}
			s.add(ev.Name)
		case _, ok := <-fs.Errors: // the system has lost events
			if !ok {
				return
			}
			s.add("")
		}
	}
}

func (s *pathSet) add(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" || len(s.names) >= maxNames {
		s.lost = true
	} else {
		s.names[name] = true
	}
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// take gives the names; lost says that there were others.
func (s *pathSet) take() (names map[string]bool, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names, lost = s.names, s.lost
	s.names, s.lost = map[string]bool{}, false
	return names, lost
}

// changed notes paths for the watches that they are of, all watches when names were lost;
// it says whether there is something to tell.
func (w *watcher) changed(names map[string]bool, lost bool) (found bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.watches {
		again := lost
		if lost {
			one.changed[one.path] = true
		}
		for name := range names {
			if name == one.path || filepath.Dir(name) == one.path {
				one.changed[name] = true
			}
			again = again || below(one.path, name) // it, or a folder on the way, has come or gone
		}
		if again {
			before := one.there
			_ = w.aim(one) // what cannot be looked at any more is seen from above
			if one.there != before {
				one.changed[one.path] = true // it came with the folders above it, too soon for an event
			}
		}
		found = found || len(one.changed) > 0
	}
	return found
}

// take gives what is to be told.
func (w *watcher) take() []protocol.FsChangedNotification {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []protocol.FsChangedNotification
	for _, id := range slices.Sorted(maps.Keys(w.watches)) {
		if one := w.watches[id]; len(one.changed) > 0 {
			out = append(out, protocol.FsChangedNotification{WatchID: id, ChangedPaths: slices.Sorted(maps.Keys(one.changed))})
			one.changed = map[string]bool{}
		}
	}
	return out
}

// aim looks at the path itself and at its folder, or as long as that is not there at the
// nearest one above; w.mu is held.
func (w *watcher) aim(one *watch) error {
	for {
		want := aims(one.path)
		for _, p := range want {
			w.aims[p]++
			if err := w.fs.Add(p); err != nil && p != one.path {
				w.release(want[:slices.Index(want, p)+1])
				return err
			}
		}
		w.release(one.aims)
		one.aims, one.there = want, want[0] == one.path
		if slices.Equal(want, aims(one.path)) { // nothing has changed meanwhile
			return nil
		}
	}
}

// below is policy.Below for paths in the system's own form.
func below(name, dir string) bool { return policy.Below(filepath.ToSlash(name), filepath.ToSlash(dir)) }

func aims(path string) []string {
	var out []string
	if _, err := os.Stat(path); err == nil {
		out = append(out, path)
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if fi, err := os.Stat(dir); err == nil && fi.IsDir() || dir == filepath.Dir(dir) {
			return append(out, dir)
		}
	}
}

// release takes back aims; w.mu is held.
func (w *watcher) release(aims []string) {
	for _, p := range aims {
		if w.aims[p]--; w.aims[p] <= 0 {
			delete(w.aims, p)
			_ = w.fs.Remove(p) // it may be gone
		}
	}
}
