package memories

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

const (
	// grace is how long an engine may take to leave.
	grace = 2 * time.Second
	// maxPending bounds requests to an engine without an answer.
	maxPending = 8
)

// job is a turn that an engine runs for us.
type job struct {
	model, effort        string
	instructions, prompt string
	schema               json.RawMessage
	dir                  string                     // that it works in
	args                 []string                   // of codex-turn
	settings             map[string]json.RawMessage // over those of the user
	permissions          string                     // profile of its commands
	limit                time.Duration
}

// engine is the process of one job.
type engine struct {
	pipe *pipeline.Pipeline
	conn *jsonrpc.Conn
	done chan error // the error of the turn, once it is over

	// For whom the engine has left.
	answer string          // last message
	limits json.RawMessage // of the account
}

// run runs a job and gives the last message of the model. Nothing of the engine is left
// when it returns.
func (u *updater) run(ctx context.Context, j job) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, j.limit, fmt.Errorf("it took longer than %s", j.limit))
	defer cancel()
	path, err := u.Engine()
	if err != nil {
		return "", fmt.Errorf("find the engine: %w", err)
	}
	pipe, err := pipeline.Start(pipeline.Spec{Engine: pipeline.Command{Name: "codex-turn", Path: path, Args: append(u.engine, j.args...)}, Env: u.Environ, Dir: j.dir, Stderr: u.log})
	if err != nil {
		return "", err
	}
	e := &engine{pipe: pipe, done: make(chan error, 1)}
	e.conn = jsonrpc.NewConn(jsonrpc.NewWriter(pipe.In), jsonrpc.Options{FirstID: 1, MaxCalls: maxPending, Handle: e.handle})
	served := make(chan struct{})
	go func() { // ends with the engine's output
		defer close(served)
		_ = e.conn.Serve(jsonrpc.NewReader(pipe.Out, 0)) // whoever waits hears of it
		e.end(jsonrpc.ErrLost)
	}()
	err = e.turn(ctx, j)
	if ctx.Err() != nil {
		pipe.Terminate()
	}
	exits := pipe.Wait(grace)
	<-served
	if len(e.limits) > 0 {
		u.limits = e.limits
	}
	if errors.Is(err, jsonrpc.ErrLost) {
		err = errors.New(pipeline.Blame(exits) + " before the turn was over")
	}
	return e.answer, err
}

// turn begins a thread and its one turn, and waits for the end of that.
func (e *engine) turn(ctx context.Context, j job) error {
	hello := protocol.InitializeParams{ClientInfo: protocol.ClientInfo{Name: "codex-memories", Version: version.Compat},
		Capabilities: &protocol.InitializeCapabilities{ExperimentalApi: true, OptOutNotificationMethods: []string{protocol.NoteItemAgentMessageDelta, protocol.NoteItemReasoningSummaryTextDelta, protocol.NoteItemReasoningTextDelta, protocol.NoteItemCommandExecutionOutputDelta, protocol.NoteItemStarted, protocol.NoteTurnDiffUpdated}}}
	if err := e.conn.Call(ctx, protocol.MethodInitialize, hello, nil); err != nil {
		return err
	}
	yes, who := true, protocol.ThreadSourceMemory
	begin := protocol.ThreadStartParams{Model: &j.model, Cwd: &j.dir, Ephemeral: &yes, ThreadSource: &who, Config: j.settings}
	if j.instructions != "" {
		begin.BaseInstructions = &j.instructions
	}
	if j.permissions != "" {
		begin.Permissions = &j.permissions
	}
	var opened protocol.ThreadStartResponse
	if err := e.conn.Call(ctx, protocol.MethodThreadStart, begin, &opened); err != nil {
		return err
	}
	effort := protocol.ReasoningEffort(j.effort)
	ask := protocol.TurnStartParams{ThreadID: opened.Thread.ID, Input: protocol.List[protocol.UserInput]{{Type: protocol.UserInputText, Text: j.prompt}}, Effort: &effort, OutputSchema: j.schema}
	if err := e.conn.Call(ctx, protocol.MethodTurnStart, ask, nil); err != nil {
		return err
	}
	select {
	case err := <-e.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// handle takes what the engine tells, and refuses what it asks: nobody is there.
func (e *engine) handle(r *jsonrpc.Request) error {
	p := gjson.ParseBytes(r.Params)
	switch {
	case r.ID != nil:
		return r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "nobody can be asked"))
	case r.Method == protocol.NoteItemCompleted && p.Get("item.type").Str == protocol.ItemAgentMessage:
		e.answer = p.Get("item.text").String()
	case r.Method == protocol.NoteAccountRateLimitsUpdated:
		e.limits = json.RawMessage(p.Get("rateLimits").Raw)
	case r.Method == protocol.NoteTurnCompleted && protocol.TurnStatus(p.Get("turn.status").Str) == protocol.TurnStatusCompleted:
		e.end(nil)
	case r.Method == protocol.NoteTurnCompleted:
		e.end(errors.New(cmp.Or(p.Get("turn.error.message").String(), "the turn was interrupted")))
	}
	return nil
}

// end tells the first end to who waits.
func (e *engine) end(err error) {
	select {
	case e.done <- err:
	default:
	}
}

// openLog opens the file for words about what happens; one that has grown large begins anew.
func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the log: %w", err)
	}
	if st, err := os.Stat(path); err == nil && st.Size() > 1<<20 {
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("begin the log anew: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND|foreign.NonBlocking, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return f, nil
}
