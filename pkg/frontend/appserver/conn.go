package appserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"

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

// conn is one client.
type conn struct {
	s    *Server
	link link
	out  *outbox
	busy atomic.Int32  // requests that wait or are worked on
	sent chan struct{} // the writer has ended

	ctx  context.Context // ends when the client leaves, and with it what it has started
	stop context.CancelFunc

	mu       sync.Mutex
	client   *protocol.ClientInfo // nil before initialize
	exp      bool                 // experimentalApi
	optOut   map[string]bool
	procs    map[string]*process // of command/exec and process/spawn, by kind and id
	watches  map[string]context.CancelFunc
	searches map[string]*searchSession
	tokens   map[string]*context.CancelFunc // of running searches
	asked    map[string]struct{}            // ids of requests that have no answer yet
	garbage  int                            // messages that are none
	running  int                            // commands
}

func (s *Server) newConn(l link, wait bool) *conn {
	c := &conn{s: s, link: l, out: newOutbox(wait), sent: make(chan struct{})}
	c.ctx, c.stop = context.WithCancel(context.Background())
	s.mu.Lock()
	s.conns[c] = struct{}{}
	s.mu.Unlock()
	go c.write()
	return c
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
		c.s.handle(c, line)
	}
}

// write ends when the outbox does.
func (c *conn) write() {
	defer close(c.sent)
	for {
		lines := c.out.take()
		if len(lines) == 0 {
			return
		}
		for _, line := range lines {
			if err := c.link.write(line); err != nil {
				c.out.close()
				c.link.close()
				return
			}
			c.s.tidy(len(line))
		}
	}
}

// send queues a line. A client that is too slow loses its connection.
func (c *conn) send(line []byte) {
	if !c.out.put(line) {
		c.s.opts.Log.Print("a client does not read what it is sent: disconnected")
		c.link.close()
	}
}

// begin notes a request; false when its id is that of another one without an answer.
func (c *conn) begin(id json.RawMessage) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, dup := c.asked[string(id)]; dup {
		return false
	}
	if c.asked == nil {
		c.asked = map[string]struct{}{}
	}
	c.asked[string(id)] = struct{}{}
	return true
}

// end is before the answer, so that the client may use the id again at once.
func (c *conn) end(id json.RawMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.asked, string(id))
}

// bad logs what is no message, as long as a client does not make a habit of it: nobody
// may read our log.
func (c *conn) bad(err error) {
	const most = 5
	c.mu.Lock()
	c.garbage++
	n := c.garbage
	c.mu.Unlock()
	switch {
	case n < most:
		c.s.opts.Log.Printf("a line that is no message: %v", err)
	case n == most:
		c.s.opts.Log.Printf("a line that is no message: %v (further ones of this client are not told)", err)
	}
}

// note queues a notification unless the client does not want it.
func (c *conn) note(method string, line []byte) {
	c.mu.Lock()
	wants := c.client != nil && !c.optOut[method]
	c.mu.Unlock()
	if wants {
		c.send(line)
	}
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
	for _, t := range threads {
		t.unsubscribe(c)
	}
	if s.left.Add(1)%manyConns == 0 {
		s.tidy(hugeLine)
	}
}

// manyConns is how many clients have to leave for their memory to be given back.
const manyConns = 64
