package appserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"codex/pkg/cli/version"
	"codex/pkg/config"
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
	lanes   lanes
	remote  remote

	installation func() string // id of this home
	tidying      atomic.Bool
	left         atomic.Int64 // clients
	names        thread.Names

	mu         sync.Mutex
	conns      map[*conn]struct{}
	threads    map[string]*loadedThread
	asks       map[int64]*ask
	nextAsk    int64
	originator string
	closing    bool
	idle       *sync.Cond // signalled when a turn or a child ends
}

// New makes a server; nothing is started before a request needs it.
func New(o Options) (*Server, error) {
	o.fill()
	home, err := config.Home(o.Config.Env)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: o, home: home, conns: map[*conn]struct{}{}, threads: map[string]*loadedThread{}, asks: map[int64]*ask{}, originator: o.Originator}
	s.idle = sync.NewCond(&s.mu)
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

// request is one request of a client. Its bytes are those of the message.
type request struct {
	c      *conn
	id     json.RawMessage
	method string
	params json.RawMessage
}

func (r *request) reply(result any) {
	r.c.end(r.id)
	r.c.send(resultLine(r.id, result))
}

func (r *request) fail(err error) {
	r.c.end(r.id)
	r.c.send(failLine(r.id, err))
}

// errLater is returned by a handler that answers, or has answered, by itself.
var errLater = errors.New("answered later")

// handle takes one line of a client. What is no message has no answer: nobody knows its
// id (appserver spec §1).
func (s *Server) handle(c *conn, line []byte) {
	m, err := jsonrpc.Parse(line)
	if err != nil {
		c.bad(err)
		s.tidy(len(line))
		return
	}
	switch m.Kind {
	case jsonrpc.KindResponse, jsonrpc.KindFailure:
		s.answer(c, m)
	case jsonrpc.KindRequest:
		s.request(&request{c: c, id: m.ID, method: m.Method, params: m.Params})
	}
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

func (s *Server) request(r *request) {
	if r.method == protocol.MethodInitialize {
		s.initialize(r)
		return
	}
	if !r.c.initialized() {
		r.fail(invalid("Not initialized"))
		return
	}
	m, ok := s.methods[r.method]
	switch {
	case !ok:
		r.fail(invalid("Invalid request: unknown variant `%s`: no such method", shorten(r.method)))
		return
	case m.exp && !r.c.experimental():
		r.fail(invalid("%s requires experimentalApi capability", r.method))
		return
	case !r.c.begin(r.id):
		r.c.send(failLine(r.id, invalid("request id %s is that of a request that has no answer yet", shorten(string(r.id)))))
		return
	case r.c.busy.Add(1) > maxBusy:
		r.c.busy.Add(-1)
		r.fail(jsonrpc.Errorf(jsonrpc.CodeOverloaded, "Server overloaded; retry later."))
		return
	}
	key := ""
	if m.lane != nil {
		key = m.lane(r)
	}
	s.lanes.do(key, func() {
		defer s.tidy(len(r.params))
		defer r.c.busy.Add(-1)
		result, err := m.run(r)
		switch {
		case errors.Is(err, errLater):
		case err != nil:
			r.fail(err)
		default:
			r.reply(result)
		}
	})
}

func (s *Server) initialize(r *request) {
	var p protocol.InitializeParams
	if err := decode(r, &p); err != nil {
		r.fail(err)
		return
	}
	if r.c.initialized() {
		r.fail(invalid("Already initialized"))
		return
	}
	name := p.ClientInfo.Name
	if strings.ContainsFunc(name, func(c rune) bool { return c < 0x20 || c == 0x7f }) {
		r.fail(invalid("Invalid clientInfo.name: '%s'. Must be a valid HTTP header value.", name))
		return
	}
	platform := version.Platform()
	s.mu.Lock()
	// The first client names the process; the daemon's probe never does.
	if s.originator == "" && name != "codex_app_server_daemon" {
		s.originator = name
	}
	s.mu.Unlock()
	res := protocol.InitializeResponse{UserAgent: version.UserAgent(s.origin(), s.getenv, name, p.ClientInfo.Version),
		CodexHome: s.home, PlatformFamily: platform[0], PlatformOs: platform[1]}
	c := r.c
	c.mu.Lock()
	optOut := map[string]bool{}
	if p.Capabilities != nil {
		c.exp = p.Capabilities.ExperimentalApi
		for _, m := range p.Capabilities.OptOutNotificationMethods {
			optOut[m] = true
		}
	}
	c.mu.Unlock()
	r.reply(res)
	c.mu.Lock()
	c.client, c.optOut = &p.ClientInfo, optOut
	c.mu.Unlock()
	s.lanes.do("config", func() {
		for _, w := range s.configWarnings() {
			c.note(protocol.NoteConfigWarning, noteLine(protocol.NoteConfigWarning, w))
		}
		c.note(protocol.NoteRemoteControlStatusChanged, noteLine(protocol.NoteRemoteControlStatusChanged, s.remoteControl()))
	})
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
	if s.originator == "" {
		return "codex_cli_rs"
	}
	return s.originator
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

// load reads the configuration for a folder.
func (s *Server) load(change func(*config.Options)) (*config.Config, error) {
	o := s.opts.Config
	o.Overrides = slices.Clone(o.Overrides)
	if change != nil {
		change(&o)
	}
	cfg, err := config.Load(context.Background(), o)
	return cfg, unloadable(err)
}

// unloadable is an error of the configuration as clients see it.
func unloadable(err error) error {
	var refused *jsonrpc.Error
	switch e := config.AsError(err); {
	case err == nil || errors.As(err, &refused):
		return err
	case e != nil:
		return invalid("failed to load configuration: %s", strings.TrimSuffix(e.Short(), "\n"))
	}
	return invalid("failed to load configuration: %v", err)
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
	stuck := time.AfterFunc(s.opts.Leave, func() { // who does not read must not keep an engine
		for _, c := range conns {
			c.out.hurry()
		}
	})
	defer stuck.Stop()
	var wg sync.WaitGroup
	for _, t := range threads {
		wg.Go(func() { t.end(s.opts.Leave) })
	}
	wg.Wait()
	late, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	for _, c := range conns {
		c.out.finish()
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
}

// flushTime is what clients get to read what is queued for them when the server leaves.
const flushTime = 5 * time.Second

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
	for _, text := range cfg.Warnings {
		out = append(out, protocol.ConfigWarningNotification{Summary: text})
	}
	return out
}
