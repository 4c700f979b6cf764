package turn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/rustlog"
)

// Notification methods that are looked up for every delta.
const (
	noteAgentDelta        = protocol.NoteItemAgentMessageDelta
	noteReasoningDelta    = protocol.NoteItemReasoningSummaryTextDelta
	noteRawReasoningDelta = protocol.NoteItemReasoningTextDelta
	noteOutputDelta       = protocol.NoteItemCommandExecutionOutputDelta
)

// emitter writes to the frontend. A write blocks while that does not read: that is what
// keeps memory bounded.
type emitter struct {
	conn   *jsonrpc.Conn
	w      *jsonrpc.Writer
	stderr io.Writer
	trace  *rustlog.Log
	onFail func(error)
	asked  chan struct{} // holds a token after a request was sent

	mu       sync.RWMutex
	optOut   map[string]bool
	ours     bool // notifications of ours are wanted
	agents   bool // and those of agents' threads
	lostOnce sync.Once
}

func (e *emitter) wants(method string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return !e.optOut[method] && (e.ours || !strings.HasPrefix(method, protocol.OursPrefix))
}

// wantMore lets notifications of ours be sent, and those of agents' threads.
func (e *emitter) wantMore(ours, agents bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ours, e.agents = e.ours || ours, e.agents || agents
}

func (e *emitter) wantsAgents() bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.agents
}

// pass writes a notification of somebody else as it is.
func (e *emitter) pass(method string, line []byte) {
	if e.wants(method) {
		e.check(e.w.WriteLine(line))
	}
}

func (e *emitter) optOutOf(methods []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range methods {
		e.optOut[m] = true
	}
}

func (e *emitter) notify(method string, params any) {
	if e.trace != nil {
		logNote(e.trace, method, params)
	}
	if !e.wants(method) {
		return
	}
	e.check(e.conn.Notify(method, params))
}

func (e *emitter) check(err error) {
	if err != nil && e.onFail != nil {
		e.onFail(err)
	}
}

var errNobody = errors.New("nobody is there to answer")

// lost is why questions have no answer.
func lost(err error) error {
	if err == io.EOF {
		return errNobody
	}
	return err
}

// ask sends a request and waits. The id is nil when nothing was sent.
func (e *emitter) ask(ctx context.Context, method string, params any) (id protocol.RequestID, answer json.RawMessage, err error) {
	call, err := e.conn.Start(method, params, func(raw json.RawMessage, err error) error {
		answer = bytes.Clone(raw)
		return err
	})
	if err != nil {
		if !errors.Is(err, errNobody) {
			e.check(err)
		}
		return nil, nil, err
	}
	e.noteAsked()
	id = strconv.AppendInt(nil, call.ID, 10)
	if err = call.Wait(ctx); err != nil {
		return id, nil, err
	}
	return id, answer, nil
}

// noteAsked wakes who waits for a question.
func (e *emitter) noteAsked() {
	select {
	case e.asked <- struct{}{}:
	default:
	}
}

// lost says, once, that the session file does not get what it should for now.
func (e *emitter) lost(threadID string, err error) {
	e.lostOnce.Do(func() {
		e.warn(threadID, fmt.Sprintf("The session file cannot be written for now: %v.", err))
	})
}

// warn tells people and clients: some of these have warnings left out.
func (e *emitter) warn(threadID, message string) {
	fmt.Fprintf(e.stderr, "codex-turn: %s\n", message)
	e.notify(protocol.NoteWarning, protocol.WarningNotification{ThreadID: &threadID, Message: message})
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
