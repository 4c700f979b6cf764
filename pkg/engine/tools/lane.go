package tools

import (
	"context"
	"sync"
)

// lane is a readers–writer lock that is fair: places are given out in the order of the
// calls, so a tool that runs alone waits for those before it and holds up those after
// it (tools spec §2).
type lane struct {
	mu    sync.Mutex
	queue []*place
}

type place struct {
	alone bool
	ready chan struct{}
	open  bool
}

// enter takes the next place. The caller waits on it, and leaves.
func (l *lane) enter(alone bool) *place {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &place{alone: alone, ready: make(chan struct{})}
	l.queue = append(l.queue, p)
	l.admit()
	return p
}

func (l *lane) admit() {
	for i, p := range l.queue {
		if p.alone && i > 0 {
			return
		}
		if !p.open {
			p.open = true
			close(p.ready)
		}
		if p.alone {
			return
		}
	}
}

func (l *lane) leave(p *place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, q := range l.queue {
		if q == p {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			break
		}
	}
	l.admit()
}

// granted says whether wait would return at once.
func (p *place) granted() bool {
	select {
	case <-p.ready:
		return true
	default:
		return false
	}
}

func (p *place) wait(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
