package server

import (
	"errors"
	"io"
	"sync"
	"time"

	"codex/pkg/jsonrpc"
)

const (
	// outputRoom is how much output may wait for a reader before children are held up.
	outputRoom = 256 << 10
	// answerRoom is how much may wait before an answer does: far more than a client that
	// reads leaves, so that in practice the one who reads requests never waits.
	answerRoom = 4 << 20
	// keepBuffer is the largest buffer kept for the next round.
	keepBuffer = 1 << 20
	// pieceSize is one Write while streaming, and while finishing.
	pieceSize = 64 << 10
)

var errAbandoned = errors.New("output abandoned")

// out is the one way to stdout. Lines are encoded straight into a buffer, which one
// goroutine writes; what gathers meanwhile goes out with the next Write. Whoever adds
// output waits for room, which is the back pressure on the child.
type out struct {
	w io.Writer

	mu       sync.Mutex
	cond     sync.Cond // room, work or the end
	pend     []byte
	spare    []byte
	reserved int
	streams  []stream
	err      error
	closing  bool
	pieces   int  // counts finished Writes: progress
	writing  bool // a Write is under way

	done   chan struct{} // the writing goroutine has ended
	failed chan struct{} // closed with err
}

// stream is one long line that is written piece by piece.
type stream struct {
	write func(io.Writer) error
	done  chan struct{}
}

func newOut(w io.Writer) *out {
	o := &out{w: w, done: make(chan struct{}), failed: make(chan struct{})}
	o.cond.L = &o.mu
	go o.run()
	return o
}

func (o *out) run() {
	defer close(o.done)
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for len(o.pend) == 0 && len(o.streams) == 0 && !o.closing && o.err == nil {
			o.cond.Wait()
		}
		if o.err != nil || len(o.pend) == 0 && len(o.streams) == 0 {
			return
		}
		buf, streams := o.pend, o.streams
		o.pend, o.spare, o.streams = o.spare[:0], nil, nil
		o.cond.Broadcast()
		o.mu.Unlock()
		err := o.write(buf)
		for _, s := range streams {
			if err == nil {
				err = s.write(pieceWriter{o})
			}
			close(s.done)
		}
		o.mu.Lock()
		if cap(buf) <= keepBuffer {
			o.spare = buf[:0]
		}
		if err != nil {
			o.setErr(err)
			return
		}
	}
}

// write is one Write, except at the end, where pieces show whether anybody reads.
func (o *out) write(b []byte) error {
	for len(b) > 0 {
		n := len(b)
		o.mu.Lock()
		if o.closing {
			n = min(n, pieceSize)
		}
		o.writing = true
		o.mu.Unlock()
		_, err := o.w.Write(b[:n])
		b = b[n:]
		o.mu.Lock()
		o.pieces++
		o.writing = false
		if err == nil {
			err = o.err
		}
		o.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

type pieceWriter struct{ o *out }

func (p pieceWriter) Write(b []byte) (int, error) {
	for i := 0; i < len(b); i += pieceSize {
		if err := p.o.write(b[i:min(i+pieceSize, len(b))]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

func (o *out) setErr(err error) {
	if o.err != nil {
		return
	}
	o.err = err
	close(o.failed)
	for _, s := range o.streams {
		close(s.done)
	}
	o.streams = nil
	o.cond.Broadcast()
}

// reserve waits for room for n bytes of output. False means that nothing is written any
// more.
func (o *out) reserve(n int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && len(o.pend)+o.reserved > 0 && len(o.pend)+o.reserved+n > outputRoom {
		o.cond.Wait()
	}
	if o.err != nil {
		return false
	}
	o.reserved += n
	return true
}

// fill adds what fn appends, for which n bytes were reserved.
func (o *out) fill(n int, fn func([]byte) []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reserved -= n
	if o.err == nil {
		o.pend = fn(o.pend)
	}
	o.cond.Broadcast()
}

// Write adds one message. Answers wait only behind a great many unread ones.
func (o *out) Write(v any) error {
	line, err := jsonrpc.Marshal(v)
	if err != nil {
		return o.fail(err)
	}
	return o.WriteLine(line)
}

// WriteLine is Write of what is encoded.
func (o *out) WriteLine(line []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && len(o.pend) > answerRoom {
		o.cond.Wait()
	}
	return o.append(line)
}

// notify adds what must not wait (the end of a process): it is small and bounded by the
// processes. Whoever serves hears of an error.
func (o *out) notify(method string, params any) {
	line, err := jsonrpc.Marshal(notification{method, params})
	if err != nil {
		_ = o.fail(err)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.append(line)
}

type notification struct {
	Method string `json:"method"`
	Params any    `json:"params"`
}

// append needs the lock.
func (o *out) append(line []byte) error {
	if o.err != nil {
		return o.err
	}
	o.pend = append(append(o.pend, line...), '\n')
	o.cond.Broadcast()
	return nil
}

// fail ends the output.
func (o *out) fail(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setErr(err)
	return o.err
}

// stream writes one long line, newline included, piece by piece, and returns when it is
// written or never will be.
func (o *out) stream(write func(io.Writer) error) {
	s := stream{write, make(chan struct{})}
	o.mu.Lock()
	if o.err != nil {
		o.mu.Unlock()
		return
	}
	o.streams = append(o.streams, s)
	o.cond.Broadcast()
	o.mu.Unlock()
	<-s.done
}

// watch gives up on a reader that takes nothing for patience, until stop is called.
func (o *out) watch(patience time.Duration) (stop func()) {
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		t := time.NewTicker(patience)
		defer t.Stop()
		last := -1
		for {
			select {
			case <-quit:
				return
			case <-o.done:
				return
			case <-t.C:
			}
			o.mu.Lock()
			now, writing := o.pieces, o.writing
			o.mu.Unlock()
			if writing && now == last {
				o.abandon()
				return
			}
			if last = now; !writing {
				last = -1
			}
		}
	}()
	return func() { close(quit); <-gone }
}

// finish writes what is left and ends. If the output was abandoned the writing goroutine
// may be left in its Write, which only the process's end or the closing of the pipe ends.
func (o *out) finish() error {
	o.mu.Lock()
	o.closing = true
	o.cond.Broadcast()
	o.mu.Unlock()
	select {
	case <-o.done:
	case <-o.failed:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// abandon wakes everybody who waits for room; nothing is written after it.
func (o *out) abandon() {
	o.mu.Lock()
	o.setErr(errAbandoned)
	o.mu.Unlock()
	if d, ok := o.w.(interface{ SetWriteDeadline(time.Time) error }); ok {
		d.SetWriteDeadline(time.Now()) // pipes of the runtime's poller only
	}
}
