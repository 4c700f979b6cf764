package appserver

import "sync"

// lanes run jobs in the background; those of one key run one after the other, in the
// order in which they came. Jobs without a key run at once.
type lanes struct {
	mu   sync.Mutex
	open map[string]*lane
	all  sync.WaitGroup
}

type lane struct{ jobs []func() }

// do never blocks. How many jobs there are is the caller's business: a client may have
// maxBusy.
func (l *lanes) do(key string, job func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Add(1)
	if key == "" {
		go func() {
			defer l.all.Done()
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
		l.all.Done()
	}
}
