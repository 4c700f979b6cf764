package server

import "sync"

// limiter does jobs beside the reader: so many at once, the others in the order in which
// they came. What waits is bounded, too: the reader waits then, which is what the client
// feels.
type limiter struct {
	most  int // jobs at once
	bytes int // that the jobs hold which are not done

	mu      sync.Mutex
	changed sync.Cond // a job is done
	working int
	waiting []func()
	size    int
}

// do has job done, which holds size bytes meanwhile. One job may hold any number.
func (l *limiter) do(size int, job func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed.L = &l.mu
	for l.size > 0 && l.size+size > l.bytes || len(l.waiting) >= maxWaiting {
		l.changed.Wait()
	}
	l.size += size
	whole := func() {
		job()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.size -= size
	}
	if l.working == l.most {
		l.waiting = append(l.waiting, whole)
		return
	}
	l.working++
	go func() {
		for whole != nil {
			whole()
			whole = l.next()
		}
	}()
}

// next gives the job that has waited longest.
func (l *limiter) next() (job func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed.Broadcast()
	if len(l.waiting) == 0 {
		l.working--
		return nil
	}
	job, l.waiting = l.waiting[0], l.waiting[1:]
	return job
}

// wait returns when every job is done and none comes any more.
func (l *limiter) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed.L = &l.mu
	for l.working > 0 {
		l.changed.Wait()
	}
}
