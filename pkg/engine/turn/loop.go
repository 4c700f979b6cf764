package turn

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"codex/pkg/engine/instructions"
	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/patch"
	"codex/pkg/policy"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// errInterrupted is the cause of a turn that the user stopped.
var errInterrupted = errors.New("interrupted")

// errReplaced is the cause of a turn that another has taken the place of.
var errReplaced = errors.New("replaced")

// run is a turn from its start to its last notification.
func (t *turn) run(input []protocol.UserInput) {
	defer close(t.done)
	th := t.th
	begun := th.now()
	if t.job.review != nil {
		t.itemWhole(&protocol.EnteredReviewModeItem{Type: protocol.ItemEnteredReviewMode, ID: t.id, Review: t.job.review.hint})
	}
	th.status(active())
	turn := protocol.NewTurn(t.id, protocol.TurnStatusInProgress)
	turn.StartedAt = &t.start
	t.out.notify(protocol.NoteTurnStarted, protocol.TurnStartedNotification{ThreadID: th.id, Turn: turn})
	th.tell.turnStarted(t)
	held := t.hold()
	var last *string
	var firstMs *int64
	var err error
	if held {
		t.recordStart()
		th.makeMemories()
		firstMs, err = t.work(input, &last)
	}
	if err != nil && t.ctx.Err() == nil {
		turn.Error = turnError(err)
		th.status(protocol.ThreadStatus{Type: protocol.ThreadStatusSystemError})
		t.out.notify(protocol.NoteError, protocol.ErrorNotification{Error: *turn.Error, ThreadID: th.id, TurnID: t.id})
	}
	if t.job.review != nil {
		t.reviewed()
	}
	if held {
		t.keepInput()
	}
	completed, ms := th.now().Unix(), th.now().Sub(begun).Milliseconds()
	turn.CompletedAt, turn.DurationMs = &completed, &ms
	th.turnState = ""
	switch {
	case t.ctx.Err() != nil:
		turn.Status = protocol.TurnStatusInterrupted
		if held {
			t.aborted(completed, ms)
		}
	case err != nil:
		turn.Status = protocol.TurnStatusFailed
		th.record(event(taskComplete{"task_complete", t.id, nil, completed, ms, firstMs}))
	default:
		turn.Status = protocol.TurnStatusCompleted
		th.tools.Settle(t.ctx)
		th.record(event(taskComplete{"task_complete", t.id, last, completed, ms, firstMs}))
	}
	th.tell.turnEnded(turn, firstMs)
	t.end(turn)
}

// end gives the thread back, answers who interrupted the turn, and says how it ended.
func (t *turn) end(turn protocol.Turn) {
	th := t.th
	t.status = turn.Status
	t.goalAfter()
	for _, id := range t.detach(th.file.Release) {
		t.out.check(t.out.conn.Respond(id, protocol.TurnInterruptResponse{}))
	}
	if turn.Status != protocol.TurnStatusFailed {
		th.status(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	}
	t.out.notify(protocol.NoteTurnCompleted, protocol.TurnCompletedNotification{ThreadID: th.id, Turn: turn})
}

// hold waits until no other engine is at work on the session, and takes over what that has
// added; false when the turn was interrupted before.
func (t *turn) hold() bool {
	th := t.th
	changed, err := th.file.Hold(t.ctx, func() { t.out.warn(th.id, "Another codex is at work on this session: waiting until its turn is over.") })
	if err != nil || !changed {
		return err == nil
	}
	th.mu.Lock() // before it is read: nothing is recorded that what is taken then lacks
	defer th.mu.Unlock()
	h, err := rollout.Load(th.file.Path())
	if err != nil {
		t.out.warn(th.id, fmt.Sprintf("What was added to this session cannot be read: %v", err))
		return true
	}
	th.take(h)
	th.lastTurn = t.id
	return true
}

// detach ends the turn's hold on the thread; what still waits for the history goes there.
// release is called when that is written down and no other turn has begun. It gives the interrupts
// to answer.
func (t *turn) detach(release func()) []json.RawMessage {
	th := t.th
	th.mu.Lock()
	defer th.mu.Unlock()
	for _, p := range t.pending {
		th.push(p.items...)
	}
	t.pending, t.closed = nil, true
	release()
	if th.running == t {
		th.running = nil
	}
	th.updated = th.now()
	return t.interrupts
}

// itemWhole announces an item that begins and ends at once.
func (t *turn) itemWhole(item protocol.ThreadItem) {
	t.itemStarted(item)
	t.itemCompleted(item)
}

// taskComplete ends a turn in the session file; a failed one too, as in the original.
type taskComplete struct {
	Type        string  `json:"type"`
	TurnID      string  `json:"turn_id"`
	Last        *string `json:"last_agent_message"`
	CompletedAt int64   `json:"completed_at"`
	DurationMs  int64   `json:"duration_ms"`
	FirstMs     *int64  `json:"time_to_first_token_ms,omitempty"`
}

// aborted records an interrupt: the marker that the model sees next time, then the event.
// A turn that was replaced has no marker: what replaced it is in the history.
func (t *turn) aborted(completed, ms int64) {
	th := t.th
	reason := "interrupted"
	if errors.Is(context.Cause(t.ctx), errReplaced) {
		reason = "replaced"
	} else {
		th.push(item.Item{Raw: item.Message("user", instructions.TurnAborted)})
	}
	th.record(event(struct {
		Type        string `json:"type"`
		TurnID      string `json:"turn_id"`
		Reason      string `json:"reason"`
		CompletedAt int64  `json:"completed_at"`
		DurationMs  int64  `json:"duration_ms"`
	}{"turn_aborted", t.id, reason, completed, ms}))
}

// recordStart opens the turn in the session file.
func (t *turn) recordStart() {
	set := &t.th.set
	t.th.record(event(struct {
		Type    string            `json:"type"`
		TurnID  string            `json:"turn_id"`
		Started int64             `json:"started_at"`
		Window  int64             `json:"model_context_window"`
		Mode    protocol.ModeKind `json:"collaboration_mode_kind"`
	}{"task_started", t.id, t.start, set.window(), set.collab.kind()}))
}

// work does what a turn is for. What comes while a user's command runs is answered after
// it.
func (t *turn) work(input []protocol.UserInput, last **string) (firstMs *int64, err error) {
	switch t.job.kind {
	case jobCompact:
		if err := t.compact(true); !errors.Is(err, errHookStopped) {
			return nil, err
		}
		return nil, nil // the user's own hook: no mistake
	case jobReview:
		return nil, t.reviewWith(t.job.review)
	case jobShell:
		t.userCommand(t.job.command, func(record item.Item) { t.th.push(record) })
		if t.ctx.Err() != nil {
			return nil, context.Cause(t.ctx)
		}
		if !t.pendingOrClose() {
			return nil, nil
		}
	}
	return t.converse(input, last)
}

// converse asks the model until it has nothing more to do.
func (t *turn) converse(input []protocol.UserInput, last **string) (firstMs *int64, err error) {
	th := t.th
	err = th.renewServers(t.ctx)
	th.mcp.Wait(t.ctx)
	if t.ctx.Err() != nil {
		return nil, context.Cause(t.ctx)
	}
	if err != nil {
		return nil, err
	}
	tt, err := t.toolTurn()
	if err != nil {
		return nil, err
	}
	if th.mustCompact() {
		if err := t.compact(true); err != nil {
			return nil, err
		}
	}
	t.recordContext()
	if t.job.goal != "" {
		th.push(item.Item{Raw: item.Message("user", t.job.goal)})
	}
	if !t.sessionHooks() || t.job.goal == "" && !t.submit(input) && !t.pendingOrClose() {
		return nil, nil
	}
	for more := t.job.kind == jobShell; ; more = true {
		if more {
			t.drain()
		}
		s := &sample{t: t, tt: tt, begun: time.Now()}
		err := s.run(t.ctx)
		if s.saw && firstMs == nil {
			firstMs = &s.firstMs
		}
		follow := len(s.calls) > 0 || s.more
		t.called = t.called || slices.ContainsFunc(s.calls, func(p *tools.Pending) bool { return !goalTool(p.Call) })
		if err := t.settle(s, err); err != nil {
			return firstMs, err
		}
		if t.diff != "" {
			t.DiffUpdated(t.diff)
		}
		if s.text != "" {
			*last = new(s.text)
		} else if !follow {
			*last = nil
		}
		if !follow && !t.hasPending() && !t.stopHooks(*last) && !t.pendingOrClose() {
			return firstMs, nil
		}
		if th.mustCompact() {
			if err := t.compact(false); err != nil {
				return firstMs, err
			}
		}
	}
}

// settle waits for the tools of a request, which end with the turn, and records what came
// of it. The error ends the turn.
func (t *turn) settle(s *sample, err error) error {
	s.collect()
	switch {
	case s.usage != nil: // of an answer that was cut off, too
		t.usage(s.usage)
	case err == nil:
		t.usage(nil)
	case t.ctx.Err() == nil:
		s.lost()
	}
	switch {
	case t.ctx.Err() != nil:
		return context.Cause(t.ctx)
	case err != nil:
		t.failed(err)
		return err
	}
	if err := t.th.tools.Lost(); err != nil {
		return &responses.Error{Message: err.Error(), Kind: protocol.ErrorInfoSandboxError, Err: err}
	}
	return t.confined()
}

// toolTurn is what this turn's tool calls run under.
func (t *turn) toolTurn() (*tools.Turn, error) {
	th := t.th
	if err := th.tools.Lost(); err != nil { // between turns: nobody has missed it
		th.opts.Log.Print(err)
	}
	profile := th.set.permits.placed
	env := th.opts.policyEnv(th.set.cwd)
	resolve := func(p policy.Profile) (policy.Policy, error) { return p.Resolve(env) }
	pol, err := resolve(profile)
	if err != nil {
		return nil, fmt.Errorf("resolve sandbox policy: %w", err)
	}
	m := th.set.model
	var meta json.RawMessage
	var state any
	if th.mcp.Any() {
		meta, state = t.metadata(), t.sandboxState()
	}
	return &tools.Turn{Metadata: meta, SandboxState: state, ThreadID: th.id, TurnID: t.id, Cwd: th.set.cwd, Mode: th.set.mode(), Profile: profile, Policy: pol, Resolve: resolve,
		Approval: thread.ApprovalWord(th.set.approval), Granular: granularFlags(th.set.approval.Granular),
		Model: m, Limit: limitOf(m), Diff: patch.NewTurnDiff(cmp.Or(th.cfg.GitRoot, th.set.cwd)), PlanMode: th.set.collab.plan, Hooks: t.toolHooks(), Questions: th.mayAsk(), Dynamic: th.dynamic, Defer: th.deferral(), Out: t}, nil
}

// recordContext records what changed since the model was last told, and the line that
// says what this turn runs under.
func (t *turn) recordContext() {
	th := t.th
	c := th.turnContext(t.id)
	var msgs []json.RawMessage
	if th.baseline == nil {
		msgs = th.initialContext(c)
	} else {
		msgs = th.contextDiff(th.baseline, c)
	}
	for _, m := range msgs {
		th.push(item.Item{Raw: m})
	}
	th.baseline, th.previousModel = c, c.Model
	th.recordContext(c)
}

// recordInput records a user message, and shows it.
func (t *turn) recordInput(input []protocol.UserInput) {
	if len(input) == 0 {
		return
	}
	th := t.th
	if t.outer == nil {
		th.tell.prompt(input)
	}
	raw, ev, lost := th.userMessage(input)
	for _, problem := range lost {
		t.out.warn(t.shown.thread, problem)
	}
	th.push(item.Item{Raw: raw})
	t.recordShown(event(ev))
	th.previewed(ev.Message)
	if t.outer != nil {
		t.outer.th.previewed(ev.Message)
	}
	for i := range input {
		if input[i].Type == protocol.UserInputText && input[i].TextElements == nil {
			input[i].TextElements = protocol.List[protocol.TextElement]{}
		}
	}
	um := &protocol.UserMessageItem{Type: protocol.ItemUserMessage, ID: uuid.NewString(), Content: input}
	t.itemWhole(um)
	t.useSkills(input)
}

// previewed keeps the first thing that a user wrote.
func (t *liveThread) previewed(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.preview = cmp.Or(t.preview, text)
}

// drain records what came while the turn ran.
func (t *turn) drain() {
	t.th.mu.Lock()
	queue := t.pending
	t.pending = nil
	t.th.mu.Unlock()
	for _, p := range queue {
		t.th.push(p.items...)
		t.submit(p.input)
	}
}

// keepInput takes no more input, and records what has come too late for a request: the
// next turn's has it.
func (t *turn) keepInput() {
	t.th.mu.Lock()
	t.closed = true
	t.th.mu.Unlock()
	t.drain()
}

// pendingOrClose says whether something came that the model has to see; if not, the turn
// takes no more.
func (t *turn) pendingOrClose() bool {
	t.th.mu.Lock()
	defer t.th.mu.Unlock()
	more := slices.ContainsFunc(t.pending, func(p pending) bool { return !p.quiet })
	t.closed = !more
	return more
}

// hasPending says whether something came that the model has to see.
func (t *turn) hasPending() bool {
	t.th.mu.Lock()
	defer t.th.mu.Unlock()
	return slices.ContainsFunc(t.pending, func(p pending) bool { return !p.quiet })
}

// usage counts a response's tokens and tells everybody.
func (t *turn) usage(u *rollout.Usage) {
	th := t.th
	th.tell.tokens(u)
	if u != nil {
		t.used(u)
	}
	t.tokenCount()
}

// used counts a response's tokens.
func (t *turn) used(u *rollout.Usage) {
	th := t.th
	th.tokens.Total = th.tokens.Total.Add(*u)
	th.tokens.Last = *u
	th.haveTokens = true
	t.countGoal(max(u.Input-u.Cached, 0) + u.Output)
}

func (t *turn) tokenCount() {
	th := t.th
	th.tokens.Window = new(th.set.window())
	var info *rollout.TokenInfo
	if th.haveTokens {
		info = &th.tokens
	}
	th.record(event(struct {
		Type   string             `json:"type"`
		Info   *rollout.TokenInfo `json:"info"`
		Limits json.RawMessage    `json:"rate_limits"`
	}{"token_count", info, th.limits}))
	if t.outer != nil {
		return // clients know the tokens of the thread that asked for the review
	}
	if info != nil {
		u := thread.Usage(th.tokens)
		th.mu.Lock()
		th.usage = &u
		th.mu.Unlock()
		t.out.notify(protocol.NoteThreadTokenUsageUpdated, protocol.ThreadTokenUsageUpdatedNotification{ThreadID: th.id, TurnID: t.id, TokenUsage: u})
	}
	t.out.notify(protocol.NoteAccountRateLimitsUpdated, protocol.AccountRateLimitsUpdatedNotification{RateLimits: camelLimits(th.limits)})
}

// failed notes what an error means for the thread's later turns.
func (t *turn) failed(err error) {
	if re, ok := errors.AsType[*responses.Error](err); ok && re.Kind == "contextWindowExceeded" {
		// The next turn compacts first.
		th := t.th
		th.tokens.Last = rollout.Usage{Total: th.set.model.ContextWindow}
		th.haveTokens = true
		t.tokenCount()
	}
}

// retrying is the visible notice of the stream layer.
func (t *turn) retrying(n, of int, err *responses.Error) {
	t.again(fmt.Sprintf("Reconnecting... %d/%d", n, of), err.Message, errorInfo(err, "responseStreamDisconnected"))
}

// again says that a request is made again, and why.
func (t *turn) again(message, why string, info *protocol.CodexErrorInfo) {
	t.out.notify(protocol.NoteError, protocol.ErrorNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, WillRetry: true,
		Error: protocol.TurnError{Message: message, CodexErrorInfo: info, AdditionalDetails: &why}})
}
