package appserver

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"codex/pkg/protocol"
)

const (
	watchEvery = 200 * time.Millisecond // how soon a change is told (appserver spec §7)
	maxWatches = 64                     // of one client: each looks at its file that often
)

// seen is what a watch compares: a path, and of a folder its entries.
type seen map[string]stamp

type stamp struct {
	at   time.Time
	size int64
}

func look(path string) seen {
	out := seen{}
	fi, err := os.Stat(path)
	if err != nil {
		return out
	}
	out[path] = stamp{fi.ModTime(), fi.Size()}
	if !fi.IsDir() {
		return out
	}
	entries, err := os.ReadDir(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out
	}
	for _, e := range entries {
		if fi, err := e.Info(); err == nil {
			out[filepath.Join(path, e.Name())] = stamp{fi.ModTime(), fi.Size()}
		}
	}
	delete(out, path) // its entries say it better
	return out
}

func (s seen) changed(now seen) []string {
	var out []string
	for p, st := range now {
		if old, ok := s[p]; !ok || old != st {
			out = append(out, p)
		}
	}
	for p := range s {
		if _, ok := now[p]; !ok {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

func (s *Server) fsWatch(r *request, p *protocol.FsWatchParams) (any, error) {
	if err := absolute(p.Path); err != nil {
		return nil, err
	}
	c := r.c
	ctx, err := c.watch(p.WatchID)
	if err != nil {
		return nil, err
	}
	was := look(p.Path)
	go func() { // ends with the watch or the connection
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			now := look(p.Path)
			if paths := was.changed(now); len(paths) > 0 {
				c.note(protocol.NoteFsChanged, noteLine(protocol.NoteFsChanged, protocol.FsChangedNotification{WatchID: p.WatchID, ChangedPaths: paths}))
			}
			was = now
		}
	}()
	return protocol.FsWatchResponse{Path: p.Path}, nil
}

// watch gives what a new watch ends with.
func (c *conn) watch(id string) (context.Context, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.watches) >= maxWatches {
		return nil, invalid("too many watches: at most %d", maxWatches)
	}
	if c.watches[id] != nil {
		return nil, invalid("watchId already exists: %s", id)
	}
	if c.watches == nil {
		c.watches = map[string]context.CancelFunc{}
	}
	ctx, stop := context.WithCancel(c.ctx)
	c.watches[id] = stop
	return ctx, nil
}

func (s *Server) fsUnwatch(r *request, p *protocol.FsUnwatchParams) (any, error) {
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if stop := r.c.watches[p.WatchID]; stop != nil {
		stop()
		delete(r.c.watches, p.WatchID)
	}
	return protocol.FsUnwatchResponse{}, nil
}
