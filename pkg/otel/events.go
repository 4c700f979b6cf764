package otel

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otellog "go.opentelemetry.io/otel/log"

	"codex/pkg/telemetry"
)

// redacted stands for what a user wrote, unless log_user_prompt says otherwise.
const redacted = "[REDACTED]"

// pairs are attributes in order; a value is a string, a bool or an int64.
type pairs []pair

type pair struct {
	key   string
	value any
}

// some adds a text that there is.
func (p *pairs) some(key, value string) {
	if value != "" {
		*p = append(*p, pair{key, value})
	}
}

func (p pairs) attributes() []attribute.KeyValue {
	kv := make([]attribute.KeyValue, len(p))
	for i, a := range p {
		switch v := a.value.(type) {
		case string:
			kv[i] = attribute.String(a.key, v)
		case bool:
			kv[i] = attribute.Bool(a.key, v)
		case int64:
			kv[i] = attribute.Int64(a.key, v)
		}
	}
	return kv
}

// log writes an event into the log.
func (s *session) log(ctx context.Context, name string, at time.Time, own pairs) {
	if s.logger == nil {
		return
	}
	var r otellog.Record
	r.SetTimestamp(at)
	r.SetObservedTimestamp(at)
	r.SetEventName(name)
	r.SetSeverity(otellog.SeverityInfo)
	r.SetSeverityText("INFO")
	r.AddAttributes(s.whole(name, at, own, true).attributes()...)
	s.logger.Emit(ctx, r)
}

// note puts an event into the span that is at work.
func (s *session) note(name string, at time.Time, own pairs) {
	s.tree.event(name, at, s.whole(name, at, own, false).attributes())
}

// both is for events that hold nothing private.
func (s *session) both(name string, at time.Time, own pairs) {
	s.log(s.tree.context(), name, at, own)
	s.note(name, at, own)
}

// whole is an event with what all have. Spans do not say who the user is.
func (s *session) whole(name string, at time.Time, own pairs, private bool) pairs {
	f := &s.facts
	all := append(pairs{{"event.name", name}}, own...)
	all = append(all, pair{"event.timestamp", at.UTC().Format("2006-01-02T15:04:05.000Z")}, pair{"conversation.id", f.ThreadID}, pair{"app.version", f.Version})
	all.some("auth_mode", f.Auth.Mode)
	all = append(all, pair{"originator", f.Originator})
	if private {
		all.some("user.account_id", f.Auth.AccountID)
		all.some("user.email", f.Auth.Email)
	}
	return append(all, pair{"terminal.type", f.Terminal}, pair{"model", f.Model}, pair{"slug", f.Model})
}

// keys says which credentials might be had.
func (s *session) keys() pairs {
	a := &s.facts.Auth
	p := pairs{{"auth.env_openai_api_key_present", a.OpenAIKey}, {"auth.env_codex_api_key_present", a.CodexKey}, {"auth.env_codex_api_key_enabled", true}}
	if a.KeyName != "" {
		p = append(p, pair{"auth.env_provider_key_name", "configured"}, pair{"auth.env_provider_key_present", a.KeySet})
	}
	return append(p, pair{"auth.env_refresh_token_url_override_present", a.RefreshURL})
}

func ms(n int64) string { return strconv.FormatInt(n, 10) }

func truth(b bool) string { return strconv.FormatBool(b) }

// started tells that the session begins.
func (s *session) started(at time.Time) {
	f := &s.facts
	common := append(pairs{{"provider_name", f.Provider}}, s.keys()...)
	common.some("reasoning_effort", f.Effort)
	common = append(common, pair{"reasoning_summary", f.Summary})
	if f.ContextWindow > 0 {
		common = append(common, pair{"context_window", f.ContextWindow})
	}
	if f.AutoCompactLimit > 0 {
		common = append(common, pair{"auto_compact_token_limit", f.AutoCompactLimit})
	}
	common = append(common, pair{"approval_policy", f.Approval}, pair{"sandbox_policy", f.Sandbox}, pair{"mcp_servers", strings.Join(f.Servers, ", ")})
	s.log(s.tree.context(), "codex.conversation_starts", at, common)
	s.numbers.count("codex.thread.started", 1, "is_git", truth(f.Git))
}

func (s *session) prompt(p telemetry.Prompt) {
	text := cmp.Or(p.Text, redacted)
	length := strconv.Itoa(p.Length)
	s.log(s.tree.context(), "codex.user_prompt", p.Time(), pairs{{"prompt_length", length}, {"prompt", text}})
	s.note("codex.user_prompt", p.Time(), pairs{{"prompt_length", length}, {"text_input_count", int64(p.Texts)},
		{"image_input_count", int64(p.Images)}, {"local_image_input_count", int64(p.LocalImages)}})
}

func (s *session) turnStarted(t telemetry.TurnStarted) {
	s.facts.Model = t.Model
	s.tree.turn(t, s.facts.ThreadID)
}

func (s *session) turnEnded(t telemetry.TurnEnded) {
	if t.FirstMs != nil {
		s.both("codex.turn_ttft", t.Time(), pairs{{"duration_ms", ms(*t.FirstMs)}})
		s.numbers.time("codex.turn.ttft.duration_ms", *t.FirstMs)
	}
	s.tree.turnEnded(t)
	s.numbers.time("codex.turn.e2e_duration_ms", t.TookMs)
	s.numbers.count("codex.conversation.turn.count", 1)
	s.numbers.record("codex.turn.tool.call", int64(t.Tools))
	u := t.Usage
	for _, n := range []struct {
		kind string
		n    int64
	}{{"total", u.Total}, {"input", u.Input}, {"cached_input", u.Cached}, {"output", u.Output}, {"reasoning_output", u.Reasoning}} {
		s.numbers.record("codex.turn.token_usage", n.n, "token_type", n.kind)
	}
}

func (s *session) request(r telemetry.Request) {
	p := pairs{{"duration_ms", ms(r.TookMs)}}
	status := "none"
	if r.Status > 0 {
		status = strconv.Itoa(r.Status)
		p = append(p, pair{"http.response.status_code", int64(r.Status)})
	}
	p.some("error.message", r.Error)
	p = append(p, pair{"attempt", int64(r.Attempt)}, pair{"auth.header_attached", r.Header != ""})
	p.some("auth.header_name", r.Header)
	p = append(p, pair{"auth.retry_after_unauthorized", false}, pair{"endpoint", r.Endpoint})
	p = append(p, s.keys()...)
	p.some("auth.request_id", r.RequestID)
	p.some("auth.cf_ray", r.Ray)
	s.tree.request(r, s.facts.Model)
	s.both("codex.api_request", r.Time(), p)
	ok := r.Error == "" && (r.Command || r.Status/100 == 2)
	s.numbers.count("codex.api_request", 1, "status", status, "success", truth(ok))
	s.numbers.time("codex.api_request.duration_ms", r.TookMs, "status", status, "success", truth(ok))
}

func (s *session) event(e telemetry.Event) {
	var p pairs
	p.some("event.kind", e.Kind)
	p = append(p, pair{"duration_ms", ms(e.TookMs)})
	p.some("error.message", e.Error)
	s.log(context.Background(), "codex.sse_event", e.Time(), p)
	kind := cmp.Or(e.Kind, "unknown")
	s.numbers.count("codex.sse_event", 1, "kind", kind, "success", truth(e.Error == ""))
	s.numbers.time("codex.sse_event.duration_ms", e.TookMs, "kind", kind, "success", truth(e.Error == ""))
	if e.Error != "" {
		s.note("codex.sse_event", e.Time(), pairs{{"event.kind", kind}, {"duration_ms", ms(e.TookMs)}, {"error.message", e.Error}})
	}
	if e.Error != "" || e.Kind == "response.completed" {
		s.tree.requestEnded(e.Time(), e.Error)
	}
}

func (s *session) deltas(d telemetry.Deltas) {
	for kind, n := range d.Kinds {
		s.numbers.count("codex.sse_event", int64(n), "kind", kind, "success", "true")
	}
}

func (s *session) usage(u telemetry.ResponseUsage) {
	s.both("codex.sse_event", u.Time(), pairs{{"event.kind", "response.completed"}, {"input_token_count", ms(u.Input)}, {"output_token_count", ms(u.Output)},
		{"cached_token_count", u.Cached}, {"reasoning_token_count", u.Reasoning}, {"tool_token_count", ms(u.Total)}})
}

func (s *session) decision(d telemetry.Decision) {
	s.log(s.tree.context(), "codex.tool_decision", d.Time(), pairs{{"tool_name", d.Tool}, {"call_id", d.CallID}, {"decision", d.Decision}, {"source", d.Source}})
}

func (s *session) result(r telemetry.Result) {
	ctx := s.tree.tool(r)
	s.log(ctx, "codex.tool_result", r.Time(), pairs{{"tool_name", r.Tool}, {"call_id", r.CallID}, {"arguments", r.Arguments}, {"duration_ms", ms(r.TookMs)},
		{"success", truth(r.Success)}, {"output", r.Output}, {"mcp_server", r.Server}, {"mcp_server_origin", ""}})
	s.numbers.count("codex.tool.call", 1, "tool", r.Tool, "success", truth(r.Success))
	s.numbers.time("codex.tool.call.duration_ms", r.TookMs, "tool", r.Tool, "success", truth(r.Success))
}
