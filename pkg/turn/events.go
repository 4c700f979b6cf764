package turn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/tools"
)

// turn is one exchange. It is the tools' Out.
type turn struct {
	th     *thread
	out    *emitter
	srv    *asker
	id     string
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}
	start  int64               // unix seconds
	status protocol.TurnStatus // once done

	compacting bool // the turn only compacts
	changed    bool // the thread's settings are not what they were
	asked      int  // interrupts of the server when it was asked for
	signalled  bool // stopped by a signal; guarded by the server's mu

	// Guarded by th.mu.
	steer      [][]protocol.UserInput
	closed     bool              // takes no more steering
	interrupts []json.RawMessage // requests to answer once it has stopped
	begun      map[string]bool   // ids of items that have not completed

	diff string
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
	t.out.notify(noteOutputDelta, protocol.CommandExecutionOutputDeltaNotification{ThreadID: t.th.id, TurnID: t.id, ItemID: itemID, Delta: text})
}

// TerminalInteraction implements tools.Out.
func (t *turn) TerminalInteraction(itemID, processID, stdin string) {
	t.out.notify(protocol.NoteItemCommandExecutionTerminalInteraction, protocol.TerminalInteractionNotification{
		ThreadID: t.th.id, TurnID: t.id, ItemID: itemID, ProcessID: processID, Stdin: stdin})
}

// PlanUpdated implements tools.Out.
func (t *turn) PlanUpdated(why *string, plan []protocol.TurnPlanStep) {
	t.out.notify(protocol.NoteTurnPlanUpdated, protocol.TurnPlanUpdatedNotification{ThreadID: t.th.id, TurnID: t.id, Explanation: why, Plan: plan})
}

// DiffUpdated implements tools.Out.
func (t *turn) DiffUpdated(diff string) {
	t.diff = diff
	t.out.notify(protocol.NoteTurnDiffUpdated, protocol.TurnDiffUpdatedNotification{ThreadID: t.th.id, TurnID: t.id, Diff: diff})
}

// PatchEnd implements tools.Out.
func (t *turn) PatchEnd(end tools.PatchEnd) { t.th.record(event(end)) }

// Cancel implements tools.Out.
func (t *turn) Cancel() { t.cancel(errInterrupted) }

// AskCommand implements tools.Out.
func (t *turn) AskCommand(ctx context.Context, item *protocol.CommandExecutionItem, p protocol.CommandExecutionRequestApprovalParams) (tools.Answer, error) {
	raw, err := t.ask(ctx, protocol.AskCommandApproval, p, protocol.ThreadActiveFlagWaitingOnApproval, func() { t.ItemStarted(item) })
	if err != nil {
		return unanswered(err)
	}
	var r protocol.CommandExecutionRequestApprovalResponse
	if err := json.Unmarshal(raw, &r); err != nil {
		return tools.Answer{}, fmt.Errorf("read approval answer: %w", err)
	}
	if a := r.Decision.AcceptWithExecpolicyAmendment; a != nil {
		return tools.Answer{Accept: true, Amendment: a.ExecpolicyAmendment}, nil
	}
	return answer(r.Decision.Word), nil
}

// AskPatch implements tools.Out.
func (t *turn) AskPatch(ctx context.Context, p protocol.FileChangeRequestApprovalParams) (tools.Answer, error) {
	raw, err := t.ask(ctx, protocol.AskFileChangeApproval, p, protocol.ThreadActiveFlagWaitingOnApproval, nil)
	if err != nil {
		return unanswered(err)
	}
	var r protocol.FileChangeRequestApprovalResponse
	if err := json.Unmarshal(raw, &r); err != nil {
		return tools.Answer{}, fmt.Errorf("read approval answer: %w", err)
	}
	return answer(string(r.Decision)), nil
}

// AskUser implements tools.Out.
func (t *turn) AskUser(ctx context.Context, p protocol.ToolRequestUserInputParams) (r protocol.ToolRequestUserInputResponse, err error) {
	raw, err := t.ask(ctx, protocol.AskUserInput, p, protocol.ThreadActiveFlagWaitingOnUserInput, nil)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("read user's answers: %w", err)
	}
	return r, nil
}

// unanswered is a question that the face refused, or that nobody answered.
func unanswered(err error) (tools.Answer, error) {
	var refused *jsonrpc.Error
	if errors.As(err, &refused) {
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

// ask sends a request to the face and waits for its answer; the thread's status says so
// meanwhile. What announce tells comes between the two.
func (t *turn) ask(ctx context.Context, method string, params any, flag protocol.ThreadActiveFlag, announce func()) (json.RawMessage, error) {
	t.th.waiting(flag, 1, true)
	if announce != nil {
		announce()
	}
	id, raw, err := t.srv.ask(ctx, method, params)
	if id != nil {
		t.out.notify(protocol.NoteServerRequestResolved, protocol.ServerRequestResolvedNotification{ThreadID: t.th.id, RequestID: id})
	}
	t.th.waiting(flag, -1, ctx.Err() == nil) // an interrupted turn is about to be idle
	return raw, err
}
