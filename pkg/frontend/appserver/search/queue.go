package search

import "sync"

// queue holds folders to read, the latest first so that it stays short.
type queue struct {
	mu   sync.Mutex
	cond sync.Cond
	jobs []job
	open int // put and not finished
}

func newQueue() *queue {
	q := &queue{}
	q.cond.L = &q.mu
	return q
}

func (q *queue) put(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
	q.open++
	q.cond.Signal()
}

// take waits for a job; false when all are finished.
func (q *queue) take() (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.jobs) == 0 && q.open > 0 {
		q.cond.Wait()
	}
	n := len(q.jobs)
	if n == 0 {
		return job{}, false
	}
	j := q.jobs[n-1]
	q.jobs = q.jobs[:n-1]
	return j, true
}

func (q *queue) finished() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.open--; q.open == 0 {
		q.cond.Broadcast()
	}
}
