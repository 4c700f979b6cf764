package appserver

import (
	"os"
	"slices"
	"sync"
	"time"

	"codex/pkg/protocol"
	"codex/pkg/thread"
)

const (
	// maxCached bounds the session file whose turns are kept between the pages of a list.
	maxCached = 64 << 20
	// cachedFor is how long they are kept after the last page.
	cachedFor = 10 * time.Second
)

// turnCache keeps the turns of the file that was read last, so that a client that asks for them
// page by page does not have it read for each. The zero value is empty.
type turnCache struct {
	mu    sync.Mutex
	key   turnsKey
	turns []protocol.Turn
	drop  *time.Timer
}

// turnsKey says which file was read, and as what.
type turnsKey struct {
	path, running string
	size          int64
	written       time.Time
}

// read gives the turns of a session file, as thread.Turns does. The slice is the caller's own,
// what hangs on it is not.
func (c *turnCache) read(path, running string) ([]protocol.Turn, error) {
	fi, err := os.Stat(path)
	if err != nil || fi.Size() > maxCached { // nor do others wait for a large one
		return thread.Turns(path, running)
	}
	key := turnsKey{path, running, fi.Size(), fi.ModTime()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turns == nil || c.key != key {
		c.forget()
		turns, err := thread.Turns(path, running)
		if err != nil {
			return nil, err
		}
		c.key, c.turns = key, turns
	}
	c.later()
	return slices.Clone(c.turns), nil
}

// later has the turns forgotten in a while. c.mu is held.
func (c *turnCache) later() {
	if c.drop != nil {
		c.drop.Stop()
	}
	c.drop = time.AfterFunc(cachedFor, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.forget()
	})
}

// forget drops the turns. c.mu is held.
func (c *turnCache) forget() { c.key, c.turns = turnsKey{}, nil }
