package appserver

import (
	"context"
	"sync"
)

const (
	// Bounds of what waits for a socket client: 32768 messages as the original's
	// (appserver spec §1), and a weight, for messages can be megabytes.
	socketMessages = 32768
	socketBytes    = 64 << 20
	// A stdio client's queue is short: when it is full the senders wait.
	stdioMessages = 128
	stdioBytes    = 16 << 20
)

// outbox is what a client still has to read. A full one makes senders wait (stdio) or
// is closed (sockets), so that no client can stall another or fill memory.
type outbox struct {
	mu        sync.Mutex
	cond      sync.Cond
	lines     [][]byte
	bytes     int
	messages  int // bound
	weight    int // bound
	wait      bool
	writing   bool // what was taken last is still being written
	finishing bool // nothing more comes
	closed    bool
}

func newOutbox(wait bool) *outbox {
	o := &outbox{wait: wait, messages: socketMessages, weight: socketBytes}
	if wait {
		o.messages, o.weight = stdioMessages, stdioBytes
	}
	o.cond.L = &o.mu
	return o
}

// put adds a line; false when the client is too slow and has been given up.
func (o *outbox) put(line []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.full() && o.wait && !o.closed && !o.finishing {
		o.cond.Wait()
	}
	switch {
	case o.closed || o.finishing:
		return true
	case o.full():
		o.closed = true
		o.lines, o.bytes = nil, 0
		o.cond.Broadcast()
		return false
	}
	o.lines = append(o.lines, line)
	o.bytes += len(line)
	o.cond.Broadcast()
	return true
}

// full looks at what is there already, so that one huge message always has room.
func (o *outbox) full() bool { return len(o.lines) >= o.messages || o.bytes >= o.weight }

// take waits for lines; none means that there will be no more.
func (o *outbox) take() [][]byte {
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

// flush waits until what is there is written, as long as ctx lasts.
func (o *outbox) flush(ctx context.Context) {
	wake := context.AfterFunc(ctx, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.cond.Broadcast()
	})
	defer wake()
	o.mu.Lock()
	defer o.mu.Unlock()
	for (len(o.lines) > 0 || o.writing) && !o.closed && ctx.Err() == nil {
		o.cond.Wait()
	}
}

// hurry gives up a client that reads nothing while somebody waits for it.
func (o *outbox) hurry() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.full() {
		o.closed = true
		o.cond.Broadcast()
	}
}

// finish lets what is there be read, close drops it.
func (o *outbox) finish() { o.end(&o.finishing) }
func (o *outbox) close()  { o.end(&o.closed) }

func (o *outbox) end(how *bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*how = true
	o.cond.Broadcast()
}
