package appserver

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// link carries messages to and from one client.
type link interface {
	// read gives the next message, valid until the next call; io.EOF at the end.
	read() ([]byte, error)
	write(line []byte) error
	close()
}

// conn is one client.
type conn struct {
	s    *Server
	link link
	out  *outbox
	busy atomic.Int32 // requests that wait or are worked on
	gone chan struct{}
	sent chan struct{} // the writer has ended

	mu       sync.Mutex
	client   *protocol.ClientInfo // nil before initialize
	exp      bool                 // experimentalApi
	optOut   map[string]bool
	holds    map[string]func()   // what ends with the connection, by kind and name
	procs    map[string]*process // of command/exec and process/spawn, by kind and id
	searches map[string]*searchSession
	running  int // commands
	closing  bool
}

func (s *Server) newConn(l link, wait bool) *conn {
	c := &conn{s: s, link: l, out: newOutbox(wait), gone: make(chan struct{}), sent: make(chan struct{})}
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

// hold registers what has to end with the connection; false when the name is taken or
// the client has left.
func (c *conn) hold(name string, end func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holds[name] != nil || c.closing {
		return false
	}
	if c.holds == nil {
		c.holds = map[string]func(){}
	}
	c.holds[name] = end
	return true
}

// release takes a hold back.
func (c *conn) release(name string) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := c.holds[name]
	delete(c.holds, name)
	return end
}

// leave takes the client out of everything; running turns go on without it.
func (c *conn) leave() {
	s := c.s
	s.mu.Lock()
	delete(s.conns, c)
	threads := s.list()
	s.mu.Unlock()
	c.mu.Lock()
	c.closing = true
	holds := c.holds
	c.holds = nil
	c.mu.Unlock()
	close(c.gone)
	for _, end := range holds {
		end()
	}
	for _, t := range threads {
		t.unsubscribe(c)
	}
}
