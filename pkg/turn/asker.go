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
	w    *jsonrpc.Writer
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

// ask sends a request and waits; ids are integers from 0.
func (a *asker) ask(ctx context.Context, method string, params any) (protocol.RequestID, json.RawMessage, error) {
	a.mu.Lock()
	if a.gone {
		a.mu.Unlock()
		return nil, nil, errNobody
	}
	id := a.next
	a.next++
	ch := make(chan reply, 1)
	a.open[id] = ch
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		delete(a.open, id)
		a.mu.Unlock()
	}()
	if err := a.w.Request(id, method, params); err != nil {
		return nil, nil, err
	}
	select {
	case r := <-ch:
		return protocol.RequestID(strconv.Itoa(id)), r.result, r.err
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
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

// close fails what is open: the face has gone.
func (a *asker) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
	for _, ch := range a.open {
		select {
		case ch <- reply{err: errNobody}:
		default:
		}
	}
}
