package agents

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// A client that wants to hear of agents as of threads of their own gets what their engines
// tell, and may ask and answer these.

// nested is an agent of an agent.
type nested struct {
	open bool
	turn string // id of the one that runs
}

// pass tells the client what an engine tells: its thread, and those of its own agents.
func (e *engine) pass(method, of string, p gjson.Result, line []byte) {
	a := e.g.a
	switch method {
	case protocol.NoteServerRequestResolved: // under an id of its own: the client knows ours
		a.mu.Lock()
		cancel := e.asks[p.Get("requestId").Raw]
		a.mu.Unlock()
		if cancel != nil {
			cancel()
		}
		return
	case protocol.NoteThreadStarted:
		of = p.Get("thread.id").Str
	case protocol.NoteAccountRateLimitsUpdated:
	default:
		if of == "" { // of the engine, not of a thread: the thread's own tells the same
			return
		}
	}
	if of != "" && of != e.g.id {
		e.g.note(of, method, p)
	}
	a.opts.Tell(method, line)
}

// note keeps of an agent of this one what is told of it when the engine of this one crashes.
func (g *agent) note(id, method string, p gjson.Result) {
	g.a.mu.Lock()
	defer g.a.mu.Unlock()
	n, known := g.below[id]
	if !known && method != protocol.NoteThreadStarted {
		return
	}
	switch method {
	case protocol.NoteThreadStarted:
		n.open = true
	case protocol.NoteThreadStatusChanged:
		n.open = p.Get("status.type").Str != protocol.ThreadStatusNotLoaded
	case protocol.NoteTurnStarted:
		n.turn = p.Get("turn.id").Str
	case protocol.NoteTurnCompleted:
		n.turn = ""
	}
	if g.below == nil {
		g.below = map[string]nested{}
	}
	g.below[id] = n
}

// farewell tells the client that an engine has ended, and with it what it was doing, and what
// its own agents were: with it goes who would have told of them.
func (e *engine) farewell(how string) {
	if !e.live {
		return
	}
	g := e.g
	g.a.mu.Lock()
	all := map[string]nested{g.id: {true, g.turn}}
	for id, n := range g.below {
		if n.open {
			all[id] = n
		}
		g.below[id] = nested{}
	}
	g.a.mu.Unlock()
	for id, n := range all {
		if n.turn != "" {
			failed := protocol.NewTurn(n.turn, protocol.TurnStatusFailed)
			failed.Error = &protocol.TurnError{Message: how}
			e.tell(protocol.NoteTurnCompleted, protocol.TurnCompletedNotification{ThreadID: id, Turn: failed})
		}
		e.tell(protocol.NoteThreadStatusChanged, protocol.ThreadStatusChangedNotification{ThreadID: id, Status: protocol.ThreadStatus{Type: protocol.ThreadStatusNotLoaded}})
	}
}

// tell tells the client something in the agent's name.
func (e *engine) tell(method string, params any) {
	line, err := jsonrpc.Marshal(struct {
		Method string `json:"method"`
		Params any    `json:"params"`
	}{method, params})
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", params, err)) // ours, and all of them can be
	}
	e.g.a.opts.Tell(method, line)
}

// Forward passes a request of the client on to the agent whose thread it is about; false
// when there is none.
func (a *Set) Forward(id string, r *jsonrpc.Request) bool {
	if !a.opts.Live() {
		return false
	}
	g, e := a.holder(id)
	switch {
	case g == nil:
		return false
	case e == nil:
		_ = r.Reply(nil, jsonrpc.Invalidf("agent %s is closed", id)) // a client that has gone misses it
		return true
	}
	_, err := e.rpc.Start(r.Method, r.Params, func(result json.RawMessage, err error) error { return r.Reply(result, err) })
	if err != nil {
		_ = r.Reply(nil, err) // as above
	}
	return true
}

// holder is the agent with a thread, or that whose own agent has it.
func (a *Set) holder(id string) (*agent, *engine) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, g := range a.all {
		if _, below := g.below[id]; below || g.id == id {
			return g, g.eng
		}
	}
	return nil, nil
}
