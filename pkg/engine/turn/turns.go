package turn

import (
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// storedTurns are the thread's turns so far; the running one is in progress.
func (t *liveThread) storedTurns() ([]protocol.Turn, error) {
	t.mu.Lock()
	running := t.running
	t.mu.Unlock()
	turns, err := rollout.Turns(t.file.Path())
	if n := len(turns) - 1; err == nil && running != nil && n >= 0 && turns[n].ID == running.id && turns[n].CompletedAt == nil {
		turns[n].Status = protocol.TurnStatusInProgress
	}
	return turns, err
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
