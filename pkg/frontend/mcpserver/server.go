package mcpserver

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/config"
)

const (
	grace      = 3 * time.Second // for an engine that is to leave
	maxRunning = 64              // calls at once
	maxIdle    = 16              // engines that are kept for the next prompt
	listTime   = time.Hour       // for which a client may keep a list
)

//go:embed tools.json
var toolsJSON []byte

// Process is what the server is given by the system.
type Process struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Environ        []string
	Env            config.Env
	Self           string // path of the executable, as install.Self finds it
	// Signals begins to bring those that end the server.
	Signals func() <-chan os.Signal
	// ChildStderr is the stderr of engines; nil is the process's own.
	ChildStderr *os.File
}

// Options are those of the command line: all threads begin with them.
type Options struct {
	Config, Enable, Disable []string
}

// Server is one client with its threads.
type Server struct {
	p    Process
	o    Options
	path string // of codex-turn
	wire *wire
	ctx  context.Context // ends with the server

	running chan struct{} // a token for each call
	engines sync.WaitGroup

	mu       sync.Mutex
	sessions map[string]*session
	rounds   map[string]*rounds // by their state
	begun    int                // counts those
	used     int                // counts turns, to know which session was used last
}

// Run serves the client on standard input and output until it closes its end, or a signal
// comes. Turns that run then are interrupted.
func Run(ctx context.Context, o Options, p Process) error {
	path, err := install.Find(p.Self, "codex-turn", p.Env.Get("PATH"))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if p.Signals != nil {
		signals := p.Signals()
		go func() {
			select {
			case s := <-signals:
				cancel(pipeline.Caught{Signal: s})
			case <-ctx.Done():
			}
		}()
	}
	work, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	s := &Server{p: p, o: o, path: path, wire: newWire(p.Stdin, p.Stdout, p.Stderr), ctx: work,
		running: make(chan struct{}, maxRunning), sessions: map[string]*session{}, rounds: map[string]*rounds{}}
	s.wire.agent = func(client, v string) string { return version.UserAgent("codex_cli_rs", p.Env.Get, client, v) }
	s.wire.leave = func() { leave(errEnd) }
	server, err := s.library()
	if err != nil {
		return err
	}
	err = server.Run(ctx, s.wire)
	leave(errLeaving)
	s.stop()
	if lost := s.wire.finish(); lost != nil {
		return fmt.Errorf("write to the client: %w", lost)
	}
	if errors.Is(err, context.Canceled) {
		return pipeline.ByWhat(ctx, err)
	}
	return err
}

var errLeaving = errors.New("the server is leaving")

// errEnd is why a call ends that runs when the client has no more to say.
var errEnd = errors.New("the input has ended")

// library makes the library's server, with our tools.
func (s *Server) library() (*mcp.Server, error) {
	server := mcp.NewServer(&mcp.Implementation{Name: "codex-mcp-server", Title: "Codex", Version: version.Compat}, &mcp.ServerOptions{
		Logger: slog.New(slog.DiscardHandler),
		//lint:ignore SA1019 clients of 2025-11-25 use it
		Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{ListChanged: true}, Logging: &mcp.LoggingCapabilities{}},
		SetCacheable: func(_ context.Context, _ mcp.Request, c *mcp.Cacheable) { // all lists are the program's
			c.TTLMs, c.CacheScope = int(listTime/time.Millisecond), "public"
		},
	})
	var tools []*mcp.Tool
	if err := json.Unmarshal(toolsJSON, &tools); err != nil {
		return nil, fmt.Errorf("read tools.json: %w", err)
	}
	handlers := map[string]func(*call) (*session, error){"codex": s.start, "codex-reply": s.reply, "codex-close": s.closeThread}
	for _, t := range tools {
		server.AddTool(t, s.handler(handlers[t.Name]))
	}
	server.AddReceivingMiddleware(unknownTool(handlers))
	return server, nil
}

// unknownTool answers a call of a tool that is not there as the original does: with a result
// that the caller's model sees.
func unknownTool(known map[string]func(*call) (*session, error)) mcp.Middleware {
	return func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			if r, ok := req.(*mcp.CallToolRequest); ok && r.Params != nil && known[r.Params.Name] == nil {
				return failed("", fmt.Sprintf("Unknown tool '%s'", r.Params.Name)), nil
			}
			return next(ctx, method, req)
		}
	}
}

// structured is the structured content of every result that is about a thread.
type structured struct {
	ThreadID string `json:"threadId"`
	Content  string `json:"content"`
}

// failed is a result that says what went wrong, with a thread or "" without one.
func failed(thread, text string) *mcp.CallToolResult {
	r := succeeded(thread, text)
	r.IsError = true
	if thread == "" {
		r.StructuredContent = nil
	}
	return r
}

func succeeded(thread, text string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}, StructuredContent: structured{thread, text}}
}

// handler makes a tool of what finds, starts or closes the session of a call. A call with a
// prompt runs a turn then.
func (s *Server) handler(prepare func(*call) (*session, error)) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		if hasRounds(req) && req.Params.RequestState != "" {
			r, err := s.proceed(req)
			if err != nil {
				return nil, err
			}
			return s.wait(ctx, r)
		}
		select {
		case s.running <- struct{}{}:
		default:
			if req.Params.Name != "codex-close" { // what is running can still be closed
				return failed("", fmt.Sprintf("%d calls are running already; try again later", maxRunning)), nil
			}
			return run(ctx, s.newCall(ctx, req), prepare), nil
		}
		if !hasRounds(req) {
			defer func() { <-s.running }()
			return run(ctx, s.newCall(ctx, req), prepare), nil
		}
		return s.wait(ctx, s.begin(req, func(ctx context.Context, c *call) *mcp.CallToolResult {
			defer func() { <-s.running }()
			return run(ctx, c, prepare)
		}))
	}
}

// run runs a call until it has a result.
func run(ctx context.Context, c *call, prepare func(*call) (*session, error)) *mcp.CallToolResult {
	se, err := prepare(c)
	var gone *noSession
	switch {
	case errors.As(err, &gone):
		return failed(gone.id, err.Error())
	case err != nil && c.s.ctx.Err() != nil:
		return failed("", context.Cause(c.s.ctx).Error())
	case err != nil:
		return failed("", err.Error())
	case c.prompt == nil:
		return succeeded(se.id, "Closed.")
	}
	text, err := se.turn(ctx, c)
	if err != nil {
		return failed(se.id, err.Error())
	}
	return succeeded(se.id, text)
}

// noSession is the error about a thread that is not of this server.
type noSession struct{ id string }

func (e *noSession) Error() string { return "Session not found for thread_id: " + e.id }

func (s *Server) session(id string) (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	se, ok := s.sessions[id]
	if !ok {
		return nil, &noSession{id}
	}
	return se, nil
}

// reply finds the session that is to go on.
func (s *Server) reply(c *call) (*session, error) {
	var a replyArgs
	if err := decode(c.args, &a, "Missing arguments for codex-reply tool-call; the `thread_id` and `prompt` fields are required."); err != nil {
		return nil, err
	}
	id, err := threadID(a.ThreadID, a.ConversationID)
	if err != nil {
		return nil, err
	}
	c.prompt = &a.Prompt
	return s.session(id)
}

// closeThread ends a session: what runs in it is interrupted.
func (s *Server) closeThread(c *call) (*session, error) {
	var a closeArgs
	if err := decode(c.args, &a, "Missing arguments for codex-close tool-call; the `threadId` field is required."); err != nil {
		return nil, err
	}
	id, err := threadID(a.ThreadID)
	if err != nil {
		return nil, err
	}
	se, err := s.session(id)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	delete(s.sessions, id)
	s.mu.Unlock()
	se.close()
	return se, nil
}

// stop ends all sessions, and waits for their processes.
func (s *Server) stop() {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.sessions))
	s.mu.Unlock()
	for _, se := range all {
		s.engines.Go(se.close)
	}
	s.engines.Wait()
}

// trim stops the engines that were not used for longest, when there are many: their
// threads go on with another one.
func (s *Server) trim() {
	s.mu.Lock()
	var idle []*session
	for _, se := range s.sessions {
		if se.idle() {
			idle = append(idle, se)
		}
	}
	slices.SortFunc(idle, func(a, b *session) int { return a.used - b.used })
	s.mu.Unlock()
	for _, se := range idle[:max(0, len(idle)-maxIdle)] {
		s.engines.Go(se.rest)
	}
}

// spec is the command line of an engine.
func (s *Server) spec(profile string) pipeline.Spec {
	args := (&config.Options{Overrides: s.o.Config, Enable: s.o.Enable, Disable: s.o.Disable}).Args()
	if profile != "" {
		args = append(args, "--profile="+profile)
	}
	env := s.p.Environ
	if s.p.Env.Get("CODEX_INTERNAL_ORIGINATOR_OVERRIDE") == "" {
		env = append(slices.Clone(env), "CODEX_INTERNAL_ORIGINATOR_OVERRIDE=codex_cli_rs")
	}
	return pipeline.Spec{Engine: pipeline.Command{Name: "codex-turn", Path: s.path, Args: append(args, "--source=mcp")},
		Env: env, Dir: s.p.Env.Cwd, Stderr: s.p.ChildStderr}
}
