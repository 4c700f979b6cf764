package tools

import (
	"context"
	"sync"
)

// maxAtWork is how many calls hold the lock together; more wait for their turn.
const maxAtWork = 64

// fairLock is a readers–writer lock that is fair: it is given out in the order of the
// calls, so a tool that runs alone waits for those before it and holds up those after it.
type fairLock struct {
	mu    sync.Mutex
	queue []*waiter
}

type waiter struct {
	alone bool
	ready chan struct{}
	open  bool
}

// enter takes the next place in the queue. The caller waits there, and leaves.
func (l *fairLock) enter(alone bool) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := &waiter{alone: alone, ready: make(chan struct{})}
	l.queue = append(l.queue, w)
	l.admit()
	return w
}

func (l *fairLock) admit() {
	for i, w := range l.queue {
		if w.alone && i > 0 || i == maxAtWork {
			return
		}
		if !w.open {
			w.open = true
			close(w.ready)
		}
		if w.alone {
			return
		}
	}
}

func (l *fairLock) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, q := range l.queue {
		if q == w {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			break
		}
	}
	l.admit()
}

// granted says whether wait would return at once.
func (w *waiter) granted() bool {
	select {
	case <-w.ready:
		return true
	default:
		return false
	}
}

func (w *waiter) wait(ctx context.Context) error {
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
