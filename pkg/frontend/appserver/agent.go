package appserver

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// The agents of a thread are threads whose engines are behind that of the thread: what they
// tell and ask comes through it, and what clients ask them goes through it.

// running is the thread's engine, for one of its agents: none is started for that.
func (t *loadedThread) running() (*child, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.child == nil {
		return nil, jsonrpc.Invalidf("the engine of thread %s has left, and its agents with it", t.id)
	}
	return t.child, nil
}

// of gives the thread that a message of the engine is about: its own, or that of an agent,
// nil for one that is not known.
func (c *child) of(method string, params gjson.Result) *loadedThread {
	id := params.Get("threadId").Str
	if method == protocol.NoteThreadStarted {
		id = params.Get("thread.id").Str
	}
	if id == "" || id == c.t.id {
		return c.t
	}
	t := c.t.s.thread(id)
	switch {
	case t != nil && t.parent == c.t:
		return t
	case t == nil && method == protocol.NoteThreadStarted:
		return c.adoptAgent(params.Get("thread"))
	}
	return nil
}

// adoptAgent registers the thread of an agent that has just been started: who listens to
// the thread listens to it.
func (c *child) adoptAgent(v gjson.Result) *loadedThread {
	p := c.t
	t := &loadedThread{s: p.s, id: v.Get("id").String(), eph: v.Get("ephemeral").Bool(), path: v.Get("path").String(), parent: p, client: p.client, subs: map[*conn]struct{}{}}
	var th protocol.Thread
	if json.Unmarshal([]byte(v.Raw), &th) != nil {
		return nil
	}
	p.mu.Lock() // who joins the parent meanwhile follows the agent after that
	t.begun = p.begun
	t.begun.Thread = th
	for o := range p.subs {
		t.subs[o] = struct{}{}
	}
	added := p.s.add(t)
	p.mu.Unlock()
	if !added { // a client has opened its file meanwhile
		return nil
	}
	t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	return t
}

// agentsOf gives the loaded agents of a thread.
func (s *Server) agentsOf(p *loadedThread) (agents []*loadedThread) {
	for _, t := range s.loaded() {
		if t.parent == p {
			agents = append(agents, t)
		}
	}
	return agents
}

// agentsWork tells whether one of them has a turn; t.mu is held.
func (t *loadedThread) agentsWork() bool {
	return slices.ContainsFunc(t.s.agentsOf(t), func(a *loadedThread) bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.turn != nil
	})
}

// apart is an error for the thread of an agent: its file is in the hands of the engine of its
// parent.
func (t *loadedThread) apart() error {
	if t.parent == nil {
		return nil
	}
	return jsonrpc.Invalidf("thread %s is that of an agent at work for thread %s: close it, or that thread, first", t.id, t.parent.id)
}

// follow lets a client that has joined a thread hear of its agents too.
func (s *Server) follow(p *loadedThread, c *conn) {
	for _, t := range s.agentsOf(p) {
		t.mu.Lock()
		t.subs[c] = struct{}{}
		t.repeat(c)
		t.mu.Unlock()
	}
}

// unfollow is the end of that; p.mu is held, so that none comes meanwhile.
func (s *Server) unfollow(p *loadedThread, c *conn) {
	for _, t := range s.agentsOf(p) {
		t.mu.Lock()
		delete(t.subs, c)
		t.mu.Unlock()
	}
}

// gone forgets an agent whose engine has ended: its thread is at rest.
func (t *loadedThread) gone(message string, leaving bool) {
	t.mu.Lock()
	turn, asks := t.turn, t.asks
	t.turn, t.asks = nil, nil
	t.mu.Unlock()
	t.settle(turn, asks, message, leaving)
	t.s.drop(t)
	t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusNotLoaded})
}
