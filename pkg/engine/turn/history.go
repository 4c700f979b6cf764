package turn

import (
	"encoding/json"
	"fmt"

	"codex/pkg/engine/item"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// rollback takes the last turns back: a mark in the session file, and what is left of it
// is the history. Files that turns have changed stay as they are.
func (s *Server) rollback(th *liveThread, _ *req, p *protocol.ThreadRollbackParams) (any, error) {
	switch {
	case p.NumTurns == 0:
		return nil, invalid("numTurns must be >= 1")
	case !th.file.Materialized(): // an ephemeral thread never is
		return nil, invalid("thread rollback requires persisted thread history")
	}
	limits, err := th.rollBack(p.NumTurns)
	if err != nil {
		return nil, err
	}
	d := th.describe()
	if d.Turns, err = th.storedTurns(); err != nil {
		return nil, internal(err)
	}
	th.restored()
	s.out.notify(protocol.NoteAccountRateLimitsUpdated, protocol.AccountRateLimitsUpdatedNotification{RateLimits: camelLimits(limits)})
	return protocol.ThreadRollbackResponse{Thread: d}, nil
}

// rollBack does it, and gives the rate limits of then.
func (t *liveThread) rollBack(n uint32) (json.RawMessage, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running != nil {
		return nil, invalid("Cannot rollback while a turn is in progress.")
	}
	if _, err := t.file.Seize(); err != nil {
		return nil, invalid("Cannot roll back: %v", err)
	}
	defer t.file.Release()
	if err := t.file.AppendNow(rollout.RolledBack(n)); err != nil {
		return nil, internal(err)
	}
	h, err := rollout.Load(t.file.Path())
	if err != nil {
		return nil, internal(err)
	}
	t.take(h)
	return t.limits, nil
}

// take makes what a session file holds the thread's history.
func (t *liveThread) take(h *rollout.History) {
	t.history, t.ids = nil, nil
	var left []error
	if t.history, left = item.Stored(h.Items); len(left) > 0 {
		t.broken = fmt.Sprintf("%d items of the session can't be used and are left out; the first is %v.", len(left), left[0])
	} else if h.Dropped > 0 {
		t.broken = fmt.Sprintf("%d lines of the session file can't be read and are left out.", h.Dropped)
	}
	t.goals.goal, _ = thread.GoalOf(h.Goal, t.id)
	t.baseline, t.previousModel, t.window = h.Context, h.PreviousModel, h.Compactions
	if h.Tokens != nil {
		t.tokens, t.haveTokens = *h.Tokens, true
		t.usage = new(thread.Usage(t.tokens))
	}
	if h.Context != nil {
		t.lastTurn = h.Context.TurnID
	}
}

// storedTurns are the thread's turns so far; the running one is in progress.
func (t *liveThread) storedTurns() ([]protocol.Turn, error) {
	t.mu.Lock()
	running := ""
	if t.running != nil {
		running = t.running.id
	}
	t.mu.Unlock()
	return thread.Turns(t.file.Path(), running)
}

// restored tells the token usage of a thread that was resumed.
func (t *liveThread) restored() {
	t.mu.Lock()
	u, turn := t.usage, t.lastTurn
	t.mu.Unlock()
	if u != nil {
		t.out.notify(protocol.NoteThreadTokenUsageUpdated, protocol.ThreadTokenUsageUpdatedNotification{ThreadID: t.id, TurnID: turn, TokenUsage: *u})
	}
}
