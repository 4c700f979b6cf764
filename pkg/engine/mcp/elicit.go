package mcp

import (
	"context"
	"encoding/json"
	"slices"

	"codex/pkg/engine/tools"
	"codex/pkg/execpolicy"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
	"codex/pkg/protocol"
)

// Answers to a server that nobody is asked about.
const (
	answerDecline = `{"action":"decline"}`
	answerAccept  = `{"action":"accept","content":{}}`
)

// running is a call that runs: servers may ask the user of its turn, until its context ends.
type running struct {
	ctx  context.Context
	turn *tools.Turn
}

// enter counts a call as one that runs, until the function that it gives is called.
func (s *Servers) enter(ctx context.Context, t *tools.Turn) (leave func()) {
	r := &running{ctx, t}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, r)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running = slices.DeleteFunc(s.running, func(other *running) bool { return other == r })
	}
}

// elicit answers a question of a server: the policy does, or the user.
func (s *Servers) elicit(p wire.ElicitParams) (json.RawMessage, error) {
	s.mu.Lock()
	var r *running
	if n := len(s.running); n > 0 {
		r = s.running[n-1]
	}
	s.mu.Unlock()
	var asked struct {
		Mode          string                     `json:"mode"`
		Message       string                     `json:"message"`
		Schema        json.RawMessage            `json:"requestedSchema"`
		URL           string                     `json:"url"`
		ElicitationID string                     `json:"elicitationId"`
		Meta          map[string]json.RawMessage `json:"_meta"`
	}
	if err := json.Unmarshal(p.Params, &asked); err != nil {
		return nil, jsonrpc.Invalidf("invalid params")
	}
	if r == nil {
		return json.RawMessage(answerDecline), nil
	}
	t := r.turn
	switch {
	case t.Approval == execpolicy.Never:
		if asked.Mode != protocol.McpServerElicitationRequestParamsURL && empty(asked.Schema) && t.Mode == "danger-full-access" {
			return json.RawMessage(answerAccept), nil
		}
		return json.RawMessage(answerDecline), nil
	case t.Approval == execpolicy.Granular && !t.Granular.MCPElicitations:
		return json.RawMessage(answerDecline), nil
	}
	q := protocol.McpServerElicitationRequestParams{ThreadID: t.ThreadID, TurnID: &t.TurnID, ServerName: p.Name, Mode: protocol.McpServerElicitationRequestParamsForm,
		Message: asked.Message, RequestedSchema: asked.Schema}
	if t.TurnID == "" { // a client has called the tool
		q.TurnID = nil
	}
	if len(asked.Schema) == 0 {
		q.RequestedSchema = json.RawMessage(`{"type":"object","properties":{}}`)
	}
	if asked.Mode == protocol.McpServerElicitationRequestParamsURL {
		q.Mode, q.URL, q.ElicitationID, q.RequestedSchema = asked.Mode, asked.URL, asked.ElicitationID, nil
	}
	delete(asked.Meta, "progressToken")
	if len(asked.Meta) > 0 {
		q.Meta, _ = jsonrpc.Marshal(asked.Meta) // it was JSON a moment ago
	}
	answer, err := t.Out.Elicit(r.ctx, q)
	if err != nil {
		return json.RawMessage(`{"action":"cancel"}`), nil
	}
	return answerOf(answer)
}

// answerOf is the user's answer as the server gets it.
func answerOf(r protocol.McpServerElicitationRequestResponse) (json.RawMessage, error) {
	a := struct {
		Action  string          `json:"action"`
		Content json.RawMessage `json:"content,omitempty"`
		Meta    json.RawMessage `json:"_meta,omitempty"`
	}{Action: string(r.Action)}
	if !null(r.Content) {
		a.Content = r.Content
	} else if r.Action == protocol.McpServerElicitationActionAccept {
		a.Content = json.RawMessage("{}")
	}
	if !null(r.Meta) {
		a.Meta = r.Meta
	}
	return jsonrpc.Marshal(a)
}

func null(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// empty says whether a form asks for nothing but a yes.
func empty(schema json.RawMessage) bool {
	var s struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	return json.Unmarshal(schema, &s) == nil && len(s.Properties) == 0
}
