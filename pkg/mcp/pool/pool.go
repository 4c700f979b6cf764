// Package pool keeps running servers of the Model Context Protocol for engines: the whole of
// codex-mcp pool. An engine speaks to it by the lines of package wire. Engines that ask for a
// server with the same settings share it.
//
// It imports mcp, mcp/wire, config, jsonrpc and watchdog.
package pool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp"
	"codex/pkg/watchdog"
)

// maxQuestions bounds the questions of servers that an engine has not answered.
const maxQuestions = 64

// Pool is a set of running servers. Make it with New, end it with Close.
type Pool struct {
	opts mcp.Options
	idle time.Duration
	auth func(ctx context.Context, s config.MCPServer) (string, error)
	ctx  context.Context
	stop context.CancelFunc

	mu      sync.Mutex
	servers map[string]*shared // by their settings
}

// shared is one server and who uses it.
type shared struct {
	key     string
	ready   chan struct{} // client and err are set
	cancel  context.CancelFunc
	client  *mcp.Client
	err     error
	elicits bool

	// Guarded by the pool's mu.
	uses  map[*user]string // and their names of it
	calls map[*user]int    // that run
	timer *time.Timer      // to its end when nobody uses it
}

// Options are what a Pool needs from outside.
type Options struct {
	mcp.Options // for each of its servers
	// Auth says how a server knows us.
	Auth func(ctx context.Context, s config.MCPServer) (string, error)
	// Idle is how long a server is kept that nobody uses.
	Idle time.Duration
}

// New makes a pool without servers.
func New(o Options) *Pool {
	o.Guard = new(watchdog.Guard)
	p := &Pool{opts: o.Options, idle: o.Idle, auth: o.Auth, servers: map[string]*shared{}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// Serve serves one engine until its lines end, and then lets go of its servers.
func (p *Pool) Serve(in io.Reader, out io.Writer) error {
	u := &user{beside: jsonrpc.Beside{Most: maxBeside}, pool: p, names: map[string]*shared{}, cancels: map[int64]func(){}}
	u.ctx, u.stop = context.WithCancel(p.ctx)
	w := jsonrpc.NewWriter(out)
	w.Begin = jsonrpc.Begin(out)
	u.conn = jsonrpc.NewConn(w, jsonrpc.Options{Handle: u.handle, MaxCalls: maxQuestions})
	err := u.conn.Serve(jsonrpc.NewReader(in, 0))
	u.stop()
	u.cancelAll()
	u.work.Wait()
	_ = w.Err() // nobody is left to hear of it; a line that was begun is at its end
	p.leave(u)
	if err != nil {
		return fmt.Errorf("serve an engine: %w", err)
	}
	return nil
}

// Close ends every server, all at once.
func (p *Pool) Close() {
	p.stop()
	p.mu.Lock()
	all := p.servers
	p.servers = map[string]*shared{}
	p.mu.Unlock()
	var ends sync.WaitGroup
	for _, s := range all {
		ends.Go(s.end)
	}
	ends.Wait()
	p.opts.Guard.Close()
}

// end ends a server, whether it is ready or not.
func (s *shared) end() {
	s.cancel()
	<-s.ready
	if s.client != nil {
		s.client.Close()
	}
}

// join starts a server, or joins the one with the same settings.
func (p *Pool) join(u *user, server config.MCPServer, elicits bool) (*shared, error) {
	key, err := json.Marshal(struct {
		Server  config.MCPServer
		Elicits bool
	}{server, elicits})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ctx.Err(); err != nil {
		return nil, errors.New("the pool is closing")
	}
	s := p.servers[string(key)]
	if s == nil {
		s = &shared{key: string(key), ready: make(chan struct{}), uses: map[*user]string{}, calls: map[*user]int{}, elicits: elicits}
		p.servers[s.key] = s
		var ctx context.Context
		ctx, s.cancel = context.WithCancel(p.ctx)
		go p.start(ctx, s, server)
	}
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	s.uses[u] = server.Name
	return s, nil
}

// start makes the connection. One that fails is forgotten, so that it can be tried again.
func (p *Pool) start(ctx context.Context, s *shared, server config.MCPServer) {
	defer close(s.ready)
	o := p.opts
	o.Changed = func() { p.changed(s) }
	if s.elicits {
		o.Elicit = func(ctx context.Context, params json.RawMessage) (json.RawMessage, error) {
			return p.elicit(ctx, s, params)
		}
	}
	if s.client, s.err = mcp.Connect(ctx, server, o); s.err != nil {
		p.mu.Lock()
		if p.servers[s.key] == s {
			delete(p.servers, s.key)
		}
		p.mu.Unlock()
	}
}

// leave lets go of everything that an engine used.
func (p *Pool) leave(u *user) {
	p.mu.Lock()
	var unused []*shared
	for _, s := range p.servers {
		if _, ok := s.uses[u]; !ok {
			continue
		}
		delete(s.uses, u)
		switch {
		case len(s.uses) > 0:
		case p.idle == 0 || p.ctx.Err() != nil:
			delete(p.servers, s.key)
			unused = append(unused, s)
		default:
			s.timer = time.AfterFunc(p.idle, func() { p.expire(s) })
		}
	}
	p.mu.Unlock()
	var ends sync.WaitGroup
	for _, s := range unused {
		ends.Go(s.end)
	}
	ends.Wait()
}

// expire ends a server that nobody has used for the idle time.
func (p *Pool) expire(s *shared) {
	p.mu.Lock()
	unused := len(s.uses) == 0 && p.servers[s.key] == s
	if unused {
		delete(p.servers, s.key)
	}
	p.mu.Unlock()
	if unused {
		s.end()
	}
}

// changed tells all that use a server that its tools are others now.
func (p *Pool) changed(s *shared) {
	p.mu.Lock()
	uses := maps.Clone(s.uses)
	p.mu.Unlock()
	for u, name := range uses {
		u.changed(name)
	}
}

// errWhose answers a question that could be about the work of several engines.
var errWhose = errors.New("calls of several threads are running: nobody knows whose question this is")

// elicit asks the engine whose call is running; nobody else may hear of it.
func (p *Pool) elicit(ctx context.Context, s *shared, params json.RawMessage) (json.RawMessage, error) {
	p.mu.Lock()
	candidates := slices.Collect(maps.Keys(s.calls))
	if len(candidates) == 0 {
		candidates = slices.Collect(maps.Keys(s.uses))
	}
	var name string
	if len(candidates) == 1 {
		name = s.uses[candidates[0]]
	}
	p.mu.Unlock()
	if len(candidates) != 1 {
		return nil, errWhose
	}
	return candidates[0].elicit(ctx, name, params)
}
