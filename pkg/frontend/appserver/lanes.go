package appserver

import "sync"

// lanes run jobs in the background; those of one key run one after the other, in the
// order in which they came. Jobs without a key run at once.
type lanes struct {
	mu   sync.Mutex
	idle sync.Cond // signalled when no job is left
	open map[string]*lane
	jobs int // that are not done
}

type lane struct{ jobs []func() }

// do never blocks. How many jobs there are is the caller's business: a client may have
// maxBusy.
func (l *lanes) do(key string, job func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs++
	if key == "" {
		go func() {
			defer l.done()
			job()
		}()
		return
	}
	if ln := l.open[key]; ln != nil {
		ln.jobs = append(ln.jobs, job)
		return
	}
	if l.open == nil {
		l.open = map[string]*lane{}
	}
	ln := &lane{jobs: []func(){job}}
	l.open[key] = ln
	go l.run(key, ln)
}

// run ends when the lane is empty.
func (l *lanes) run(key string, ln *lane) {
	for {
		l.mu.Lock()
		if len(ln.jobs) == 0 {
			delete(l.open, key)
			l.mu.Unlock()
			return
		}
		job := ln.jobs[0]
		ln.jobs = ln.jobs[1:]
		l.mu.Unlock()
		job()
		l.done()
	}
}

func (l *lanes) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs--; l.jobs == 0 && l.idle.L != nil {
		l.idle.Broadcast()
	}
}

// wait returns at a moment at which no job is left. Others may come meanwhile, which a
// WaitGroup would not allow.
func (l *lanes) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle.L = &l.mu
	for l.jobs > 0 {
		l.idle.Wait()
	}
}
