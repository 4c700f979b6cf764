// Package mcp gives the model the tools of servers of the Model Context Protocol: it starts
// the configured servers, names their tools, asks for approval, and turns results into what
// the model and the frontend see. The servers themselves are kept by codex-mcp pool, over
// the lines of package mcp/wire.
//
// Engine layer: it imports tools, config, mcp/wire and the ground.
package mcp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
	"codex/pkg/protocol"
)

// Options are what Servers need from the thread.
type Options struct {
	// Servers are those that the thread may use, enabled ones only.
	Servers []config.MCPServer
	// Home is CODEX_HOME, which keeps manifests.
	Home string
	// Socket is where a pool is that others use as well; "" for none.
	Socket string
	// Pool is the argv of the program that keeps servers, Environ and Dir are for it.
	Pool    func() []string
	Environ []string
	Dir     string
	// Status tells how a server starts; the text is set for one that failed.
	Status func(name string, s protocol.McpServerStartupState, why string)
	// Warn takes what people should know.
	Warn func(format string, args ...any)
	// Allow writes into the settings that a tool needs no approval.
	Allow func(server, tool string) error
	// Stderr gets what the pool says.
	Stderr Stderr
}

// maxAsking is how many questions of servers wait for an answer at once.
const maxAsking = 256

// Servers are the servers of one thread. They begin with Start and end with Close.
type Servers struct {
	o    Options
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup // what reads and keeps what is known of servers
	pool pool
	// asking are questions of servers that the user has not answered.
	asking jsonrpc.Beside

	mu       sync.Mutex
	list     []*server // replaced as a whole
	version  int       // of the tools
	tools    map[[2]string]*tool
	approved map[identity]bool
	running  []*running // calls, the latest last
	calls    int64
	progress map[int64]func(wire.ProgressParams)
}

// server is one of them.
type server struct {
	config.MCPServer
	starting chan struct{} // has a token while it is started
	settled  chan struct{} // it is ready, or failed, for the first time
	changes  atomic.Int64  // of its tools that nobody has asked for

	// Guarded by the Servers' mu.
	digest   *digest        // nil: it has not been seen
	manifest *wire.Manifest // all that it says; nil while only the digest is known
	live     *link          // the pool in which it runs
	err      error
}

// tool is one tool that is offered.
type tool struct {
	*server
	named
	*offer
}

// New makes the servers of a thread; nothing is started.
func New(o Options) *Servers {
	s := &Servers{o: o, asking: jsonrpc.Beside{Most: maxAsking}, progress: map[int64]func(wire.ProgressParams){}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.pool.s = s
	s.set(o.Servers)
	return s
}

// set makes these the servers. Nothing is known of them.
func (s *Servers) set(servers []config.MCPServer) {
	list := make([]*server, len(servers))
	for i, cfg := range servers {
		list[i] = &server{MCPServer: cfg.In(s.o.Dir), starting: make(chan struct{}, 1), settled: make(chan struct{})}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list, s.approved, s.tools = list, map[identity]bool{}, nil
	s.version++
}

// Replace ends the servers, once they have settled, and starts others in their place.
func (s *Servers) Replace(ctx context.Context, servers []config.MCPServer) {
	s.Wait(ctx)
	s.pool.close()
	s.set(servers)
	s.Start()
}

// servers are those of now.
func (s *Servers) servers() []*server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}

// Any says whether there are servers.
func (s *Servers) Any() bool { return len(s.servers()) > 0 }

// Start starts all servers at once, beside the caller. One of which is known what it offers
// starts when it is called.
func (s *Servers) Start() {
	servers := s.servers()
	if len(servers) == 0 {
		return
	}
	s.work.Go(func() { s.know(servers) })
}

// know reads what is known of the servers, starts the others, and keeps what is known now
// for the next thread.
func (s *Servers) know(servers []*server) {
	x := openIndex(&cache{home: s.o.Home}, servers)
	for i, v := range servers {
		d := x.digest(i)
		if d == nil {
			go s.begin(v)
			continue
		}
		s.mu.Lock()
		v.digest = d
		s.version++
		s.tools = nil
		s.mu.Unlock()
		close(v.settled)
	}
	if x.whole() {
		return
	}
	settle(s.ctx, servers)
	x.renew()
}

// begin starts a server for the first time.
func (s *Servers) begin(v *server) {
	defer close(v.settled)
	_, _ = s.ensure(s.ctx, v) // it is told, and kept
}

// Wait waits until every server is ready or has failed.
func (s *Servers) Wait(ctx context.Context) { settle(ctx, s.servers()) }

func settle(ctx context.Context, servers []*server) {
	for _, v := range servers {
		select {
		case <-v.settled:
		case <-ctx.Done():
			return
		}
	}
}

// Required waits for the servers that the thread cannot do without, and says which failed.
func (s *Servers) Required(ctx context.Context) error {
	var failed []string
	for _, v := range s.servers() {
		if !v.Required {
			continue
		}
		select {
		case <-v.settled:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		s.mu.Lock()
		if v.err != nil {
			failed = append(failed, v.Name+": "+v.err.Error())
		}
		s.mu.Unlock()
	}
	if failed == nil {
		return nil
	}
	return fmt.Errorf("required MCP servers failed to initialize: %s", strings.Join(failed, "; "))
}

// ensure gives the pool in which a server runs, and starts it there if it does not: one caller
// does, and the others wait for that, as long as each may.
func (s *Servers) ensure(ctx context.Context, v *server) (*link, error) {
	select {
	case v.starting <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-v.starting }()
	s.mu.Lock()
	l := v.live
	s.mu.Unlock()
	if l != nil && l.conn.Err() == nil {
		return l, nil
	}
	s.o.Status(v.Name, protocol.McpServerStartupStateStarting, "")
	l, m, err := s.start(ctx, v)
	if err != nil && s.ctx.Err() != nil {
		s.o.Status(v.Name, protocol.McpServerStartupStateCancelled, "")
		return nil, err
	}
	s.mu.Lock()
	v.err = err
	if err == nil {
		v.live = l
		s.accept(v, m)
	}
	s.mu.Unlock()
	if err != nil {
		why := s.why(v, err)
		s.o.Status(v.Name, protocol.McpServerStartupStateFailed, why)
		s.o.Warn("%s", why)
		return nil, err
	}
	for _, t := range m.Tools {
		if len(t) > maxTool {
			s.o.Warn("a tool of the MCP server %s is left out: its description has more than %d MiB", v.Name, maxTool>>20)
		}
	}
	(&cache{home: s.o.Home}).remember(v, m)
	s.o.Status(v.Name, protocol.McpServerStartupStateReady, "")
	return l, nil
}

// accept takes what a server says of itself now. The caller holds mu.
func (s *Servers) accept(v *server, m *wire.Manifest) {
	v.manifest, v.digest = m, digestOf(m)
	s.version++
	s.tools = nil
}

func (s *Servers) start(ctx context.Context, v *server) (*link, *wire.Manifest, error) {
	if !plainName(v.Name) {
		return nil, nil, fmt.Errorf("Invalid MCP server name '%s': must match pattern ^[a-zA-Z0-9_-]+$", v.Name)
	}
	l, err := s.pool.get()
	if err != nil {
		return nil, nil, err
	}
	m := new(wire.Manifest)
	if err := l.conn.Call(ctx, wire.MethodStart, wire.StartParams{Server: v.MCPServer, Elicits: true}, m); err != nil {
		return nil, nil, err
	}
	return l, m, nil
}

// why is what people are told about a server that did not start.
func (s *Servers) why(v *server, err error) string {
	switch kindOf(err) {
	case wire.KindTimeout:
		return fmt.Sprintf("MCP client for `%s` timed out after %d seconds. Add or adjust `startup_timeout_sec` in your config.toml:\n[mcp_servers.%s]\nstartup_timeout_sec = XX",
			v.Name, int(v.Startup.Seconds()), v.Name)
	case wire.KindAuth:
		return err.Error()
	}
	return fmt.Sprintf("MCP client for `%s` failed to start: "+startFailed+"%v", v.Name, err)
}

func plainName(name string) bool {
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// Version is another number whenever the tools are others.
func (s *Servers) Version() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// offered gives all tools by namespace and name. The caller holds mu.
func (s *Servers) offered() map[[2]string]*tool {
	if s.tools != nil {
		return s.tools
	}
	byID := map[identity]*tool{}
	var ids []identity
	for _, v := range s.list {
		if v.digest == nil {
			continue
		}
		offers := v.digest.tools()
		for i := range offers {
			o := &offers[i]
			if id := (identity{v.Name, o.Name}); v.Wants(o.Name) && byID[id] == nil {
				byID[id] = &tool{server: v, offer: o}
				ids = append(ids, id)
			}
		}
	}
	s.tools = map[[2]string]*tool{}
	for _, n := range nameTools(ids) {
		t := byID[n.identity]
		t.named = n
		s.tools[[2]string{n.namespace, n.name}] = t
	}
	return s.tools
}

// count is how many tools there are, which need not be read for that. The caller holds mu.
func (s *Servers) count() (n int) {
	if s.tools != nil {
		return len(s.tools)
	}
	for _, v := range s.list {
		switch {
		case v.digest == nil:
		case v.EnabledTools == nil && v.DisabledTools == nil:
			n += v.digest.count
		default:
			for _, o := range v.digest.tools() {
				if v.Wants(o.Name) {
					n++
				}
			}
		}
	}
	return n
}

// Close ends all servers.
func (s *Servers) Close() {
	s.stop()
	s.work.Wait()
	s.pool.close()
}

// find gives a server by its configured name.
func (s *Servers) find(name string) (*server, error) {
	for _, v := range s.servers() {
		if v.Name == name {
			return v, nil
		}
	}
	return nil, fmt.Errorf("unknown MCP server '%s'", name)
}

var errPoolGone = errors.New("Transport closed")
