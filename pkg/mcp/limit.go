package mcp

import (
	"sync"
	"time"
)

// limits are the times of the requests that run. While the server has a question open they
// stand still: it is the user who takes the time.
type limits struct {
	mu      sync.Mutex
	running map[*limit]bool
	asking  int
}

// limit is the time of one request.
type limit struct {
	left  time.Duration
	since time.Time
	timer *time.Timer // nil while it stands still
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
		one.run()
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		one.stop()
		delete(l.running, one)
	}
}

func (o *limit) run() { o.since, o.timer = time.Now(), time.AfterFunc(o.left, o.over) }

func (o *limit) stop() {
	if o.timer != nil {
		o.timer.Stop()
		o.left, o.timer = max(o.left-time.Since(o.since), 0), nil
	}
}

// pause stops the times until resume has been called as often.
func (l *limits) pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking++; l.asking > 1 {
		return
	}
	for o := range l.running {
		o.stop()
	}
}

func (l *limits) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking--; l.asking > 0 {
		return
	}
	for o := range l.running {
		o.run()
	}
}
