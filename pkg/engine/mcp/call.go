package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
	"codex/pkg/protocol"
)

// Find gives what answers a call of the model, and whether it must run alone; nil for a
// call that is none of ours.
func (s *Servers) Find(namespace, name string) (run func(context.Context, *tools.Turn, tools.Call) tools.Output, alone bool) {
	if namespace == "" {
		return s.findResource(name)
	}
	s.mu.Lock()
	tl := s.offered()[[2]string{namespace, name}]
	if tl == nil {
		tl = s.later(namespace, name)
	}
	s.mu.Unlock()
	if tl == nil {
		return nil, false
	}
	return func(ctx context.Context, t *tools.Turn, c tools.Call) tools.Output { return s.call(ctx, t, tl, c) }, !tl.Parallel
}

// later finds a tool by the names that releases after 0.133.0 give it, of which a session of
// theirs is full: the namespace ends with the server's name, and a name may be longer. The
// caller holds mu.
func (s *Servers) later(namespace, name string) (found *tool) {
	for _, t := range s.offered() {
		if t.namespace != namespace+"__" || t.name != name && sanitize(t.tool) != name {
			continue
		}
		if t.name == name {
			return t
		}
		if found != nil { // two are alike: it would be a guess
			return nil
		}
		found = t
	}
	return found
}

// call runs a tool for the model.
func (s *Servers) call(ctx context.Context, t *tools.Turn, tl *tool, c tools.Call) tools.Output {
	arguments := json.RawMessage(bytes.TrimSpace([]byte(c.Arguments)))
	if len(arguments) > 0 {
		var any json.RawMessage
		if err := json.Unmarshal(arguments, &any); err != nil {
			return tools.Output{Text: "err: " + err.Error(), Failed: true}
		}
	}
	i := show(t, c.ID, tl.server.Name, tl.tool, arguments)
	raw, err := s.run(ctx, t, tl, c, arguments)
	took := time.Since(i.started)
	i.end(took, raw, err)
	if err != nil {
		return output(took, failure(err), t)
	}
	out := output(took, raw, t)
	out.Response = raw
	return out
}

// run starts the server if need be, asks for approval, and calls.
func (s *Servers) run(ctx context.Context, t *tools.Turn, tl *tool, c tools.Call, arguments json.RawMessage) (json.RawMessage, error) {
	if len(arguments) > 0 && arguments[0] != '{' {
		return nil, callError(tl.server.Name, tl.tool, fmt.Errorf("MCP tool arguments must be a JSON object, got %s", arguments))
	}
	l, err := s.ensure(ctx, tl.server)
	if err != nil {
		return nil, callError(tl.server.Name, tl.tool, err)
	}
	if tl, err = s.again(tl); err != nil {
		return nil, callError(tl.server.Name, tl.tool, err)
	}
	if err := s.approve(ctx, t, tl, c, arguments); err != nil {
		return nil, err
	}
	defer s.enter(ctx, t)()
	meta, err := s.meta(t, tl.server)
	if err != nil {
		return nil, err
	}
	raw, err := s.callOn(ctx, l, wire.CallParams{Name: tl.server.Name, Tool: tl.tool, Arguments: arguments, Meta: meta}, func(p wire.ProgressParams) {
		if p.Message != "" {
			t.Out.McpProgress(c.ID, p.Message)
		}
	})
	if err == nil && !wire.IsResult(raw) {
		err = wire.ErrNoResult
	}
	if err != nil {
		return nil, callError(tl.server.Name, tl.tool, err)
	}
	return raw, nil
}

// callOn makes a call. When ctx ends before it, the server is told.
func (s *Servers) callOn(ctx context.Context, l *link, p wire.CallParams, progress func(wire.ProgressParams)) (raw json.RawMessage, err error) {
	s.mu.Lock()
	s.calls++
	p.Call = s.calls
	s.progress[p.Call] = progress
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.progress, p.Call)
		s.mu.Unlock()
	}()
	err = l.conn.Call(ctx, wire.MethodCall, p, func(r json.RawMessage) error {
		raw = bytes.Clone(r)
		return nil
	})
	if ctx.Err() != nil {
		_ = l.conn.Notify(wire.MethodCancel, wire.CancelParams{Call: p.Call}) // a pool that has gone has cancelled everything
		return nil, ctx.Err()
	}
	return raw, err
}

// again finds a tool as its server describes it now that it runs.
func (s *Servers) again(tl *tool) (*tool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	offered := s.offered()
	if now := offered[[2]string{tl.namespace, tl.name}]; now != nil && now.identity == tl.identity {
		return now, nil
	}
	for _, now := range offered {
		if now.identity == tl.identity {
			return now, nil
		}
	}
	return tl, errors.New("the server has no such tool any more")
}

// meta is what a server is told of the turn.
func (s *Servers) meta(t *tools.Turn, v *server) (json.RawMessage, error) {
	m := map[string]any{"x-codex-turn-metadata": t.Metadata, "threadId": t.ThreadID}
	s.mu.Lock()
	state := v.digest != nil && v.digest.sandboxState
	s.mu.Unlock()
	if state {
		maps.Copy(m, map[string]any{"codex/sandbox-state-meta": t.SandboxState})
	}
	return jsonrpc.Marshal(m)
}

// callError words a call that came to nothing.
func callError(server, tool string, err error) error {
	return fmt.Errorf("tool call error: tool call failed for `%s/%s`\n\nCaused by:\n    %w", server, tool, err)
}

// shownCall is a call as frontends and the session file see it.
type shownCall struct {
	t       *tools.Turn
	item    protocol.McpToolCallItem
	started time.Time
}

// show shows that a call begins.
func show(t *tools.Turn, id, server, tool string, arguments json.RawMessage) *shownCall {
	if len(arguments) == 0 {
		arguments = json.RawMessage("null")
	}
	i := &shownCall{t: t, started: time.Now(), item: protocol.McpToolCallItem{Type: protocol.ItemMcpToolCall, ID: id, Server: server, Tool: tool,
		Status: protocol.McpToolCallStatusInProgress, Arguments: arguments}}
	t.Out.ItemStarted(new(i.item))
	return i
}

// maxShown bounds a result in items and session files; the model's copy has its own bound.
const maxShown = 1 << 20

// end shows how the call ended.
func (i *shownCall) end(took time.Duration, raw json.RawMessage, err error) {
	i.item.DurationMs = new(took.Milliseconds())
	end := tools.McpEnd{Type: "mcp_tool_call_end", CallID: i.item.ID, Invocation: tools.McpInvocation{Server: i.item.Server, Tool: i.item.Tool, Arguments: i.item.Arguments},
		Duration: tools.McpDuration{Secs: int64(took / time.Second), Nanos: int64(took % time.Second)}}
	if null(end.Invocation.Arguments) {
		end.Invocation.Arguments = nil
	}
	if err != nil {
		i.item.Status, i.item.Error = protocol.McpToolCallStatusFailed, &protocol.McpToolCallError{Message: err.Error()}
		end.Result.Err = err.Error()
	} else {
		var r struct {
			Content    []json.RawMessage `json:"content"`
			Structured json.RawMessage   `json:"structuredContent"`
			IsError    bool              `json:"isError"`
			Meta       json.RawMessage   `json:"_meta"`
		}
		if len(raw) > maxShown {
			raw = shortened(raw)
		}
		_ = json.Unmarshal(raw, &r) // isResult has looked at it
		i.item.Status = protocol.McpToolCallStatusCompleted
		if r.IsError {
			i.item.Status = protocol.McpToolCallStatusFailed
		}
		i.item.Result = &protocol.McpToolCallResult{Content: r.Content, StructuredContent: orNull(r.Structured), Meta: orNull(r.Meta)}
		end.Result.Ok = raw
	}
	i.t.Out.ItemCompleted(&i.item)
	i.t.Out.McpEnd(end)
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
