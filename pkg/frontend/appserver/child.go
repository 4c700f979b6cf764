package appserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/cli/pipeline"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// child is the engine of one thread: a codex-turn process.
type child struct {
	t    *loadedThread
	pipe *pipeline.Pipeline
	rpc  *jsonrpc.Conn
	gone chan struct{} // reaped, and everything about it is told

	mu      sync.Mutex
	token   string // the client's own that the engine has
	ready   bool   // the thread is open
	turned  bool   // has had a turn/start
	leaving bool
}

// engine gives the thread's child, and starts one if there is none. It runs in the
// thread's queue.
func (t *loadedThread) engine() (*child, error) {
	if t.parent != nil {
		return t.parent.running()
	}
	t.mu.Lock()
	stale := t.stale
	t.mu.Unlock()
	if stale {
		t.letGo()
	}
	t.mu.Lock()
	c := t.child
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
	t.mu.Unlock()
	if c != nil {
		return c, nil
	}
	s := t.s
	method, params := t.opening()
	cmd := s.opts.Engine
	cmd.Args = append(slices.Clone(cmd.Args), "--source", "vscode")
	if method == protocol.MethodThreadStart {
		cmd.Args = append(cmd.Args, "--thread-id", t.id)
	}
	if s.local.HasExternal() {
		cmd.Args = append(cmd.Args, "--client-auth")
	}
	for _, dir := range s.local.SkillRoots() {
		cmd.Args = append(cmd.Args, "--skill-root", dir)
	}
	if socket := s.mcpSocket(); socket != "" {
		cmd.Args = append(cmd.Args, "--mcp-pool", socket)
	}
	env := append(slices.Clone(s.opts.Environ), "CODEX_INTERNAL_ORIGINATOR_OVERRIDE="+s.origin())
	pipe, err := pipeline.Start(pipeline.Spec{Engine: cmd, Filters: s.notifier(t.client.Name), Env: env, Stderr: s.opts.Stderr})
	if err != nil {
		return nil, fmt.Errorf("start the engine of thread %s: %w", t.id, err)
	}
	c = &child{t: t, pipe: pipe, gone: make(chan struct{})}
	c.rpc = jsonrpc.NewConn(jsonrpc.NewWriter(pipe.In), jsonrpc.Options{FirstID: 1, MaxCalls: maxPending, Raw: c.notification, Handle: c.request, Bad: c.bad, Lost: c.lost})
	t.mu.Lock()
	t.child = c
	t.mu.Unlock()
	go c.read()
	s.mu.Lock()
	closing := s.closing
	s.mu.Unlock()
	if closing { // looked at after the child can be found, so that none is overlooked
		c.release(s.opts.Grace)
		return nil, jsonrpc.Invalidf("the server is leaving")
	}
	err = c.open(method, params)
	if err == nil {
		err = t.sow(c)
	}
	if err != nil {
		c.release(s.opts.Grace)
		return nil, err
	}
	return c, nil
}

// notifier is the filter that runs the notify program of config.toml, which a project
// cannot set; none without one.
func (s *Server) notifier(client string) []pipeline.Command {
	argv := s.local.Notify()
	if len(argv) == 0 {
		return nil
	}
	return []pipeline.Command{{Name: "codex-notify", Path: s.opts.Notify, Args: append([]string{"--client", client, "--exec"}, argv...)}}
}

// open lets the engine say who it speaks with, and open the thread.
func (c *child) open(method string, params any) error {
	can := &protocol.InitializeCapabilities{AgentThreads: true}
	_, err := c.rpc.Start(protocol.MethodInitialize, protocol.InitializeParams{ClientInfo: c.t.client, Capabilities: can}, func(json.RawMessage, error) error { return nil })
	if err == nil {
		err = c.rpc.Notify(protocol.NoteInitialized, nil)
	}
	if err == nil {
		var call *jsonrpc.Call
		if call, err = c.rpc.Start(method, params, c.opened); err == nil {
			err = call.Wait(context.Background()) // until it answers or ends
		}
	}
	if c.rpc.Err() != nil {
		return fmt.Errorf("the engine of thread %s ended before it was ready", c.t.id)
	}
	return err
}

// opened takes the answer that the thread is open.
func (c *child) opened(_ json.RawMessage, err error) error {
	c.mu.Lock()
	c.ready = err == nil
	c.mu.Unlock()
	return err
}

// sow gives a fresh engine the history that no file of its thread holds.
func (t *loadedThread) sow(c *child) error {
	t.mu.Lock()
	seed := t.seed
	t.mu.Unlock()
	if seed == nil {
		return nil
	}
	if err := c.rpc.Call(context.Background(), protocol.MethodThreadInjectItems, protocol.ThreadInjectItemsParams{ThreadID: t.id, Items: seed}, nil); err != nil {
		return fmt.Errorf("give thread %s its history: %w", t.id, err)
	}
	if !t.eph { // the engine has written it down
		t.mu.Lock()
		t.seed = nil
		t.mu.Unlock()
	}
	return nil
}

// opening is the request with which an engine gets the thread: to start it, or to go on
// with its file. What turns have changed holds for the next engine as well.
func (t *loadedThread) opening() (string, any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.materialized() {
		if t.start == nil {
			return protocol.MethodThreadStart, json.RawMessage("{}")
		}
		return protocol.MethodThreadStart, t.start
	}
	var p protocol.ThreadResumeParams
	_ = json.Unmarshal(t.start, &p) // decoded before; the names are the same
	p.ThreadID, p.Path, p.History, p.ExcludeTurns = t.id, &t.path, nil, true
	p.Cwd, p.Model, p.ModelProvider = &t.begun.Cwd, &t.begun.Model, &t.begun.ModelProvider
	p.ApprovalPolicy = &t.begun.ApprovalPolicy
	p.BaseInstructions = nil // they are in the file
	if e := t.begun.ReasoningEffort; e != nil {
		if p.Config == nil {
			p.Config = map[string]json.RawMessage{}
		}
		p.Config["model_reasoning_effort"] = raw(*e)
	}
	if t.settings != nil {
		var now protocol.ThreadSettings
		if json.Unmarshal(t.settings, &now) == nil {
			p.Cwd, p.Model, p.ApprovalPolicy = &now.Cwd, &now.Model, &now.ApprovalPolicy
		}
	}
	return protocol.MethodThreadResume, p
}

// forward passes a request on to the engine; the answer comes with its notifications, in
// the engine's order. It runs in the thread's queue.
func (t *loadedThread) forward(r *request) (any, error) {
	c, err := t.engine()
	if err != nil {
		return nil, err
	}
	params := r.Params
	switch r.Method {
	case protocol.MethodTurnStart:
		if c.t == t { // an agent's settings are with the agent
			params = c.sticky(params)
		}
		t.busy.Store(true)
	case protocol.MethodReviewStart, protocol.MethodThreadCompactStart, protocol.MethodThreadShellCommand:
		t.busy.Store(true)
	}
	_, err = c.rpc.Start(r.Method, params, func(result json.RawMessage, err error) error {
		_ = r.Reply(result, err) // a client that has gone misses it
		t.resting()
		if err != nil { // no turn comes of it
			t.quiet()
		}
		return nil
	})
	if err != nil {
		t.quiet()
		return nil, err
	}
	return nil, jsonrpc.ErrLater
}

// quiet takes back that a turn comes, when none does.
func (t *loadedThread) quiet() {
	t.mu.Lock()
	idle := t.turn == nil
	t.mu.Unlock()
	if idle {
		t.calm()
	}
}

// sticky adds what earlier turns have set, to the first turn of an engine that was not
// there then.
func (c *child) sticky(params json.RawMessage) json.RawMessage {
	c.mu.Lock()
	first := !c.turned
	c.turned = true
	c.mu.Unlock()
	c.t.mu.Lock()
	settings := c.t.settings
	c.t.mu.Unlock()
	if !first || settings == nil {
		return params
	}
	add := func(k string, now gjson.Result) {
		if given := gjson.GetBytes(params, k); now.Type == gjson.Null || given.Exists() && given.Type != gjson.Null {
			return
		}
		if out, err := sjson.SetRawBytes(params, k, []byte(now.Raw)); err == nil {
			params = out
		}
	}
	// A profile and a policy exclude each other; the policy is only like the profile.
	switch profile := gjson.GetBytes(settings, "activePermissionProfile.id"); {
	case profile.Exists() && !gjson.GetBytes(params, "sandboxPolicy.type").Exists():
		add("permissions", profile)
	case gjson.GetBytes(params, "permissions").Type != gjson.String:
		add("sandboxPolicy", gjson.GetBytes(settings, "sandboxPolicy"))
	}
	for _, k := range []string{"cwd", "approvalPolicy", "model", "effort", "summary", "personality", "collaborationMode"} {
		add(k, gjson.GetBytes(settings, k))
	}
	return params
}

// read takes the engine's lines until they end, and then tells how it ended.
func (c *child) read() {
	r := jsonrpc.NewReader(c.pipe.Out, maxLine)
	for {
		line, err := r.ReadLine()
		if errors.Is(err, jsonrpc.ErrTooLong) {
			c.t.s.opts.Log.Printf("thread %s: the engine wrote a line longer than %d bytes", c.t.id, maxLine)
			continue
		}
		if err != nil {
			if err != io.EOF {
				c.t.s.opts.Log.Printf("thread %s: read from the engine: %v", c.t.id, err)
			}
			break
		}
		_ = c.rpc.Line(line) // what cannot be read is logged
	}
	c.ended(pipeline.Blame(c.pipe.Wait(c.t.s.opts.Grace)))
}

// notification takes what the engine tells past the decoder: most of it goes on as it is.
func (c *child) notification(line []byte) (bool, error) {
	method := gjson.GetBytes(line, "method").Str
	if method == "" || gjson.GetBytes(line, "id").Exists() {
		return false, nil
	}
	if strings.HasPrefix(method, protocol.OursPrefix) {
		return true, nil // clients of a router know the original's
	}
	line = bytes.Clone(line)
	if t := c.of(method, gjson.GetBytes(line, "params")); t != nil {
		t.fromEngine(c, method, line)
	}
	return true, nil
}

func (c *child) request(r *jsonrpc.Request) error {
	if r.Method == protocol.AskAuthTokensRefresh {
		if res := c.newer(); res != nil {
			return r.Reply(res, nil)
		}
	}
	if t := c.of(r.Method, gjson.ParseBytes(r.Params)); t != nil {
		t.ask(r)
		return nil
	}
	return r.Reply(nil, jsonrpc.Invalidf("the thread that asks is not known"))
}

// newer gives the client's tokens when the engine does not have them yet.
func (c *child) newer() *protocol.ChatgptAuthTokensRefreshResponse {
	c.mu.Lock()
	defer c.mu.Unlock()
	res := c.t.s.local.External(c.token)
	if res != nil {
		c.token = res.AccessToken
	}
	return res
}

// takeTokens keeps the tokens that a client has just given the engine.
func (t *loadedThread) takeTokens(result json.RawMessage, err error) {
	var got protocol.ChatgptAuthTokensRefreshResponse
	if err != nil || json.Unmarshal(result, &got) != nil {
		return
	}
	t.s.local.Adopt(&got)
	t.mu.Lock()
	c := t.child
	t.mu.Unlock()
	if c != nil {
		c.mu.Lock()
		c.token = got.AccessToken
		c.mu.Unlock()
	}
}

func (c *child) bad(_ []byte, err error) error {
	c.t.s.opts.Log.Printf("thread %s: the engine wrote a line that is no message: %v", c.t.id, err)
	return nil
}

func (c *child) isReady() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}

// release closes the engine's input, upon which it leaves, and waits.
func (c *child) release(grace time.Duration) {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	c.pipe.In.Close()
	c.await(grace)
}

// terminate interrupts the turn and waits: the engine writes its file and leaves.
func (c *child) terminate(grace time.Duration) {
	c.mu.Lock()
	c.leaving = true
	c.mu.Unlock()
	c.pipe.Terminate()
	c.await(grace)
}

func (c *child) await(grace time.Duration) {
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-c.gone:
	case <-late.C:
		c.pipe.Kill()
		<-c.gone
	}
}

// ended settles everything that waited for the engine. When nobody asked it to leave, the
// running turn has failed; all else goes on.
func (c *child) ended(how string) {
	defer close(c.gone)
	t := c.t
	c.mu.Lock()
	leaving := c.leaving
	c.mu.Unlock()
	t.mu.Lock()
	if t.child == c {
		t.child, t.stale = nil, false
	}
	turn, asks := t.turn, slices.Clone(t.asks)
	t.turn, t.commands, t.agents, t.keep = nil, nil, nil, false
	t.mu.Unlock()
	message := fmt.Sprintf("the engine of this thread ended unexpectedly: %s", how)
	if leaving {
		message = "the engine of this thread has left"
	}
	c.rpc.End(errors.New(message))
	t.settle(turn, asks, message, leaving)
	for _, g := range t.s.agentsOf(t) {
		g.gone(message, leaving)
	}
	t.resting()
}

// settle ends what waited for an engine that has ended.
func (t *loadedThread) settle(turn *protocol.Turn, asks []*ask, message string, leaving bool) {
	for _, a := range asks {
		a.close(true)
	}
	if turn != nil {
		t.failTurn(turn, message, leaving)
	}
	t.calm()
}

// lost is why an engine that does not read any more cannot be asked: how it ended.
func (c *child) lost(error) error {
	<-c.gone
	return c.rpc.Err()
}

// failTurn tells the end of a turn whose engine did not.
func (t *loadedThread) failTurn(turn *protocol.Turn, message string, interrupted bool) {
	now := t.s.opts.Now()
	at := now.Unix()
	turn.Status, turn.CompletedAt = protocol.TurnStatusInterrupted, &at
	if turn.StartedAt != nil {
		ms := (at - *turn.StartedAt) * 1000
		turn.DurationMs = &ms
	}
	status := protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}
	if !interrupted {
		turn.Status = protocol.TurnStatusFailed
		turn.Error = &protocol.TurnError{Message: message, CodexErrorInfo: &protocol.CodexErrorInfo{Kind: "other"}}
		status.Type = protocol.ThreadStatusSystemError
		t.note(protocol.NoteError, protocol.ErrorNotification{Error: *turn.Error, ThreadID: t.id, TurnID: turn.ID})
	}
	t.setStatus(status)
	t.note(protocol.NoteTurnCompleted, protocol.TurnCompletedNotification{ThreadID: t.id, Turn: *turn})
}
