package appserver

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"codex/pkg/config"
	"codex/pkg/frontend/appserver/local"
	"codex/pkg/installation"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// Server is the router.
type Server struct {
	opts    Options
	home    string
	methods map[string]method
	queue   jsonrpc.Queue
	local   *local.Service
	remote  remote

	installation func() string // id of this home
	tidying      atomic.Bool
	left         atomic.Int64 // clients
	names        thread.Names
	stored       turnCache // of the session file that was read last

	mu         sync.Mutex
	conns      map[*conn]struct{}
	threads    map[string]*loadedThread
	originator string
	closing    bool
	idle       *sync.Cond // signalled when a turn or a child ends
	pool       mcpPool
}

// New makes a server; nothing is started before a request needs it.
func New(o Options) (*Server, error) {
	o.fill()
	home, err := config.Home(o.Config.Env)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, home: home, conns: map[*conn]struct{}{}, threads: map[string]*loadedThread{}, originator: o.Originator}
	s.idle = sync.NewCond(&s.mu)
	s.local = &local.Service{Home: home, Config: o.Config, Environ: o.Environ, Executor: o.Executor, Login: o.Login, MCP: o.MCP, Model: o.Model, Origin: s.origin, Stderr: o.Stderr, Log: o.Log, Now: o.Now,
		Background: func(job func()) { s.queue.Do("", job) }, Broadcast: s.broadcast, LoggedIn: s.relayKick, Reload: s.reload}
	s.methods = s.table()
	s.installation = sync.OnceValue(func() string {
		id, err := installation.ID(home)
		if err != nil {
			o.Log.Print(err)
		}
		return id
	})
	return s, nil
}

// tidy gives the memory of a huge message back to the system, which the collector alone
// does minutes later. It waits a moment, until nobody holds it any more, and for others.
func (s *Server) tidy(size int) {
	if size >= hugeLine && s.tidying.CompareAndSwap(false, true) {
		time.AfterFunc(tidyTime, func() {
			s.tidying.Store(false)
			debug.FreeOSMemory()
		})
	}
}

func (s *Server) getenv(name string) string {
	if get := s.opts.Config.Env.Get; get != nil {
		return get(name)
	}
	return ""
}

// origin is what the model's side and session files call this process.
func (s *Server) origin() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cmp.Or(s.originator, "codex_cli_rs")
}

// broadcast tells every initialized client.
func (s *Server) broadcast(method string, params any) {
	s.broadcastLine(method, noteLine(method, params))
}

func (s *Server) broadcastLine(method string, line []byte) {
	s.mu.Lock()
	all := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.note(method, line)
	}
}

// thread gives a loaded thread, nil when it is not.
func (s *Server) thread(id string) *loadedThread {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.threads[id]
}

// list gives all loaded threads; s.mu is held.
func (s *Server) list() []*loadedThread {
	all := make([]*loadedThread, 0, len(s.threads))
	for _, t := range s.threads {
		all = append(all, t)
	}
	return all
}

func (s *Server) loaded() []*loadedThread {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list()
}

// reload lets engines without work go: the next ones read the configuration anew.
func (s *Server) reload() {
	for _, t := range s.loaded() {
		t.mu.Lock()
		t.stale = t.child != nil
		t.mu.Unlock()
		t.do(t.letGo) // or when its turn has ended
	}
}

// Drain waits until no turn runs, or ctx ends.
func (s *Server) Drain(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for ctx.Err() == nil && s.running() > 0 {
		s.idle.Wait()
	}
}

// running counts the threads with a turn; s.mu is held.
func (s *Server) running() int {
	n := 0
	for _, t := range s.threads {
		if t.busy.Load() {
			n++
		}
	}
	return n
}

// Close interrupts what runs, waits for the engines and lets every client read what is
// still for it.
func (s *Server) Close() {
	s.mu.Lock()
	s.closing = true
	threads := s.list()
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	s.local.Leave()
	stuck := time.AfterFunc(s.opts.Grace, func() { // who does not read must not keep an engine
		for _, c := range conns {
			c.out.Hurry()
		}
	})
	defer stuck.Stop()
	var wg sync.WaitGroup
	for _, t := range threads {
		wg.Go(func() { t.end(s.opts.Grace) })
	}
	wg.Wait()
	late, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	for _, c := range conns {
		c.out.Finish()
	}
	for _, c := range conns {
		select {
		case <-c.sent:
		case <-late.Done():
		}
	}
	s.relayFlush(late)
	for _, c := range conns {
		c.link.close()
	}
	s.DisableRemoteControl()
	s.pool.close(s.opts.Grace)
}

// flushTime is what clients get to read what is queued for them when the server leaves.
const flushTime = 5 * time.Second

// warnOf tells a client what is wrong with the configuration of one thread, whose folder may be
// elsewhere than the server's: what it has heard of the server's own is not said again.
func (s *Server) warnOf(c *conn, t *loadedThread) {
	if len(t.warnings) == 0 {
		return
	}
	own := s.configWarnings()
	for _, text := range t.warnings {
		if !slices.ContainsFunc(own, func(w protocol.ConfigWarningNotification) bool { return w.Summary == text }) {
			c.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Summary: text})
		}
	}
}

// configWarnings says what is wrong with the configuration; threads cannot start then.
func (s *Server) configWarnings() []protocol.ConfigWarningNotification {
	var out []protocol.ConfigWarningNotification
	cfg, err := config.Load(context.Background(), s.opts.Config)
	if err != nil {
		text := err.Error()
		w := protocol.ConfigWarningNotification{Summary: "Invalid configuration; using defaults.", Details: &text}
		if e := config.AsError(err); e != nil {
			text = strings.TrimSuffix(e.Short(), "\n")
			var line, col uint64
			path, rest, ok := strings.Cut(text, ".toml:")
			if _, err := fmt.Sscanf(rest, "%d:%d:", &line, &col); ok && err == nil {
				path += ".toml"
				at := protocol.TextPosition{Line: line, Column: col}
				w.Path, w.Range = &path, &protocol.TextRange{Start: at, End: at}
			}
		}
		return append(out, w)
	}
	for _, text := range slices.Concat(cfg.Warnings, cfg.Unknown) {
		out = append(out, protocol.ConfigWarningNotification{Summary: text})
	}
	return out
}
