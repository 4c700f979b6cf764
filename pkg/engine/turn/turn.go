package turn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// turn is one exchange. It is the tools' Out.
type turn struct {
	th     *liveThread
	out    *emitter
	id     string
	shown  shown // what notifications say they are about
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}
	start  int64               // unix seconds
	status protocol.TurnStatus // once done

	job       job
	schema    json.RawMessage // of the answer
	changed   bool            // the thread's settings are not what they were
	asked     int             // interrupts of the server when it was asked for
	signalled bool            // stopped by a signal; guarded by the server's mu
	before    *turn           // was running, and has to end first
	outer     *turn           // the review that this turn is the work of

	// Guarded by th.mu.
	pending    []pending
	closed     bool              // takes no more steering
	interrupts []json.RawMessage // requests to answer once it has stopped
	begun      map[string]bool   // ids of items that have not completed

	diff    string
	stopped int  // how often Stop hooks have let the turn go on
	called  bool // the model has called a tool that does something for a goal
}

// shown are the ids of a turn and its thread as clients know them: what a review does is
// part of the turn that asked for it.
type shown struct{ thread, turn string }

// job is what a turn is for. The zero job is a conversation.
type job struct {
	goal    string // the message with which a turn for a goal begins
	kind    string // "", jobCompact, jobReview, jobShell
	review  *reviewJob
	command string
}

// Kinds of jobs, named as clients know those that take no input.
const (
	jobCompact = string(protocol.NonSteerableTurnKindCompact)
	jobReview  = string(protocol.NonSteerableTurnKindReview)
	jobShell   = "shell"
)

// pending is something for the history that came while the turn ran.
type pending struct {
	input []protocol.UserInput
	items []item.Item // instead of input
	quiet bool        // does not keep the turn going
}

var _ tools.Out = (*turn)(nil)

// ItemStarted implements tools.Out. An item that was announced with a question about it
// is not announced again when it begins.
func (t *turn) ItemStarted(item protocol.ThreadItem) {
	id := itemIdentity(item)
	t.th.mu.Lock()
	again := t.begun[id]
	if t.begun == nil {
		t.begun = map[string]bool{}
	}
	t.begun[id] = id != ""
	t.th.mu.Unlock()
	if !again {
		t.itemStarted(item)
	}
}

// ItemCompleted implements tools.Out.
func (t *turn) ItemCompleted(item protocol.ThreadItem) {
	t.th.mu.Lock()
	delete(t.begun, itemIdentity(item))
	t.th.mu.Unlock()
	t.itemCompleted(item)
}

// itemIdentity is the id of an item that may be asked about.
func itemIdentity(item protocol.ThreadItem) string {
	switch i := item.(type) {
	case *protocol.CommandExecutionItem:
		return i.ID
	case *protocol.FileChangeItem:
		return i.ID
	}
	return ""
}

// WantsOutput implements tools.Out.
func (t *turn) WantsOutput() bool { return t.out.wants(noteOutputDelta) }

// OutputDelta implements tools.Out.
func (t *turn) OutputDelta(itemID, text string) {
	t.out.notify(noteOutputDelta, protocol.CommandExecutionOutputDeltaNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, ItemID: itemID, Delta: text})
}

// TerminalInteraction implements tools.Out.
func (t *turn) TerminalInteraction(itemID, processID, stdin string) {
	t.out.notify(protocol.NoteItemCommandExecutionTerminalInteraction, protocol.TerminalInteractionNotification{
		ThreadID: t.shown.thread, TurnID: t.shown.turn, ItemID: itemID, ProcessID: processID, Stdin: stdin})
}

// PlanUpdated implements tools.Out.
func (t *turn) PlanUpdated(why *string, plan []protocol.TurnPlanStep) {
	t.out.notify(protocol.NoteTurnPlanUpdated, protocol.TurnPlanUpdatedNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, Explanation: why, Plan: plan})
}

// DiffUpdated implements tools.Out.
func (t *turn) DiffUpdated(diff string) {
	t.diff = diff
	t.out.notify(protocol.NoteTurnDiffUpdated, protocol.TurnDiffUpdatedNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, Diff: diff})
}

// PatchEnd implements tools.Out.
func (t *turn) PatchEnd(end tools.PatchEnd) { t.recordShown(event(end)) }

// Cancel implements tools.Out.
func (t *turn) Cancel() { t.cancel(errInterrupted) }

// AskCommand implements tools.Out.
func (t *turn) AskCommand(ctx context.Context, item *protocol.CommandExecutionItem, p protocol.CommandExecutionRequestApprovalParams) (tools.Answer, error) {
	a, err := t.askCommand(ctx, item, p)
	if err == nil {
		t.th.tell.answered(p.ItemID, a)
	}
	return a, err
}

func (t *turn) askCommand(ctx context.Context, item *protocol.CommandExecutionItem, p protocol.CommandExecutionRequestApprovalParams) (tools.Answer, error) {
	r, err := approval[protocol.CommandExecutionRequestApprovalResponse](ctx, t, protocol.AskCommandApproval, p, func() {
		if item != nil {
			t.ItemStarted(item)
		}
	})
	if err != nil {
		return unanswered(err)
	}
	if a := r.Decision.AcceptWithExecpolicyAmendment; a != nil {
		return tools.Answer{Accept: true, Amendment: a.ExecpolicyAmendment}, nil
	}
	if a := r.Decision.ApplyNetworkPolicyAmendment; a != nil {
		return tools.Answer{Network: &a.NetworkPolicyAmendment}, nil
	}
	return answer(r.Decision.Word), nil
}

// AskPatch implements tools.Out.
func (t *turn) AskPatch(ctx context.Context, p protocol.FileChangeRequestApprovalParams) (tools.Answer, error) {
	r, err := approval[protocol.FileChangeRequestApprovalResponse](ctx, t, protocol.AskFileChangeApproval, p, nil)
	if err != nil {
		return unanswered(err)
	}
	a := answer(string(r.Decision))
	t.th.tell.answered(p.ItemID, a)
	return a, nil
}

// AskUser implements tools.Out. A frontend that refuses the question, or whose answer can't
// be read, has answered nothing.
func (t *turn) AskUser(ctx context.Context, p protocol.ToolRequestUserInputParams) (r protocol.ToolRequestUserInputResponse, err error) {
	raw, err := t.ask(ctx, protocol.AskUserInput, p, protocol.ThreadActiveFlagWaitingOnUserInput, nil)
	if _, refused := errors.AsType[*jsonrpc.Error](err); err != nil && !refused {
		return r, err
	}
	if err != nil || json.Unmarshal(raw, &r) != nil || r.Answers == nil {
		r.Answers = protocol.Map[protocol.ToolRequestUserInputAnswer]{}
	}
	return r, nil
}

// AskPermissions implements tools.Out. An answer that can't be read grants nothing.
func (t *turn) AskPermissions(ctx context.Context, p protocol.PermissionsRequestApprovalParams) (protocol.PermissionsRequestApprovalResponse, error) {
	return approval[protocol.PermissionsRequestApprovalResponse](ctx, t, protocol.AskPermissions, p, nil)
}

// CallTool implements tools.Out. It is no question to a person: nothing tells that it is
// answered.
func (t *turn) CallTool(ctx context.Context, p protocol.DynamicToolCallParams) (json.RawMessage, error) {
	_, raw, err := t.out.ask(ctx, protocol.AskToolCall, p)
	return raw, err
}

// Elicit implements tools.Out. An answer that can't be read cancels.
func (t *turn) Elicit(ctx context.Context, p protocol.McpServerElicitationRequestParams) (protocol.McpServerElicitationRequestResponse, error) {
	return approval[protocol.McpServerElicitationRequestResponse](ctx, t, protocol.AskElicitation, p, nil)
}

// McpProgress implements tools.Out.
func (t *turn) McpProgress(itemID, message string) {
	t.out.notify(protocol.NoteItemMcpToolCallProgress, protocol.McpToolCallProgressNotification{ThreadID: t.shown.thread, TurnID: t.shown.turn, ItemID: itemID, Message: message})
}

// McpEnd implements tools.Out.
func (t *turn) McpEnd(end tools.McpEnd) { t.recordShown(event(end)) }

// recordShown records events that a client sees again when it reads the thread. Those of
// a review are the session's that asked for it as well.
func (t *turn) recordShown(entries ...rollout.Entry) {
	t.th.record(entries...)
	if t.outer != nil {
		t.outer.th.record(entries...)
	}
}

// approval asks for one, in an answer that is an R.
func approval[R any](ctx context.Context, t *turn, method string, params any, announce func()) (r R, err error) {
	raw, err := t.ask(ctx, method, params, protocol.ThreadActiveFlagWaitingOnApproval, announce)
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil {
		return r, fmt.Errorf("ask for approval: %w", err)
	}
	return r, nil
}

// unanswered is a question that the frontend refused, or that nobody answered.
func unanswered(err error) (tools.Answer, error) {
	if _, ok := errors.AsType[*jsonrpc.Error](err); ok {
		return tools.Answer{Failed: true}, nil
	}
	return tools.Answer{}, err
}

func answer(word string) tools.Answer {
	switch word {
	case protocol.DecisionAccept:
		return tools.Answer{Accept: true}
	case protocol.DecisionAcceptForSession:
		return tools.Answer{Accept: true, ForSession: true}
	case protocol.DecisionCancel:
		return tools.Answer{Cancel: true}
	}
	return tools.Answer{}
}

// ask sends a request to the frontend and waits for its answer; the thread's status says so
// meanwhile. What announce tells comes between the two.
func (t *turn) ask(ctx context.Context, method string, params any, flag protocol.ThreadActiveFlag, announce func()) (json.RawMessage, error) {
	t.th.waiting(flag, 1, true)
	if announce != nil {
		announce()
	}
	id, raw, err := t.out.ask(ctx, method, params)
	if id != nil {
		t.out.notify(protocol.NoteServerRequestResolved, protocol.ServerRequestResolvedNotification{ThreadID: t.shown.thread, RequestID: id})
	}
	t.th.waiting(flag, -1, ctx.Err() == nil) // an interrupted turn is about to be idle
	return raw, err
}
