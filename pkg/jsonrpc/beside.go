package jsonrpc

import "sync/atomic"

// Beside runs what takes long beside a reader: Most at once, more are refused. Whoever needs
// to know when all have ended counts them.
type Beside struct {
	Most int64
	n    atomic.Int64
}

// Go runs f in a goroutine of its own, or gives an error for the caller to answer with.
func (b *Beside) Go(f func()) error {
	if b.n.Add(1) > b.Most {
		b.n.Add(-1)
		return Errorf(CodeOverloaded, "too many requests are waiting: limit is %d", b.Most)
	}
	go func() {
		defer b.n.Add(-1)
		f()
	}()
	return nil
}
