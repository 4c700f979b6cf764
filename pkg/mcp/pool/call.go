package pool

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp"
	"codex/pkg/mcp/wire"
)

// call is a call of a tool that an engine has made.
type call struct {
	u *user
	r *jsonrpc.Request
	p wire.CallParams
	s *shared

	told    sync.WaitGroup // steps
	mu      sync.Mutex
	over    bool
	waiting []mcp.Progress // steps that the engine has not been told
	telling bool
}

// begin begins a call before the next line, which may cancel it: at once where the server is
// ready and nobody has to wait, else beside the reader.
func (u *user) begin(r *jsonrpc.Request) error {
	c := &call{u: u, r: r, p: wire.ReadCall(r.Params)}
	if m := bytes.TrimSpace(c.p.Meta); len(m) > 0 && m[0] != '{' {
		return r.Reply(nil, jsonrpc.Invalidf("meta is no object"))
	}
	u.work.Add(1)
	if c.begin() {
		return nil
	}
	ctx, cancel := context.WithCancel(u.ctx)
	c.hold(cancel)
	go func() { // ends with the call
		defer cancel()
		client, s, err := u.client(ctx, c.p.Name)
		if err != nil {
			c.end(nil, err)
			return
		}
		c.busy(s)
		c.end(client.Call(ctx, c.call()))
	}()
	return nil
}

// begin begins the call at once; false if that cannot be.
func (c *call) begin() bool {
	c.u.mu.Lock()
	s := c.u.names[c.p.Name]
	c.u.mu.Unlock()
	if s == nil {
		return false
	}
	select {
	case <-s.ready:
	default:
		return false
	}
	if s.err != nil {
		return false
	}
	c.busy(s)
	cancel, ok := s.client.Start(c.call(), c.end)
	if ok {
		c.hold(func() { cancel(context.Canceled) })
		return true
	}
	c.idle()
	return false
}

func (c *call) call() mcp.Call {
	return mcp.Call{Tool: c.p.Tool, Arguments: c.p.Arguments, Meta: c.p.Meta, Progress: c.step}
}

// hold keeps what gives the call up, unless it is over.
func (c *call) hold(cancel func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.u.mu.Lock()
	defer c.u.mu.Unlock()
	c.u.cancels[c.p.Call] = cancel
}

// end answers the engine, after the last step. It does not make a server wait for an engine.
func (c *call) end(result json.RawMessage, err error) {
	c.mu.Lock()
	c.over = true
	telling := c.telling
	c.u.mu.Lock()
	delete(c.u.cancels, c.p.Call)
	c.u.mu.Unlock()
	c.mu.Unlock()
	c.idle()
	if err == nil && !telling && c.r.Conn.TryRespond(c.r.ID, result) {
		c.u.work.Done()
		return
	}
	result = bytes.Clone(result)
	go func() { // ends when the engine has read it
		defer c.u.work.Done()
		c.told.Wait()
		_ = c.r.Reply(result, outside(err)) // an engine that has gone is noticed by its reader
	}()
}

// busy counts the call as one of the engine's that run on a server, idle no more.
func (c *call) busy(s *shared) {
	p := c.u.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	c.s = s
	s.calls[c.u]++
}

func (c *call) idle() {
	p := c.u.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.s == nil {
		return
	}
	if c.s.calls[c.u]--; c.s.calls[c.u] == 0 {
		delete(c.s.calls, c.u)
	}
	c.s = nil
}

// maxSteps is how many steps of one call an engine may be behind; more are left out: who does
// not read must not keep the server from others.
const maxSteps = 256

// step takes how far the call is.
func (c *call) step(g mcp.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || len(c.waiting) >= maxSteps {
		return
	}
	c.waiting = append(c.waiting, g)
	if !c.telling {
		c.telling = true
		c.told.Go(c.tell)
	}
}

// tell tells the engine the steps that wait.
func (c *call) tell() {
	for {
		c.mu.Lock()
		now := c.waiting
		c.waiting, c.telling = nil, len(now) > 0
		c.mu.Unlock()
		if len(now) == 0 {
			return
		}
		for _, g := range now {
			_ = c.u.conn.Notify(wire.MethodProgress, wire.ProgressParams{Call: c.p.Call, Progress: g.Progress, Total: g.Total, Message: g.Message}) // who has gone needs none
		}
	}
}

// cancel gives a call up.
func (u *user) cancel(number int64) {
	u.mu.Lock()
	cancel := u.cancels[number]
	u.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// cancelAll gives all calls up.
func (u *user) cancelAll() {
	u.mu.Lock()
	all := slices.Collect(maps.Values(u.cancels))
	u.mu.Unlock()
	for _, cancel := range all {
		cancel()
	}
}
