package appserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// ask is a question of an engine to the thread's clients: a call to each of them. The
// first answer counts.
type ask struct {
	t        *loadedThread
	theirs   *jsonrpc.Request        // the engine's
	calls    map[*conn]*jsonrpc.Call // guarded by t.mu, as answered is
	answered bool
}

// ask puts a question to every subscriber. With none it waits for one.
func (t *loadedThread) ask(r *jsonrpc.Request) {
	r.Own()
	a := &ask{t: t, theirs: r, calls: map[*conn]*jsonrpc.Call{}}
	t.mu.Lock()
	t.asks = append(t.asks, a)
	subs := t.subscribers()
	t.mu.Unlock()
	for _, c := range subs {
		call := a.put(c)
		t.mu.Lock()
		a.keep(c, call)
		t.mu.Unlock()
	}
}

// keep notes the call to a client; t.mu is held.
func (a *ask) keep(c *conn, call *jsonrpc.Call) {
	switch {
	case call == nil:
	case a.calls == nil: // it is over
		call.Forget()
	default:
		a.calls[c] = call
	}
}

// put sends the question to one client; nil when that has gone.
func (a *ask) put(c *conn) *jsonrpc.Call {
	call, err := c.rpc.Start(a.theirs.Method, a.theirs.Params, func(result json.RawMessage, err error) error {
		a.answer(c, result, err)
		return nil
	})
	if err != nil {
		return nil
	}
	return call
}

// answer takes a client's answer. The others learn of it by serverRequest/resolved, which
// the engine sends.
func (a *ask) answer(c *conn, result json.RawMessage, err error) {
	t := a.t
	t.mu.Lock()
	_, subscribed := t.subs[c]
	if a.answered || !subscribed || errors.Is(err, jsonrpc.ErrLost) {
		t.mu.Unlock()
		return
	}
	a.answered = true
	// What the user allowed for the session only the engine remembers.
	if bytes.Contains(result, []byte("acceptForSession")) || gjson.GetBytes(result, "scope").Str == "session" {
		t.keep = true
	}
	t.mu.Unlock()
	switch a.theirs.Method { // no serverRequest/resolved follows
	case protocol.AskAuthTokensRefresh:
		t.takeTokens(result, err)
		a.close(false)
	case protocol.AskToolCall:
		a.close(false)
	}
	_ = a.theirs.Reply(result, err) // a failure shows as the end of the engine's output
}

// close ends the question; the clients that were asked are told, unless it was no
// question to people.
func (a *ask) close(tell bool) {
	t := a.t
	t.mu.Lock()
	t.asks = slices.DeleteFunc(t.asks, func(o *ask) bool { return o == a })
	calls := a.calls
	a.calls, a.answered = nil, true
	subs := t.subscribers()
	t.mu.Unlock()
	for c, call := range calls {
		call.Forget()
		if tell && slices.Contains(subs, c) {
			c.notify(protocol.NoteServerRequestResolved, protocol.ServerRequestResolvedNotification{ThreadID: t.id, RequestID: protocol.RequestID(strconv.FormatInt(call.ID, 10))})
		}
	}
}

// resolved takes the engine's word that a question is answered, under its own id.
func (t *loadedThread) resolved(line []byte) {
	theirs := gjson.GetBytes(line, "params.requestId").Raw
	t.mu.Lock()
	i := slices.IndexFunc(t.asks, func(a *ask) bool { return string(a.theirs.ID) == theirs })
	if i < 0 {
		t.mu.Unlock()
		return
	}
	a := t.asks[i]
	t.mu.Unlock()
	a.close(true)
}

// repeat puts the questions that wait to a client that comes later; t.mu is held.
func (t *loadedThread) repeat(c *conn) {
	for _, a := range t.asks {
		if !a.answered {
			a.keep(c, a.put(c))
		}
	}
}
