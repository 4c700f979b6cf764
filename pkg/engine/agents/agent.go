package agents

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/pipeline"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

const (
	// maxLine bounds a line of an agent's engine.
	maxLine = 256 << 20
	// maxPending bounds the calls of an engine that have no answer yet.
	maxPending = 64
	// maxUnread bounds the messages that an engine has not read yet; their bytes are bounded
	// as one line is.
	maxUnread = 1024
)

// agent is one thread that works for another.
type agent struct {
	a              *Set
	id, name, role string
	// What the agent runs under.
	begin protocol.ThreadStartParams
	under protocol.TurnStartParams

	// Guarded by the mu of a.
	state protocol.CollabAgentState
	open  bool   // counts among those that are
	turn  string // id of the running turn
	last  string // message of the agent's
	eng   *engine
	below map[string]nested // its own agents, by their ids
}

// engine is the process of an agent.
type engine struct {
	g    *agent
	pipe *pipeline.Pipeline
	out  *jsonrpc.Outbox // nobody waits for an engine that does not read
	rpc  *jsonrpc.Conn
	live bool          // the client hears of it
	gone chan struct{} // reaped

	asks map[string]context.CancelFunc // questions that wait, by their ids; guarded by the mu of the agents
}

// start starts the agent's engine and opens its thread, a new one or that of before.
func (g *agent) start(ctx context.Context, resume bool) error {
	o := &g.a.opts
	spawned, err := json.Marshal(protocol.ThreadSpawnSource{ParentThreadID: o.Thread, Depth: int32(o.Depth), AgentNickname: &g.name, AgentRole: protocol.Optional(g.role)})
	if err != nil {
		return fmt.Errorf("say whose agent it is: %w", err)
	}
	pipe, err := pipeline.Start(pipeline.Spec{Engine: o.Command("--agent", string(spawned), "--thread-id", g.id)})
	if err != nil {
		return err
	}
	e := &engine{g: g, pipe: pipe, out: jsonrpc.NewOutbox(maxUnread, maxLine, false), live: o.Live(), gone: make(chan struct{}), asks: map[string]context.CancelFunc{}}
	e.rpc = jsonrpc.NewConn(e, jsonrpc.Options{FirstID: 1, MaxCalls: maxPending, Raw: e.raw, Handle: e.request, Bad: e.bad})
	g.a.mu.Lock()
	g.eng = e
	g.a.mu.Unlock()
	go func() { // ends with the outbox, or when the pipe is closed
		if e.out.Run(jsonrpc.NewWriter(pipe.In).WriteLine) != nil {
			pipe.Terminate() // it reads no more, and answers nothing
		}
	}()
	go e.read()
	can := &protocol.InitializeCapabilities{ExperimentalApi: true, CodexTurn: e.live, AgentThreads: e.live}
	if !e.live {
		can.OptOutNotificationMethods = unread()
	}
	err = e.rpc.Call(ctx, protocol.MethodInitialize, protocol.InitializeParams{ClientInfo: o.Client, Capabilities: can}, nil)
	method, params := protocol.MethodThreadStart, any(g.begin)
	if resume {
		p := &g.begin
		method, params = protocol.MethodThreadResume, protocol.ThreadResumeParams{ThreadID: g.id, ExcludeTurns: true, Cwd: p.Cwd, Model: p.Model, ModelProvider: p.ModelProvider,
			ServiceTier: p.ServiceTier, ApprovalPolicy: p.ApprovalPolicy, Sandbox: p.Sandbox, Permissions: p.Permissions, Config: p.Config,
			DeveloperInstructions: p.DeveloperInstructions, Personality: p.Personality}
	}
	var opened struct {
		Thread json.RawMessage `json:"thread"`
	}
	if err == nil {
		err = e.rpc.Call(ctx, method, params, &opened)
	}
	switch {
	case err != nil:
		e.end()
	case resume && e.live: // the engine says so of a new thread only
		e.tell(protocol.NoteThreadStarted, opened)
	}
	return err
}

// unread are notifications that nobody here reads.
func unread() []string {
	return []string{protocol.NoteItemAgentMessageDelta, protocol.NoteItemReasoningSummaryTextDelta, protocol.NoteItemReasoningTextDelta,
		protocol.NoteItemCommandExecutionOutputDelta, protocol.NoteItemStarted, protocol.NoteTurnDiffUpdated, protocol.NoteTurnPlanUpdated,
		protocol.NoteThreadTokenUsageUpdated, protocol.NoteAccountRateLimitsUpdated}
}

// engine gives the agent's process, nil when it has none.
func (g *agent) engine() *engine {
	g.a.mu.Lock()
	defer g.a.mu.Unlock()
	return g.eng
}

// send gives the agent something to do, in the turn that runs or in one of its own, and
// tells which turn that is.
func (g *agent) send(ctx context.Context, in []protocol.UserInput, interrupt bool) (turn string, err error) {
	e := g.engine()
	if e == nil {
		return "", fmt.Errorf("agent %s is closed; resume_agent opens it again", g.id)
	}
	g.a.mu.Lock()
	running := g.turn
	g.a.mu.Unlock()
	if running != "" && interrupt {
		if err := e.rpc.Call(ctx, protocol.MethodTurnInterrupt, protocol.TurnInterruptParams{ThreadID: g.id, TurnID: running}, nil); err != nil {
			return "", err
		}
	} else if running != "" {
		var r protocol.TurnSteerResponse
		err := e.rpc.Call(ctx, protocol.MethodTurnSteer, protocol.TurnSteerParams{ThreadID: g.id, ExpectedTurnID: running, Input: in}, &r)
		if _, refused := errors.AsType[*jsonrpc.Error](err); !refused {
			return running, err
		} // it has just ended
	}
	under := g.under
	under.ThreadID, under.Input = g.id, in
	before := g.become(protocol.CollabAgentStatusRunning, nil)
	var r protocol.TurnStartResponse
	if err := e.rpc.Call(ctx, protocol.MethodTurnStart, under, &r); err != nil {
		g.become(before.Status, before.Message)
		return "", err
	}
	return r.Turn.ID, nil
}

// become changes the agent's state, tells who waits for that, and gives the one before.
func (g *agent) become(s protocol.CollabAgentStatus, message *string) (before protocol.CollabAgentState) {
	g.a.mu.Lock()
	defer g.a.mu.Unlock()
	before = g.state
	g.set(s, message)
	return before
}

// set is become with the mu held.
func (g *agent) set(s protocol.CollabAgentStatus, message *string) {
	g.state = protocol.CollabAgentState{Status: s, Message: message}
	close(g.a.changed)
	g.a.changed = make(chan struct{})
}

// close ends the agent's engine; what it did stays in its session file.
func (g *agent) close() {
	g.a.mu.Lock()
	e := g.eng
	g.open = false
	g.a.mu.Unlock()
	if e != nil {
		e.end()
	}
	g.become(protocol.CollabAgentStatusShutdown, nil)
}

// Write implements jsonrpc.Sender.
func (e *engine) Write(v any) error { return e.sent(e.out.Write(v)) }

// WriteLine implements jsonrpc.Sender.
func (e *engine) WriteLine(line []byte) error { return e.sent(e.out.WriteLine(line)) }

// sent ends an engine that has read nothing for too long.
func (e *engine) sent(err error) error {
	if errors.Is(err, jsonrpc.ErrSlow) {
		e.g.a.opts.Log.Printf("agent %s: its engine does not read what it is sent", e.g.id)
		e.pipe.Kill()
	}
	return err
}

// end interrupts what runs, and waits for the engine to leave.
func (e *engine) end() {
	e.out.Close()
	_ = e.pipe.In.Close()
	e.pipe.Terminate()
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-e.gone:
	case <-late.C:
		e.pipe.Kill()
		<-e.gone
	}
}

// read takes the engine's lines until they end, and then tells how it ended.
func (e *engine) read() {
	defer close(e.gone)
	r := jsonrpc.NewReader(e.pipe.Out, maxLine)
	for {
		line, err := r.ReadLine()
		if errors.Is(err, jsonrpc.ErrTooLong) {
			e.g.a.opts.Log.Printf("agent %s: its engine wrote a line longer than %d bytes", e.g.id, maxLine)
			continue
		}
		if err != nil {
			if err != io.EOF {
				e.g.a.opts.Log.Printf("agent %s: read from its engine: %v", e.g.id, err)
			}
			break
		}
		_ = e.rpc.Line(line) // what cannot be read is logged
	}
	e.out.Close()
	how := "its engine ended: " + pipeline.Blame(e.pipe.Wait(grace))
	e.rpc.End(errors.New(how))
	g := e.g
	e.farewell(how)
	g.a.mu.Lock()
	defer g.a.mu.Unlock()
	if g.eng == e {
		g.eng = nil
	}
	for _, cancel := range e.asks {
		cancel()
	}
	g.turn = ""
	if g.open && (g.state.Status == protocol.CollabAgentStatusRunning || g.state.Status == protocol.CollabAgentStatusPendingInit) {
		g.set(protocol.CollabAgentStatusErrored, &how)
	}
}

// raw takes what the engine tells.
func (e *engine) raw(line []byte) (bool, error) {
	m := gjson.GetManyBytes(line, "method", "id", "params")
	if m[0].Str == "" || m[1].Exists() {
		return false, nil
	}
	g, p := e.g, m[2]
	of := p.Get("threadId").Str
	if e.live {
		e.pass(m[0].Str, of, p, line)
	}
	if of != g.id {
		return true, nil
	}
	g.a.mu.Lock()
	defer g.a.mu.Unlock()
	switch m[0].Str {
	case protocol.NoteTurnStarted:
		g.turn, g.last = p.Get("turn.id").String(), ""
		g.set(protocol.CollabAgentStatusRunning, nil)
	case protocol.NoteItemCompleted:
		if p.Get("item.type").Str == protocol.ItemAgentMessage {
			g.last = p.Get("item.text").String()
		}
	case protocol.NoteTurnCompleted:
		g.turn = ""
		switch protocol.TurnStatus(p.Get("turn.status").Str) {
		case protocol.TurnStatusCompleted:
			g.set(protocol.CollabAgentStatusCompleted, protocol.Optional(g.last))
		case protocol.TurnStatusInterrupted:
			g.set(protocol.CollabAgentStatusInterrupted, nil)
		default:
			g.set(protocol.CollabAgentStatusErrored, new(p.Get("turn.error.message").String()))
		}
	}
	return true, nil
}

// request passes on what the agent asks of the user.
func (e *engine) request(r *jsonrpc.Request) error {
	if r.ID == nil {
		return nil
	}
	r.Own()
	a := e.g.a
	ctx, cancel := context.WithCancel(a.ctx)
	id, of := string(r.ID), ""
	a.mu.Lock()
	e.asks[id] = cancel
	a.mu.Unlock()
	if e.live {
		of = cmp.Or(gjson.GetBytes(r.Params, "threadId").Str, e.g.id)
	}
	go func() { // ends with the answer, with the engine, or when that does not want to know any more
		answer, err := a.opts.Ask(ctx, of, r.Method, r.Params)
		a.mu.Lock()
		delete(e.asks, id)
		a.mu.Unlock()
		cancel()
		_ = r.Reply(answer, err) // an engine that has gone misses it
	}()
	return nil
}

func (e *engine) bad(_ []byte, err error) error {
	e.g.a.opts.Log.Printf("agent %s: its engine wrote a line that is no message: %v", e.g.id, err)
	return nil
}
