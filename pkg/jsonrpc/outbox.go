package jsonrpc

import (
	"context"
	"errors"
	"sync"
)

// ErrSlow is what Write of an Outbox says when its peer does not read: it was given up.
var ErrSlow = errors.New("the other side does not read what it is sent")

// Outbox is what a peer still has to read, a Sender with bounds. A full one makes
// senders wait, or gives the peer up, so that none can stall another or fill memory.
type Outbox struct {
	mu        sync.Mutex
	cond      sync.Cond
	lines     [][]byte
	bytes     int
	messages  int
	weight    int
	wait      bool
	writing   bool // what was taken last is still being written
	finishing bool // nothing more comes
	closed    bool

	// Begin is what the function Begin gives, or nil: where nothing is before it, a line
	// need not wait for Run. It is set before use, and lines have their newline then.
	Begin func(line []byte) (rest []byte)
}

// NewOutbox has room for so many messages and bytes; then senders wait, or the peer is
// given up. Somebody has to call Run.
func NewOutbox(messages, bytes int, wait bool) *Outbox {
	o := &Outbox{messages: messages, weight: bytes, wait: wait}
	o.cond.L = &o.mu
	return o
}

// Run writes lines, without their newline, until the outbox is finished or closed. An
// error of write closes it.
func (o *Outbox) Run(write func(line []byte) error) error {
	for {
		lines := o.take()
		if len(lines) == 0 {
			return nil
		}
		for _, line := range lines {
			if err := write(line); err != nil {
				o.Close()
				return err
			}
		}
	}
}

// Write adds a message.
func (o *Outbox) Write(v any) error {
	line, err := Marshal(v)
	if err != nil {
		return err
	}
	return o.WriteLine(line)
}

// WriteLine adds a line, which the outbox keeps. What is sent after the end is dropped;
// the one error is ErrSlow, once.
func (o *Outbox) WriteLine(line []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.full() && o.wait && !o.closed && !o.finishing {
		o.cond.Wait()
	}
	switch {
	case o.closed || o.finishing:
		return nil
	case o.full():
		o.closed = true
		o.lines, o.bytes = nil, 0
		o.cond.Broadcast()
		return ErrSlow
	}
	if o.Begin != nil && len(o.lines) == 0 && !o.writing {
		if line = o.Begin(line); len(line) == 0 {
			return nil
		}
	}
	o.lines = append(o.lines, line)
	o.bytes += len(line)
	o.cond.Broadcast()
	return nil
}

// full looks at what is there already, so that one huge message always has room.
func (o *Outbox) full() bool { return len(o.lines) >= o.messages || o.bytes >= o.weight }

// take waits for lines; none means that there will be no more.
func (o *Outbox) take() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = false
	o.cond.Broadcast()
	for len(o.lines) == 0 && !o.closed && !o.finishing {
		o.cond.Wait()
	}
	lines := o.lines
	o.lines, o.bytes, o.writing = nil, 0, len(o.lines) > 0
	o.cond.Broadcast()
	return lines
}

// Flush waits until what is there is written, as long as ctx lasts.
func (o *Outbox) Flush(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.cond.Broadcast()
	})
	defer stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for (len(o.lines) > 0 || o.writing) && !o.closed && ctx.Err() == nil {
		o.cond.Wait()
	}
}

// Hurry gives up a peer that reads nothing while somebody waits for it.
func (o *Outbox) Hurry() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.full() {
		o.closed = true
		o.cond.Broadcast()
	}
}

// Finish lets what is there be read, Close drops it.
func (o *Outbox) Finish() { o.end(&o.finishing) }

// Close ends the outbox at once.
func (o *Outbox) Close() { o.end(&o.closed) }

func (o *Outbox) end(how *bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*how = true
	o.cond.Broadcast()
}
