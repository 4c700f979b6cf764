package jsonrpc

import "sync"

// Queue runs jobs in the background; those of one key run one after the other, in the
// order in which they came. Jobs without a key run at once. The zero value is ready.
type Queue struct {
	mu   sync.Mutex
	idle sync.Cond // signalled when no job is left
	open map[string]*keyed
	jobs int // that are not done
}

type keyed struct{ jobs []func() }

// Do never blocks. How many jobs there are is the caller's business.
func (q *Queue) Do(key string, job func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs++
	if key == "" {
		go func() {
			defer q.done()
			job()
		}()
		return
	}
	if k := q.open[key]; k != nil {
		k.jobs = append(k.jobs, job)
		return
	}
	if q.open == nil {
		q.open = map[string]*keyed{}
	}
	k := &keyed{jobs: []func(){job}}
	q.open[key] = k
	go q.run(key, k)
}

// run ends when nothing of the key is left.
func (q *Queue) run(key string, k *keyed) {
	for {
		q.mu.Lock()
		if len(k.jobs) == 0 {
			delete(q.open, key)
			q.mu.Unlock()
			return
		}
		job := k.jobs[0]
		k.jobs = k.jobs[1:]
		q.mu.Unlock()
		job()
		q.done()
	}
}

func (q *Queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.jobs--; q.jobs == 0 && q.idle.L != nil {
		q.idle.Broadcast()
	}
}

// Wait returns at a moment at which no job is left. Others may come meanwhile, which a
// WaitGroup would not allow.
func (q *Queue) Wait() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.idle.L = &q.mu
	for q.jobs > 0 {
		q.idle.Wait()
	}
}
