package turn

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// Notification methods that are looked up for every delta.
const (
	noteAgentDelta        = protocol.NoteItemAgentMessageDelta
	noteReasoningDelta    = protocol.NoteItemReasoningSummaryTextDelta
	noteRawReasoningDelta = protocol.NoteItemReasoningTextDelta
	noteOutputDelta       = protocol.NoteItemCommandExecutionOutputDelta
)

// emitter writes to the face. A write blocks while the face does not read: that is what
// keeps memory bounded.
type emitter struct {
	w      *jsonrpc.Writer
	stderr io.Writer
	onFail func(error)

	mu       sync.RWMutex
	optOut   map[string]bool
	lostOnce sync.Once
}

func (e *emitter) wants(method string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return !e.optOut[method]
}

func (e *emitter) optOutOf(methods []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range methods {
		e.optOut[m] = true
	}
}

func (e *emitter) notify(method string, params any) {
	if !e.wants(method) {
		return
	}
	e.check(e.w.Notify(method, params))
}

func (e *emitter) check(err error) {
	if err != nil && e.onFail != nil {
		e.onFail(err)
	}
}

// lost says, once, that the session file does not get what it should.
func (e *emitter) lost(threadID string, err error) {
	e.lostOnce.Do(func() {
		fmt.Fprintf(e.stderr, "codex-turn: session file is not complete: %v\n", err)
		e.notify(protocol.NoteWarning, protocol.WarningNotification{ThreadID: &threadID,
			Message: fmt.Sprintf("The session file could not be written and will be incomplete: %v", err)})
	})
}

func (t *turn) itemStarted(item protocol.ThreadItem) {
	t.out.notify(protocol.NoteItemStarted, protocol.ItemStartedNotification{Item: item, ThreadID: t.shown.thread, TurnID: t.shown.turn,
		StartedAtMs: time.Now().UnixMilli()})
}

func (t *turn) itemCompleted(item protocol.ThreadItem) {
	t.out.notify(protocol.NoteItemCompleted, protocol.ItemCompletedNotification{Item: item, ThreadID: t.shown.thread, TurnID: t.shown.turn,
		CompletedAtMs: time.Now().UnixMilli()})
}

// status tells everybody what the thread is doing.
func (t *liveThread) status(s protocol.ThreadStatus) {
	t.mu.Lock()
	t.state = s
	t.mu.Unlock()
	t.out.notify(protocol.NoteThreadStatusChanged, protocol.ThreadStatusChangedNotification{ThreadID: t.id, Status: s})
}

// waiting counts the questions of a kind that are open, and tells when the status is
// another one for it.
func (t *liveThread) waiting(flag protocol.ThreadActiveFlag, n int, tell bool) {
	t.mu.Lock()
	if t.questions == nil {
		t.questions = map[protocol.ThreadActiveFlag]int{}
	}
	t.questions[flag] += n
	var flags []protocol.ThreadActiveFlag
	for _, f := range []protocol.ThreadActiveFlag{protocol.ThreadActiveFlagWaitingOnApproval, protocol.ThreadActiveFlagWaitingOnUserInput} {
		if t.questions[f] > 0 {
			flags = append(flags, f)
		}
	}
	tell = tell && !slices.Equal(flags, t.state.ActiveFlags)
	t.mu.Unlock()
	if tell {
		t.status(active(flags...))
	}
}

func active(flags ...protocol.ThreadActiveFlag) protocol.ThreadStatus {
	return protocol.ThreadStatus{Type: protocol.ThreadStatusActive, ActiveFlags: flags}
}
