package mcp

import (
	"sync"
	"time"
)

// limits are the times of the requests that run. While the server has a question open they
// stand still: it is the user who takes the time. One timer is for all: most requests end long
// before, and must not pay for one.
type limits struct {
	mu      sync.Mutex
	running map[*limit]bool
	asking  int
	timer   *time.Timer
	at      time.Time // when it fires
}

// limit is the time of one request.
type limit struct {
	left  time.Duration // while it stands still
	until time.Time     // while it runs
	over  func()
}

// begin calls over when the time has passed, unless the function that it gives is called
// before.
func (l *limits) begin(d time.Duration, over func()) (end func()) {
	one := &limit{left: d, over: over}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running == nil {
		l.running = map[*limit]bool{}
	}
	l.running[one] = true
	if l.asking == 0 {
		l.run(one)
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.running, one)
	}
}

// run lets the time of a request run. The caller holds mu.
func (l *limits) run(one *limit) {
	one.until = time.Now().Add(one.left)
	l.arm(one.until)
}

// arm has the timer fire at a time, or before. The caller holds mu.
func (l *limits) arm(at time.Time) {
	switch {
	case l.timer == nil:
		l.timer = time.AfterFunc(time.Until(at), l.look)
	case !l.at.IsZero() && !l.at.After(at):
		return
	default:
		l.timer.Reset(time.Until(at))
	}
	l.at = at
}

// look ends the requests whose time has passed.
func (l *limits) look() {
	l.mu.Lock()
	now := time.Now()
	l.at = time.Time{}
	var late []func()
	for one := range l.running {
		switch {
		case l.asking > 0:
		case one.until.After(now):
			l.arm(one.until)
		default:
			late = append(late, one.over)
			delete(l.running, one)
		}
	}
	l.mu.Unlock()
	for _, over := range late {
		over()
	}
}

// pause stops the times until resume has been called as often.
func (l *limits) pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking++; l.asking > 1 {
		return
	}
	for one := range l.running {
		one.left = max(time.Until(one.until), 0)
	}
}

func (l *limits) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking--; l.asking > 0 {
		return
	}
	for one := range l.running {
		l.run(one)
	}
}
