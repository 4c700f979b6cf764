package turn

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// asker keeps the requests that this process sent to its face.
type asker struct {
	out    *emitter
	opened chan struct{} // holds a token after a request was sent

	mu   sync.Mutex
	next int
	open map[int]chan reply
	gone bool
}

type reply struct {
	result json.RawMessage
	err    error
}

var errNobody = errors.New("nobody is there to answer")

func newAsker(out *emitter) *asker {
	return &asker{out: out, opened: make(chan struct{}, 1), open: map[int]chan reply{}}
}

// ask sends a request and waits; ids are integers from 0. The id is nil when nothing was
// sent.
func (a *asker) ask(ctx context.Context, method string, params any) (protocol.RequestID, json.RawMessage, error) {
	a.mu.Lock()
	if a.gone {
		a.mu.Unlock()
		return nil, nil, errNobody
	}
	n := a.next
	a.next++
	ch := make(chan reply, 1)
	a.open[n] = ch
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.open, n)
		a.mu.Unlock()
	}()
	if err := a.out.w.Request(n, method, params); err != nil {
		a.out.check(err)
		return nil, nil, err
	}
	a.noteOpen()
	id := protocol.RequestID(strconv.Itoa(n))
	select {
	case r := <-ch:
		return id, r.result, r.err
	case <-ctx.Done():
		return id, nil, context.Cause(ctx)
	}
}

// noteOpen wakes who waits for a question.
func (a *asker) noteOpen() {
	select {
	case a.opened <- struct{}{}:
	default:
	}
}

// answer takes a Response or Failure from the face; unknown ids are ignored.
func (a *asker) answer(m jsonrpc.Message) {
	id, err := strconv.Atoi(string(m.ID))
	if err != nil {
		return
	}
	a.mu.Lock()
	ch := a.open[id]
	a.mu.Unlock()
	if ch == nil {
		return
	}
	r := reply{result: append(json.RawMessage(nil), m.Result...)}
	if m.Err != nil {
		r.err = m.Err
	}
	select {
	case ch <- r:
	default: // answered already
	}
}

// close fails what is open and what comes: the face has gone.
func (a *asker) close() {
	a.mu.Lock()
	a.gone = true
	a.mu.Unlock()
	a.decline()
}

// decline fails what is open.
func (a *asker) decline() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, ch := range a.open {
		select {
		case ch <- reply{err: errNobody}:
		default:
		}
	}
}
