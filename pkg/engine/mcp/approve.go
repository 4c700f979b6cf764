package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"codex/pkg/config"
	"codex/pkg/engine/tools"
	"codex/pkg/execpolicy"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// Modes of approval.
const (
	modeApprove = "approve"
	modePrompt  = "prompt"
	modeWrites  = "writes"
)

// hints are what a server says that a tool does. It may say what is not so: they spare
// questions, and widen nothing that runs in the sandbox.
type hints struct {
	ReadOnly    *bool `json:"readOnlyHint"`
	Destructive *bool `json:"destructiveHint"`
	OpenWorld   *bool `json:"openWorldHint"`
}

func said(b *bool, what bool) bool { return b != nil && *b == what }

// harmless says whether a tool needs no approval in a mode by what is said of it.
func (h hints) harmless(mode string) bool {
	switch {
	case mode == modePrompt, said(h.Destructive, true):
		return false
	case said(h.ReadOnly, true):
		return true
	}
	return mode != modeWrites && said(h.Destructive, false) && said(h.OpenWorld, false)
}

// Words of calls that may not run.
var (
	errDeclined  = errors.New("user rejected MCP tool call")
	errCancelled = errors.New("user cancelled MCP tool call")
)

// approve says why a call may not run, nil if it may.
func (s *Servers) approve(ctx context.Context, t *tools.Turn, tl *tool, call tools.Call, arguments json.RawMessage) error {
	mode := tl.Mode(tl.tool)
	free := t.Mode == "danger-full-access" || !t.Policy.Restricted()
	switch {
	case mode == modeApprove, t.Approval == execpolicy.Never && free, tl.hints().harmless(mode), mode != modePrompt && s.remembered(tl.identity):
		return nil
	case t.Approval == execpolicy.Never, t.Approval == execpolicy.Granular && !t.Granular.MCPElicitations:
		return fmt.Errorf("%w: nobody may be asked here; %s = \"approve\" allows it", errCancelled,
			config.DottedKey([]string{"mcp_servers", tl.server.Name, "tools", tl.tool, "approval_mode"}))
	}
	if decided, err := t.AskHooks(ctx, call); decided {
		return err
	}
	p, err := question(t, tl, arguments, mode)
	if err != nil {
		return err
	}
	r, err := t.Out.Elicit(ctx, p)
	switch {
	case err != nil:
		return errCancelled
	case r.Action == protocol.McpServerElicitationActionDecline:
		return errDeclined
	case r.Action != protocol.McpServerElicitationActionAccept:
		return errCancelled
	}
	s.persist(tl, mode, r.Meta)
	return nil
}

func (s *Servers) remembered(id identity) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.approved[id]
}

// persist remembers an approval as long as the answer says.
func (s *Servers) persist(tl *tool, mode string, meta json.RawMessage) {
	var m struct {
		Persist string `json:"persist"`
	}
	if mode == modePrompt || json.Unmarshal(meta, &m) != nil || m.Persist != "session" && m.Persist != "always" {
		return
	}
	s.mu.Lock()
	s.approved[tl.identity] = true
	s.mu.Unlock()
	if m.Persist == "always" {
		if err := s.o.Allow(tl.server.Name, tl.tool); err != nil {
			s.o.Warn("the approval of %s/%s is not saved: %v", tl.server.Name, tl.tool, err)
		}
	}
}

// question asks whether a tool may run.
func question(t *tools.Turn, tl *tool, arguments json.RawMessage, mode string) (p protocol.McpServerElicitationRequestParams, err error) {
	type shown struct {
		Name    string          `json:"name"`
		Value   json.RawMessage `json:"value"`
		Display string          `json:"display_name"`
	}
	meta := struct {
		Kind        string          `json:"codex_approval_kind"`
		Persist     []string        `json:"persist,omitempty"`
		Title       string          `json:"tool_title,omitempty"`
		Description string          `json:"tool_description,omitempty"`
		Params      json.RawMessage `json:"tool_params,omitempty"`
		Display     []shown         `json:"tool_params_display,omitempty"`
	}{Kind: "mcp_tool_call", Title: tl.title(), Description: tl.description(), Params: arguments}
	if mode != modePrompt {
		meta.Persist = []string{"session", "always"}
	}
	var params map[string]json.RawMessage
	if len(arguments) > 0 {
		if err := json.Unmarshal(arguments, &params); err != nil {
			return p, err
		}
	}
	for _, k := range slices.Sorted(maps.Keys(params)) {
		meta.Display = append(meta.Display, shown{k, params[k], k})
	}
	p = protocol.McpServerElicitationRequestParams{ThreadID: t.ThreadID, TurnID: &t.TurnID, ServerName: tl.server.Name, Mode: protocol.McpServerElicitationRequestParamsForm,
		Message: fmt.Sprintf("Allow the %s MCP server to run tool %q?", tl.server.Name, tl.tool), RequestedSchema: json.RawMessage(`{"type":"object","properties":{}}`)}
	p.Meta, err = jsonrpc.Marshal(meta)
	return p, err
}
