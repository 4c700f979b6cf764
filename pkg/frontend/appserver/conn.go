package appserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"codex/pkg/frontend/appserver/local"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// link carries messages to and from one client.
type link interface {
	// read gives the next message, the caller's own; io.EOF at the end.
	read() ([]byte, error)
	write(line []byte) error
	close()
}

const (
	// Bounds of what waits for a socket client: as many messages as the original's, and a
	// weight, for messages can be megabytes.
	socketMessages = 32768
	socketBytes    = 64 << 20
	// A stdio client's queue is short: when it is full the senders wait.
	stdioMessages = 128
	stdioBytes    = 16 << 20
)

// conn is one client.
type conn struct {
	s      *Server
	link   link
	out    *jsonrpc.Outbox
	rpc    *jsonrpc.Conn // over out
	local  *local.Client
	busy   atomic.Int32  // requests that wait or are worked on
	sent   chan struct{} // the writer has ended
	unsent error         // why it could not write, once it has ended

	ctx  context.Context // ends when the client leaves, and with it what it has started
	stop context.CancelFunc

	mu      sync.Mutex
	client  *protocol.ClientInfo // nil before initialize
	exp     bool                 // experimentalApi
	optOut  map[string]bool
	asked   map[string]bool // ids of requests that have no answer yet
	garbage int             // messages that are none
}

func (s *Server) newConn(l link, wait bool) *conn {
	c := &conn{s: s, link: l, out: jsonrpc.NewOutbox(socketMessages, socketBytes, false), sent: make(chan struct{}), asked: map[string]bool{}}
	if wait {
		c.out = jsonrpc.NewOutbox(stdioMessages, stdioBytes, true)
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.rpc = jsonrpc.NewConn(c, jsonrpc.Options{Handle: c.request, Bad: c.bad})
	c.local = local.NewClient(c.ctx, c.notify)
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	go func() { // ends when the outbox does
		defer close(c.sent)
		if c.unsent = c.out.Run(c.write); c.unsent != nil {
			c.link.close()
		}
	}()
	return c
}

func (c *conn) write(line []byte) error {
	err := c.link.write(line)
	c.s.tidy(len(line))
	return err
}

// serve reads messages until the client leaves.
func (c *conn) serve() error {
	for {
		line, err := c.link.read()
		switch {
		case errors.Is(err, jsonrpc.ErrTooLong):
			c.s.opts.Log.Printf("a message longer than %d bytes was left out", maxLine)
			c.s.tidy(maxLine)
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		_ = c.rpc.Line(line) // what comes next does not depend on it
	}
}

// Write and WriteLine queue what is sent. A client that is too slow loses its connection.
func (c *conn) Write(v any) error {
	line, err := jsonrpc.Marshal(v)
	if err != nil {
		return err
	}
	return c.WriteLine(line)
}

// WriteLine implements jsonrpc.Sender.
func (c *conn) WriteLine(line []byte) error {
	err := c.out.WriteLine(line)
	if errors.Is(err, jsonrpc.ErrSlow) {
		c.s.opts.Log.Print("a client does not read what it is sent: disconnected")
		c.link.close()
	}
	return err
}

// begin notes a request; false when its id is that of another one without an answer.
func (c *conn) begin(id json.RawMessage) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	dup := c.asked[string(id)]
	c.asked[string(id)] = true
	return !dup
}

// end is before the answer, so that the client may use the id again at once.
func (c *conn) end(id json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.asked, string(id))
}

// bad logs what is no message, which has no answer as nobody knows its id, as long as a
// client does not make a habit of it: nobody may read our log.
func (c *conn) bad(line []byte, err error) error {
	const most = 5
	c.mu.Lock()
	c.garbage++
	n := c.garbage
	c.mu.Unlock()
	switch {
	case n < most:
		c.s.opts.Log.Printf("a line that is no message: %v", err)
	case n == most:
		c.s.opts.Log.Printf("a line that is no message: %v (further ones of this client are not logged)", err)
	}
	c.s.tidy(len(line))
	return nil
}

// notify sends a notification unless the client does not want it.
func (c *conn) notify(method string, params any) {
	if c.wants(method) {
		_ = c.rpc.Notify(method, params) // a client that has gone misses it
	}
}

// note is notify for a line that others get, too.
func (c *conn) note(method string, line []byte) {
	if c.wants(method) {
		_ = c.WriteLine(line)
	}
}

func (c *conn) wants(method string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.client != nil && !c.optOut[method]
}

func (c *conn) initialized() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.client != nil
}

func (c *conn) experimental() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exp
}

// leave takes the client out of everything; running turns go on without it.
func (c *conn) leave() {
	s := c.s
	s.mu.Lock()
	delete(s.conns, c)
	threads := s.list()
	s.mu.Unlock()
	c.stop()
	c.rpc.End(jsonrpc.ErrLost)
	for _, t := range threads {
		t.unsubscribe(c)
	}
	if s.left.Add(1)%manyConns == 0 {
		s.tidy(hugeLine)
	}
}

// manyConns is how many clients have to leave for their memory to be given back.
const manyConns = 64
