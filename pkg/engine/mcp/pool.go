package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
	"codex/pkg/watchdog"
)

// Stderr is where children say things to people.
type Stderr = io.Writer

// poolLeave is how long the pool may take to end its servers, which have two seconds.
const poolLeave = 5 * time.Second

// pool is the program that keeps the servers. It is started by the first that needs it, and
// again when it has gone.
type pool struct {
	s    *Servers
	mu   sync.Mutex
	link *link
}

// link is one run of the program.
type link struct {
	kill  func() // ends the program; nil for a pool that somebody else has started
	stdin io.Closer
	conn  *jsonrpc.Conn
	gone  chan struct{}
}

func (p *pool) get() (*link, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.s.ctx.Err() != nil {
		return nil, errPoolGone
	}
	if p.link != nil && p.link.conn.Err() == nil {
		return p.link, nil
	}
	if l := p.s.reach(); l != nil {
		p.link = l
		return l, nil
	}
	l, err := p.s.launch()
	if err == nil {
		p.link = l
	}
	return l, err
}

// reach joins the pool on the socket. Without that the thread has its own.
func (s *Servers) reach() *link {
	if s.o.Socket == "" {
		return nil
	}
	c, err := net.Dial("unix", s.o.Socket)
	if err != nil {
		return nil
	}
	l := &link{stdin: c, gone: make(chan struct{})}
	l.conn = jsonrpc.NewConn(jsonrpc.NewWriter(c), jsonrpc.Options{Handle: s.handle, Lost: func(error) error { return errPoolGone }})
	go func() { // ends with the connection
		defer close(l.gone)
		_ = l.conn.Serve(jsonrpc.NewReader(c, 0)) // its calls fail
		c.Close()
	}()
	return l
}

// launch starts the program in a process group of its own. The end of its input is what
// makes it leave, also when we are killed.
func (s *Servers) launch() (_ *link, err error) {
	ctx, kill := context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			kill()
		}
	}()
	argv := s.o.Pool()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Dir, cmd.Stderr, cmd.WaitDelay = s.o.Environ, s.o.Dir, s.o.Stderr, poolLeave
	watchdog.OwnGroup(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, childOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = childOut
	err = cmd.Start()
	childOut.Close()
	if err != nil {
		stdout.Close()
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	l := &link{kill: kill, stdin: stdin, gone: make(chan struct{})}
	l.conn = jsonrpc.NewConn(jsonrpc.NewWriter(stdin), jsonrpc.Options{Handle: s.handle, Lost: func(error) error { return errPoolGone }})
	go func() {
		defer close(l.gone)
		_ = l.conn.Serve(jsonrpc.NewReader(stdout, 0)) // its calls fail
		stdin.Close()
		stdout.Close()
		defer kill()
		_ = cmd.Wait() // what it had to say it said on standard error
	}()
	return l, nil
}

func (p *pool) close() {
	p.mu.Lock()
	l := p.link
	p.mu.Unlock()
	if l == nil {
		return
	}
	l.stdin.Close()
	if l.kill != nil {
		late := time.AfterFunc(poolLeave, l.kill)
		defer late.Stop()
	}
	<-l.gone
}

// handle takes what the pool tells and asks.
func (s *Servers) handle(r *jsonrpc.Request) error {
	switch r.Method {
	case wire.MethodProgress:
		var p wire.ProgressParams
		if r.Decode(&p) == nil {
			s.mu.Lock()
			f := s.progress[p.Call]
			s.mu.Unlock()
			if f != nil {
				f(p)
			}
		}
	case wire.MethodChanged:
		var p wire.NameParams
		if r.Decode(&p) == nil {
			s.changed(p.Name)
		}
	case wire.MethodElicit:
		var p wire.ElicitParams
		if err := r.Decode(&p); err != nil {
			return r.Reply(nil, err)
		}
		err := s.asking.Go(func() {
			answer, err := s.elicit(p)
			_ = r.Reply(answer, err) // a pool that has gone needs no answer
		})
		if err != nil {
			return r.Reply(nil, err)
		}
	default:
		return r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "no %s", r.Method))
	}
	return nil
}

// changed asks a server for its tools anew, beside the reader: the next request offers
// those. What changes meanwhile is asked for once more.
func (s *Servers) changed(name string) {
	v, err := s.find(name)
	if err != nil || v.changes.Add(1) > 1 {
		return
	}
	go func() { // ends when nothing has changed meanwhile
		for {
			seen := v.changes.Load()
			s.refresh(v)
			if v.changes.CompareAndSwap(seen, 0) {
				return
			}
		}
	}()
}

func (s *Servers) refresh(v *server) {
	s.mu.Lock()
	l := v.live
	s.mu.Unlock()
	if l == nil {
		return // it is about to be ready
	}
	m := new(wire.Manifest)
	if err := l.conn.Call(s.ctx, wire.MethodManifest, wire.NameParams{Name: v.Name}, m); err != nil {
		if s.ctx.Err() == nil {
			s.o.Warn("tools of the MCP server %s are others now, and cannot be listed: %v", v.Name, err)
		}
		return
	}
	s.mu.Lock()
	s.accept(v, m)
	s.mu.Unlock()
	(&cache{home: s.o.Home}).remember(v, m)
}

// kindOf is the kind of an error of the pool.
func kindOf(err error) string {
	var e *jsonrpc.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch kind := e.Data.(type) {
	case string:
		return kind
	case json.RawMessage:
		var s string
		_ = json.Unmarshal(kind, &s) // of another kind: none
		return s
	}
	return ""
}

// ask makes a request about a server to the pool that has it.
func (s *Servers) ask(ctx context.Context, v *server, method string, params, result any) error {
	l, err := s.ensure(ctx, v)
	if err != nil {
		return err
	}
	return l.conn.Call(ctx, method, params, result)
}
