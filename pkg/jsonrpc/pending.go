package jsonrpc

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// Pending keeps what waits for an answer, by numbers that it gives out. The zero value
// is ready; ids begin at First.
type Pending[T any] struct {
	First int64
	Max   int   // how many may wait; 0: any number
	Full  error // what Add says when as many do

	mu    sync.Mutex
	given int64
	open  map[int64]T
	end   error
}

// Add keeps v under a new id. An error is that of End, or Full.
func (p *Pending[T]) Add(v T) (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.end != nil:
		return 0, p.end
	case p.Max > 0 && len(p.open) >= p.Max:
		return 0, p.Full
	}
	if p.open == nil {
		p.open = map[int64]T{}
	}
	id := p.First + p.given
	p.given++
	p.open[id] = v
	return id, nil
}

// Take gives what waits under an id, once.
func (p *Pending[T]) Take(id int64) (T, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v, ok := p.open[id]
	delete(p.open, id)
	return v, ok
}

// TakeAll gives everything that waits, oldest first.
func (p *Pending[T]) TakeAll() []T {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.takeAll()
}

// End is TakeAll, and nothing can be added any more. The first error stays.
func (p *Pending[T]) End(err error) []T {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.end == nil {
		p.end = err
	}
	return p.takeAll()
}

func (p *Pending[T]) takeAll() []T {
	ids := slices.Sorted(maps.Keys(p.open))
	all := make([]T, len(ids))
	for i, id := range ids {
		all[i] = p.open[id]
	}
	p.open = nil
	return all
}

// Err is the error of End, nil before it.
func (p *Pending[T]) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end
}

// Len counts what waits.
func (p *Pending[T]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.open)
}

// IntID reads an id that Pending may have given out.
func IntID(id json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(string(id), 10, 64)
	return n, err == nil
}
