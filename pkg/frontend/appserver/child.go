package appserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
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
	w    *jsonrpc.Writer
	gone chan struct{} // reaped, and everything about it is told

	mu      sync.Mutex
	next    int64
	pending map[int64]*call
	ready   bool
	turned  bool       // has had a turn/start
	opened  chan error // the answer to thread/start or thread/resume
	leaving bool
	dead    bool
}

// call is a request to the engine: a client's, or one of ours that done gets the answer of.
type call struct {
	r    *request
	done chan error
}

// Ids of our own first requests.
const (
	idHello = iota + 1
	idOpen
)

// engine gives the thread's child, and starts one if there is none. It runs in the lane.
func (t *loadedThread) engine() (*child, error) {
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
	env := append(slices.Clone(s.opts.Environ), "CODEX_INTERNAL_ORIGINATOR_OVERRIDE="+s.origin())
	pipe, err := pipeline.Start(pipeline.Spec{Engine: cmd, Env: env, Stderr: s.opts.Stderr})
	if err != nil {
		return nil, internal(fmt.Errorf("start the engine of thread %s: %w", t.id, err))
	}
	c = &child{t: t, pipe: pipe, w: jsonrpc.NewWriter(pipe.In), gone: make(chan struct{}), next: idOpen,
		pending: map[int64]*call{}, opened: make(chan error, 1)}
	t.mu.Lock()
	t.child = c
	t.mu.Unlock()
	go c.read()
	s.mu.Lock()
	closing := s.closing
	s.mu.Unlock()
	if closing { // looked at after the child can be found, so that none is overlooked
		c.release(s.opts.Leave)
		return nil, invalid("the server is leaving")
	}
	hello := protocol.InitializeParams{ClientInfo: t.client}
	if c.w.Request(idHello, protocol.MethodInitialize, hello) == nil && c.w.Notify(protocol.NoteInitialized, nil) == nil {
		_ = c.w.Request(idOpen, method, params) // a failure shows as the end of its output
	}
	select {
	case err = <-c.opened:
	case <-c.gone:
		err = internal(fmt.Errorf("the engine of thread %s ended before it was ready", t.id))
	}
	if err == nil {
		err = t.sow(c)
	}
	if err != nil {
		c.release(s.opts.Leave)
		return nil, err
	}
	return c, nil
}

// sow gives a fresh engine the history that no file of its thread holds.
func (t *loadedThread) sow(c *child) error {
	t.mu.Lock()
	seed := t.seed
	t.mu.Unlock()
	if seed == nil {
		return nil
	}
	if err := c.ask(protocol.MethodThreadInjectItems, protocol.ThreadInjectItemsParams{ThreadID: t.id, Items: seed}); err != nil {
		return fmt.Errorf("give thread %s its history: %w", t.id, err)
	}
	if !t.eph { // the engine has written it down
		t.mu.Lock()
		t.seed = nil
		t.mu.Unlock()
	}
	return nil
}

// ask sends a request of ours and waits for the answer.
func (c *child) ask(method string, params any) error {
	done := make(chan error, 1)
	if err := c.request(&call{done: done}, method, params); err != nil {
		return err
	}
	return <-done
}

// request sends a request; its answer goes to whom the call names.
func (c *child) request(q *call, method string, params any) error {
	c.mu.Lock()
	switch {
	case c.dead:
		c.mu.Unlock()
		return internal(fmt.Errorf("the engine of thread %s has ended", c.t.id))
	case len(c.pending) >= maxPending:
		c.mu.Unlock()
		return jsonrpc.Errorf(jsonrpc.CodeOverloaded, "Server overloaded; retry later.")
	}
	c.next++
	n := c.next
	c.pending[n] = q
	c.mu.Unlock()
	_ = c.w.Request(n, method, params) // a failure shows as the end of its output
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
	_ = json.Unmarshal(t.start, &p) // ours, or decoded before; the names are the same
	p.ThreadID, p.Path, p.History, p.ExcludeTurns = t.id, &t.path, nil, true
	p.Cwd, p.Model, p.ModelProvider = &t.told.Cwd, &t.told.Model, &t.told.ModelProvider
	p.ApprovalPolicy = &t.told.ApprovalPolicy
	p.BaseInstructions = nil // they are in the file
	if e := t.told.ReasoningEffort; e != nil {
		if p.Config == nil {
			p.Config = map[string]json.RawMessage{}
		}
		p.Config["model_reasoning_effort"] = encode(string(*e))
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
// the engine's order. It runs in the lane.
func (t *loadedThread) forward(r *request) (any, error) {
	c, err := t.engine()
	if err != nil {
		return nil, err
	}
	params := r.params
	switch r.method {
	case protocol.MethodTurnStart:
		params = c.sticky(params)
		t.busy.Store(true)
	case protocol.MethodReviewStart, protocol.MethodThreadCompactStart, protocol.MethodThreadShellCommand:
		t.busy.Store(true)
	}
	if err := c.request(&call{r: r}, r.method, params); err != nil {
		t.quiet()
		return nil, err
	}
	return nil, errLater
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
		c.line(bytes.Clone(line))
	}
	c.ended(pipeline.Blame(c.pipe.Wait(c.t.s.opts.Leave)))
}

func (c *child) line(line []byte) {
	method, id := gjson.GetBytes(line, "method").Str, gjson.GetBytes(line, "id")
	switch {
	case method != "" && !id.Exists():
		c.t.fromEngine(c, method, line)
	case method != "":
		c.t.ask(c, method, id.Raw, json.RawMessage(gjson.GetBytes(line, "params").Raw))
	default:
		c.answer(id, line)
	}
}

// answer passes the engine's answer on to whom asked.
func (c *child) answer(id gjson.Result, line []byte) {
	m, err := jsonrpc.Parse(line)
	if err != nil {
		c.t.s.opts.Log.Printf("thread %s: the engine wrote: %v", c.t.id, err)
		return
	}
	n := id.Int()
	c.mu.Lock()
	q := c.pending[n]
	delete(c.pending, n)
	if n == idOpen && m.Err == nil {
		c.ready = true
	}
	c.mu.Unlock()
	switch {
	case n == idOpen:
		if m.Err != nil {
			c.opened <- m.Err
		} else {
			c.opened <- nil
		}
	case q == nil:
	case q.r == nil && m.Err != nil:
		q.done <- m.Err
	case q.r == nil:
		q.done <- nil
	case m.Err != nil:
		q.r.fail(m.Err)
	default:
		q.r.reply(m.Result)
	}
	c.t.mu.Lock()
	c.t.rest()
	c.t.mu.Unlock()
	if m.Err != nil { // no turn comes of it
		c.t.quiet()
	}
}

func (c *child) isReady() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}

// working tells whether requests are open.
func (c *child) working() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) > 0
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
	c.dead = true
	pending, leaving := c.pending, c.leaving
	c.pending = nil
	c.mu.Unlock()
	t.mu.Lock()
	if t.child == c {
		t.child = nil
	}
	turn, asks := t.turn, t.asks
	t.turn, t.asks, t.commands, t.keep = nil, nil, nil, false
	t.rest()
	t.mu.Unlock()
	message := fmt.Sprintf("the engine of this thread ended unexpectedly: %s", how)
	if leaving {
		message = "the engine of this thread has left"
	}
	for _, n := range sortedKeys(pending) {
		err := jsonrpc.Errorf(jsonrpc.CodeInternal, "%s", message)
		if q := pending[n]; q.r != nil {
			q.r.fail(err)
		} else {
			q.done <- err
		}
	}
	for _, id := range sortedKeys(asks) {
		t.s.forget(asks[id])
		t.note(protocol.NoteServerRequestResolved, protocol.ServerRequestResolvedNotification{ThreadID: t.id, RequestID: protocol.RequestID(strconv.FormatInt(asks[id].id, 10))})
	}
	if turn != nil {
		t.failTurn(turn, message, leaving)
	}
	t.calm()
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
