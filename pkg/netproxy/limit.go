package netproxy

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// bounded is a listener whose connections take slots, which it shares with
// others, and which it can close all at once.
type bounded struct {
	net.Listener
	slots chan struct{}
	done  chan struct{}

	mu   sync.Mutex
	open map[*conn]struct{} // nil after closeAll
}

// conn gives its slot back when it is closed.
type conn struct {
	*net.TCPConn
	from *bounded
	once sync.Once
}

func newBounded(l net.Listener, slots chan struct{}) *bounded {
	return &bounded{Listener: l, slots: slots, done: make(chan struct{}), open: map[*conn]struct{}{}}
}

// Accept waits for a slot, then for a client.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.slots <- struct{}{}:
	case <-b.done:
		return nil, net.ErrClosed
	}
	for {
		raw, err := b.Listener.Accept()
		if err == nil {
			tcp, ok := raw.(*net.TCPConn)
			if !ok {
				raw.Close()
				continue
			}
			c := &conn{TCPConn: tcp, from: b}
			if b.add(c) {
				return c, nil
			}
			raw.Close()
			err = net.ErrClosed
		}
		<-b.slots
		return nil, err
	}
}

func (b *bounded) add(c *conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		return false
	}
	b.open[c] = struct{}{}
	return true
}

// Close closes the connection, once.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		err = c.TCPConn.Close()
		c.from.mu.Lock()
		delete(c.from.open, c)
		c.from.mu.Unlock()
		<-c.from.slots
	})
	return err
}

// closeAll closes the listener and its connections.
func (b *bounded) closeAll() {
	b.mu.Lock()
	open := b.open
	b.open = nil
	b.mu.Unlock()
	if open == nil {
		return
	}
	close(b.done)
	b.Listener.Close()
	for c := range open {
		c.Close()
	}
}

// serve hands connections to handle, each in a goroutine that wait knows of,
// until the listener is closed. Running out of files passes.
func (b *bounded) serve(ctx context.Context, wait *sync.WaitGroup, handle func(*conn)) {
	for {
		raw, err := b.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			select {
			case <-time.After(50 * time.Millisecond):
				continue
			case <-ctx.Done():
				return
			}
		}
		c := raw.(*conn)
		wait.Go(func() {
			defer c.Close()
			handle(c)
		})
	}
}
