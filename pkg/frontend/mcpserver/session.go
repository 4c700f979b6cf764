package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"codex/pkg/cli/install"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// session is a thread of this server. Its turns run one after the other.
type session struct {
	s       *Server
	id      string
	client  protocol.ClientInfo
	profile string
	params  protocol.ThreadStartParams
	turns   chan struct{} // holds a token while no turn runs
	closing context.Context
	cancel  context.CancelCauseFunc
	used    int // guarded by the server's lock

	mu     sync.Mutex
	engine *engine // nil while there is none: the next turn starts one
	call   *call   // what is running
}

// start makes the session of a call of the tool codex.
func (s *Server) start(c *call) (*session, error) {
	var a startArgs
	if err := decode(c.args, &a, "Missing arguments for codex tool-call; the `prompt` field is required."); err != nil {
		return nil, err
	}
	se := &session{s: s, client: c.client, turns: make(chan struct{}, 1)}
	se.closing, se.cancel = context.WithCancelCause(s.ctx)
	se.turns <- struct{}{}
	if err := se.configure(&a); err != nil {
		return nil, err
	}
	c.prompt, c.first = &a.Prompt, true
	se.call = c
	c.session = se
	if err := se.open(c.ctx, protocol.MethodThreadStart, se.params); err != nil {
		se.close()
		return nil, err
	}
	s.mu.Lock()
	s.sessions[se.id] = se
	s.mu.Unlock()
	return se, nil
}

// configure takes the arguments over, and finds out whether they hold together: the words
// about that are for the caller.
func (se *session) configure(a *startArgs) error {
	p := &se.params
	// What a model leaves blank of an argument that it need not give is absent.
	se.profile = strings.TrimSpace(protocol.Value(a.Profile))
	p.Model = protocol.Optional(strings.TrimSpace(protocol.Value(a.Model)))
	p.Sandbox, p.BaseInstructions, p.DeveloperInstructions = a.Sandbox, a.BaseInstructions, a.DeveloperInstructions
	cwd := se.s.p.Env.Cwd
	if strings.TrimSpace(protocol.Value(a.Cwd)) != "" {
		if cwd = *a.Cwd; !filepath.IsAbs(cwd) {
			cwd = filepath.Join(se.s.p.Env.Cwd, cwd)
		}
	}
	p.Cwd = &cwd
	p.Config = a.Config
	if a.CompactPrompt != nil {
		text, err := jsonrpc.Marshal(*a.CompactPrompt)
		if err != nil {
			return fmt.Errorf("encode compact-prompt: %w", err)
		}
		if p.Config == nil {
			p.Config = map[string]json.RawMessage{}
		}
		p.Config["compact_prompt"] = text
	}
	o := config.Options{Env: se.s.p.Env, Cwd: cwd, Overrides: se.s.o.Config, Enable: se.s.o.Enable, Disable: se.s.o.Disable,
		JSON: p.Config, Profile: se.profile, Model: protocol.Value(p.Model), Sandbox: string(protocol.Value(a.Sandbox)), Program: install.Own(se.s.p.Self)}
	if a.ApprovalPolicy != nil {
		o.Approval = string(*a.ApprovalPolicy)
		p.ApprovalPolicy = &protocol.AskForApproval{Mode: o.Approval}
	}
	if _, err := config.Load(se.s.ctx, o); err != nil {
		return fmt.Errorf("Failed to load Codex configuration from overrides: %w", err)
	}
	return nil
}

// open starts an engine and lets it open the thread.
func (se *session) open(ctx context.Context, method string, params any) error {
	// What is started is no child of the one call: that may be cancelled, and the thread stays.
	e, err := startEngine(ctx, se.s.spec(se.profile), se.client, se.s.p.Stderr, se.hear)
	if err != nil {
		return err
	}
	se.mu.Lock()
	se.engine = e
	se.mu.Unlock()
	call, err := e.conn.Start(method, params, func(raw json.RawMessage, err error) error {
		if err != nil {
			return err
		}
		return se.opened(raw, method == protocol.MethodThreadStart)
	})
	if err == nil {
		err = call.Wait(ctx)
	}
	if err == nil {
		return nil
	}
	se.mu.Lock()
	se.engine = nil
	se.mu.Unlock()
	return e.why(err)
}

// opened takes the answer about the thread. It runs in the engine's goroutine.
func (se *session) opened(raw json.RawMessage, fresh bool) error {
	var r protocol.ThreadStartResponse
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("decode the answer about the thread: %w", err)
	}
	if !fresh {
		return nil
	}
	se.id = r.Thread.ID
	if se.call != nil {
		se.call.configured(&r)
	}
	return nil
}

// turn runs a turn with the call's prompt, and gives the last message of the agent.
func (se *session) turn(ctx context.Context, c *call) (string, error) {
	select {
	case <-se.turns:
	case <-ctx.Done():
		return "", errInterrupted
	case <-se.closing.Done():
		return "", context.Cause(se.closing)
	}
	defer func() {
		se.mu.Lock()
		se.call = nil
		se.mu.Unlock()
		se.turns <- struct{}{}
		se.s.trim()
	}()
	c.session = se
	se.mu.Lock()
	se.call = c
	e := se.engine
	se.mu.Unlock()
	se.s.mu.Lock()
	se.s.used++
	se.used = se.s.used
	se.s.mu.Unlock()
	if e == nil || !e.alive() {
		if err := se.resume(ctx); err != nil {
			return "", err
		}
		e = se.engine
	}
	return se.run(ctx, e, c)
}

// resume goes on with the thread's recording in a new engine.
func (se *session) resume(ctx context.Context) error {
	p := protocol.ThreadResumeParams{ThreadID: se.id, ExcludeTurns: true, Model: se.params.Model, Cwd: se.params.Cwd, ApprovalPolicy: se.params.ApprovalPolicy,
		Sandbox: se.params.Sandbox, Config: se.params.Config, BaseInstructions: se.params.BaseInstructions, DeveloperInstructions: se.params.DeveloperInstructions}
	return se.open(ctx, protocol.MethodThreadResume, p)
}

var errInterrupted = errors.New("The turn was interrupted.")

// run starts the turn and waits for its end.
func (se *session) run(ctx context.Context, e *engine, c *call) (string, error) {
	input := protocol.List[protocol.UserInput]{{Type: protocol.UserInputText, Text: *c.prompt}}
	started, err := e.conn.Start(protocol.MethodTurnStart, protocol.TurnStartParams{ThreadID: se.id, Input: input}, func(raw json.RawMessage, err error) error {
		if err != nil {
			return err
		}
		var r protocol.TurnStartResponse
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("decode the answer to turn/start: %w", err)
		}
		c.begin(r.Turn.ID)
		return nil
	})
	if err == nil {
		err = started.Wait(se.closing)
	}
	if err != nil {
		return "", se.lost(e, err)
	}
	select {
	case <-c.ended:
	case <-e.done:
	case <-ctx.Done():
		se.interrupt(e, c)
	case <-se.closing.Done():
		se.interrupt(e, c)
	}
	select {
	case <-c.ended:
		return c.outcome()
	default:
		return "", se.lost(e, errEnded)
	}
}

// interrupt ends the turn; an engine that does not do so in time is killed.
func (se *session) interrupt(e *engine, c *call) {
	_, err := e.conn.Start(protocol.MethodTurnInterrupt, protocol.TurnInterruptParams{ThreadID: se.id, TurnID: c.turnID()}, func(json.RawMessage, error) error { return nil })
	late := time.NewTimer(grace)
	defer late.Stop()
	if err == nil {
		select {
		case <-c.ended:
			return
		case <-e.done:
			return
		case <-late.C:
		}
	}
	e.pipe.Kill()
	<-e.done
}

// lost says why a turn has no end, and forgets the engine: the next turn gets another.
func (se *session) lost(e *engine, err error) error {
	if !errors.Is(err, errEnded) {
		return err
	}
	se.mu.Lock()
	if se.engine == e {
		se.engine = nil
	}
	se.mu.Unlock()
	return e.why(err)
}

// idle says whether there is an engine that does nothing.
func (se *session) idle() bool {
	se.mu.Lock()
	defer se.mu.Unlock()
	return se.call == nil && se.engine != nil
}

// rest stops the engine of a session that does nothing, for now.
func (se *session) rest() {
	select {
	case <-se.turns:
		se.release()
		se.turns <- struct{}{}
	default: // it has something to do again
	}
}

// close ends the session: a turn that runs is interrupted.
func (se *session) close() {
	se.cancel(errLeaving)
	<-se.turns // no turn runs, and none will
	se.release()
}

func (se *session) release() {
	se.mu.Lock()
	e := se.engine
	se.engine = nil
	se.mu.Unlock()
	if e != nil {
		e.stop(grace)
	}
}

// hear takes what the engine says, in the engine's goroutine.
func (se *session) hear(r *jsonrpc.Request) error {
	se.mu.Lock()
	c := se.call
	se.mu.Unlock()
	switch {
	case r.Kind == jsonrpc.KindRequest && c == nil:
		_ = r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeRefused, "no call is running that could answer %s", r.Method))
	case r.Kind == jsonrpc.KindRequest:
		go c.answer(r)
	case c != nil:
		c.note(r.Method, r.Params)
	}
	return nil
}
