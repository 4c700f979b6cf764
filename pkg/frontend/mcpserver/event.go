package mcpserver

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// fields are the members of an event, which are written in the order of their names but for
// the type.
type fields map[string]any

// translator makes the events that clients of the original's server know of what an engine
// tells. They are those of the original's core: its names are in snake case, its items begin
// with a capital.
type translator struct {
	call     *call
	last     string // message of the agent
	window   any    // of the model's context
	limits   json.RawMessage
	starting []string // servers of MCP that are not ready yet
	ready    []string
	failures []fields
	started  bool // it was told that these have started
}

// sessionConfigured is the event that a thread begins with.
func sessionConfigured(r *protocol.ThreadStartResponse) any {
	e := fields{"type": "session_configured", "session_id": r.Thread.ID, "thread_id": r.Thread.ID, "model": r.Model, "model_provider_id": r.ModelProvider,
		"approval_policy": r.ApprovalPolicy, "approvals_reviewer": r.ApprovalsReviewer, "sandbox_policy": sandboxPolicy(r.Sandbox), "cwd": r.Cwd}
	if r.ActivePermissionProfile != nil {
		e["active_permission_profile"] = r.ActivePermissionProfile
	}
	if r.ReasoningEffort != nil {
		e["reasoning_effort"] = r.ReasoningEffort
	}
	if r.Thread.Path != nil {
		e["rollout_path"] = r.Thread.Path
	}
	return e
}

// sandboxPolicy is a sandbox in the core's spelling.
func sandboxPolicy(p protocol.SandboxPolicy) any {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	out := fields{}
	gjson.ParseBytes(raw).ForEach(func(k, v gjson.Result) bool {
		if k.Str == "type" {
			out["type"] = strings.ReplaceAll(snake(v.Str), "_", "-")
		} else {
			out[snake(k.Str)] = json.RawMessage(v.Raw)
		}
		return true
	})
	return out
}

// note tells what a notification says, if clients know anything like it.
func (t *translator) note(method string, p gjson.Result) {
	turn := p.Get("turnId").Str
	switch method {
	case protocol.NoteTurnStarted:
		turn = p.Get("turn.id").Str
		t.serversStarted()
		t.emit(turn, "task_started", fields{"turn_id": t.call.shown(turn), "started_at": raw(p.Get("turn.startedAt")),
			"model_context_window": t.window, "collaboration_mode_kind": "default"})
	case protocol.NoteTurnCompleted:
		t.turnCompleted(p.Get("turn"))
	case protocol.NoteItemStarted:
		t.item(turn, p, false)
	case protocol.NoteItemCompleted:
		t.item(turn, p, true)
	case protocol.NoteItemAgentMessageDelta:
		t.delta(turn, "agent_message_content_delta", p, nil)
	case protocol.NoteItemPlanDelta:
		t.delta(turn, "plan_delta", p, nil)
	case protocol.NoteItemReasoningSummaryTextDelta:
		t.delta(turn, "reasoning_content_delta", p, fields{"summary_index": raw(p.Get("summaryIndex"))})
	case protocol.NoteItemReasoningTextDelta:
		t.delta(turn, "reasoning_raw_content_delta", p, fields{"content_index": raw(p.Get("contentIndex"))})
	case protocol.NoteItemReasoningSummaryPartAdded:
		t.emit(turn, "agent_reasoning_section_break", fields{"item_id": p.Get("itemId").Str, "summary_index": raw(p.Get("summaryIndex"))})
	case protocol.NoteItemCommandExecutionOutputDelta:
		t.emit(turn, "exec_command_output_delta", fields{"call_id": p.Get("itemId").Str, "stream": "stdout",
			"chunk": base64.StdEncoding.EncodeToString([]byte(p.Get("delta").Str))})
	case protocol.NoteItemCommandExecutionTerminalInteraction:
		t.emit(turn, "terminal_interaction", fields{"call_id": p.Get("itemId").Str, "process_id": p.Get("processId").Str, "stdin": p.Get("stdin").Str})
	case protocol.NoteThreadTokenUsageUpdated:
		t.tokens(turn, p.Get("tokenUsage"))
	case protocol.NoteAccountRateLimitsUpdated:
		t.limits = snakeKeys(p.Get("rateLimits"))
	case protocol.NoteTurnDiffUpdated:
		t.emit(turn, "turn_diff", fields{"unified_diff": p.Get("diff").Str})
	case protocol.NoteTurnPlanUpdated:
		t.plan(turn, p)
	case protocol.NoteMcpServerStartupStatusUpdated:
		t.server(p)
	default:
		t.trouble(turn, method, p)
	}
}

// trouble tells what is wrong.
func (t *translator) trouble(turn, method string, p gjson.Result) {
	switch method {
	case protocol.NoteWarning, protocol.NoteGuardianWarning:
		t.emit(turn, "warning", fields{"message": p.Get("message").Str})
	case protocol.NoteConfigWarning:
		t.emit(turn, "warning", fields{"message": p.Get("summary").Str})
	case protocol.NoteDeprecationNotice:
		t.emit(turn, "deprecation_notice", fields{"summary": p.Get("summary").Str, "details": raw(p.Get("details"))})
	case protocol.NoteModelRerouted:
		t.emit(turn, "model_reroute", fields{"from_model": p.Get("fromModel").Str, "to_model": p.Get("toModel").Str, "reason": snake(p.Get("reason").Str)})
	case protocol.NoteError:
		e := fields{"message": p.Get("error.message").Str, "codex_error_info": snakeValue(p.Get("error.codexErrorInfo"))}
		if !p.Get("willRetry").Bool() {
			t.emit(turn, "error", e)
			return
		}
		e["additional_details"] = raw(p.Get("error.additionalDetails"))
		t.emit(turn, "stream_error", e)
	}
}

func (t *translator) emit(turn, kind string, f fields) {
	f["type"] = kind
	t.call.event(turn, f)
}

func (t *translator) delta(turn, kind string, p gjson.Result, more fields) {
	f := fields{"thread_id": t.call.session.id, "turn_id": t.call.shown(turn), "item_id": p.Get("itemId").Str, "delta": p.Get("delta").Str}
	maps.Copy(f, more)
	t.emit(turn, kind, f)
}

func (t *translator) turnCompleted(turn gjson.Result) {
	id := turn.Get("id").Str
	f := fields{"turn_id": t.call.shown(id), "completed_at": raw(turn.Get("completedAt")), "duration_ms": raw(turn.Get("durationMs"))}
	switch protocol.TurnStatus(turn.Get("status").Str) {
	case protocol.TurnStatusInterrupted:
		f["reason"] = "interrupted"
		t.emit(id, "turn_aborted", f)
	case protocol.TurnStatusCompleted:
		f["last_agent_message"] = t.last
		t.emit(id, "task_complete", f)
	default:
		f["last_agent_message"] = nil
		t.emit(id, "task_complete", f)
	}
}

func (t *translator) tokens(turn string, usage gjson.Result) {
	t.window = raw(usage.Get("modelContextWindow"))
	limits := any(t.limits)
	if t.limits == nil {
		limits = nil
	}
	t.emit(turn, "token_count", fields{"rate_limits": limits, "info": fields{
		"total_token_usage": snakeKeys(usage.Get("total")), "last_token_usage": snakeKeys(usage.Get("last")), "model_context_window": t.window}})
}

func (t *translator) plan(turn string, p gjson.Result) {
	steps := []fields{}
	for _, s := range p.Get("plan").Array() {
		steps = append(steps, fields{"step": s.Get("step").Str, "status": snake(s.Get("status").Str)})
	}
	t.emit(turn, "plan_update", fields{"explanation": raw(p.Get("explanation")), "plan": steps})
}

// server tells how a server of MCP starts, and when the last one has.
func (t *translator) server(p gjson.Result) {
	name, state := p.Get("name").Str, p.Get("status").Str
	status := fields{"state": state}
	t.starting = slices.DeleteFunc(t.starting, func(s string) bool { return s == name })
	switch state {
	case "starting":
		t.starting = append(t.starting, name)
	case "ready":
		t.ready = append(t.ready, name)
	default:
		failure := fields{"server": name, "error": p.Get("error").Str}
		t.failures = append(t.failures, failure)
		if state == "failed" {
			status["error"] = failure["error"]
		}
	}
	t.emit("", "mcp_startup_update", fields{"server": name, "status": status})
	if len(t.starting) == 0 {
		t.serversStarted()
	}
}

// serversStarted tells, once, which servers of MCP there are.
func (t *translator) serversStarted() {
	if t.started || !t.call.first {
		return
	}
	t.started = true
	t.emit("", "mcp_startup_complete", fields{"ready": append([]string{}, t.ready...), "failed": append([]fields{}, t.failures...), "cancelled": []string{}})
}

// raw is a value as it came, null when there is none.
func raw(v gjson.Result) any {
	if !v.Exists() {
		return nil
	}
	return json.RawMessage(v.Raw)
}

// snake writes a name in snake case.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// snakeKeys is an object with its names in snake case, at every depth.
func snakeKeys(v gjson.Result) json.RawMessage {
	if !v.IsObject() {
		if !v.Exists() {
			return json.RawMessage("null")
		}
		return json.RawMessage(v.Raw)
	}
	out := map[string]json.RawMessage{}
	v.ForEach(func(k, v gjson.Result) bool {
		out[snake(k.Str)] = snakeKeys(v)
		return true
	})
	b, err := json.Marshal(out)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}

// snakeValue is snakeKeys for what may be a word.
func snakeValue(v gjson.Result) any {
	if v.Type == gjson.String {
		return snake(v.Str)
	}
	return snakeKeys(v)
}
