package otel

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"codex/pkg/config"
	"codex/pkg/telemetry"
)

// tree are the spans of a session: a turn, and below it what the model was asked and the
// tools that it called. Without a tracer there are none.
type tree struct {
	tracer  trace.Tracer
	root    context.Context // of whoever started the engine, or of nobody
	always  []attribute.KeyValue
	problem error

	turnCtx context.Context
	span    trace.Span // the turn's
	asked   trace.Span // the request's
}

// newTree begins where the environment says that the engine was started from.
func newTree(tracer trace.Tracer, o *config.Otel, getenv func(string) string) *tree {
	t := &tree{tracer: tracer}
	for _, k := range slices.Sorted(maps.Keys(o.SpanAttributes)) {
		t.always = append(t.always, attribute.String(k, o.SpanAttributes[k]))
	}
	carrier := propagation.MapCarrier{"traceparent": getenv("TRACEPARENT"), "tracestate": getenv("TRACESTATE")}
	t.root = propagation.TraceContext{}.Extract(context.Background(), carrier)
	t.problem = t.addState(o.TraceState)
	return t
}

// addState puts the settings' entries into the state of the trace: one for each vendor.
func (t *tree) addState(vendors map[string]map[string]string) error {
	sc := trace.SpanContextFromContext(t.root)
	state := sc.TraceState()
	for _, vendor := range slices.Sorted(maps.Keys(vendors)) {
		value := ""
		for _, k := range slices.Sorted(maps.Keys(vendors[vendor])) {
			if value != "" {
				value += ";"
			}
			value += k + ":" + vendors[vendor][k]
		}
		var err error
		if state, err = state.Insert(vendor, value); err != nil {
			return fmt.Errorf("otel.tracestate.%s: %w", vendor, err)
		}
	}
	t.root = trace.ContextWithSpanContext(t.root, sc.WithTraceState(state))
	return nil
}

// context is where an event belongs: to the turn.
func (t *tree) context() context.Context {
	switch {
	case t.turnCtx != nil:
		return t.turnCtx
	case t.root != nil:
		return t.root
	}
	return context.Background()
}

func (t *tree) start(ctx context.Context, name string, at time.Time, a ...attribute.KeyValue) (context.Context, trace.Span) {
	return t.tracer.Start(ctx, name, trace.WithTimestamp(at), trace.WithAttributes(append(a, t.always...)...))
}

// turn begins a turn.
func (t *tree) turn(e telemetry.TurnStarted, threadID string) {
	if t.tracer == nil {
		return
	}
	t.end(e.Time())
	a := []attribute.KeyValue{attribute.String("thread.id", threadID), attribute.String("turn.id", e.TurnID), attribute.String("model", e.Model)}
	if e.Effort != "" {
		a = append(a, attribute.String("codex.turn.reasoning_effort", e.Effort))
	}
	t.turnCtx, t.span = t.start(t.root, "session_task.turn", e.Time(), a...)
}

// turnEnded ends it.
func (t *tree) turnEnded(e telemetry.TurnEnded) {
	if t.span == nil {
		return
	}
	t.requestEnded(e.Time(), "")
	u := e.Usage
	const prefix = "codex.turn.token_usage."
	t.span.SetAttributes(attribute.Int64(prefix+"input_tokens", u.Input), attribute.Int64(prefix+"cached_input_tokens", u.Cached),
		attribute.Int64(prefix+"non_cached_input_tokens", max(u.Input-u.Cached, 0)), attribute.Int64(prefix+"output_tokens", u.Output),
		attribute.Int64(prefix+"reasoning_output_tokens", u.Reasoning), attribute.Int64(prefix+"total_tokens", u.Total))
	if e.Status != "completed" {
		t.span.SetStatus(codes.Error, e.Status)
	}
	t.span.End(trace.WithTimestamp(e.Time()))
	t.span, t.turnCtx = nil, nil
}

// request begins what the model is asked.
func (t *tree) request(r telemetry.Request, model string) {
	if t.tracer == nil {
		return
	}
	t.requestEnded(r.Time(), "")
	transport := "responses_http"
	if r.Command {
		transport = "command"
	}
	_, t.asked = t.start(t.context(), "model_client.stream_responses_api", r.Time().Add(-time.Duration(r.TookMs)*time.Millisecond),
		attribute.String("model", model), attribute.String("wire_api", "responses"), attribute.String("transport", transport),
		attribute.String("http.method", "POST"), attribute.String("api.path", r.Endpoint))
	if r.Error != "" || r.Status >= 400 {
		t.requestEnded(r.Time(), r.Error)
	}
}

func (t *tree) requestEnded(at time.Time, failed string) {
	if t.asked == nil {
		return
	}
	if failed != "" {
		t.asked.SetStatus(codes.Error, failed)
	}
	t.asked.End(trace.WithTimestamp(at))
	t.asked = nil
}

// tool is a call that has been answered. It gives the context of what is told about that.
func (t *tree) tool(r telemetry.Result) context.Context {
	if t.tracer == nil {
		return t.context()
	}
	origin := "builtin"
	if r.Server != "" {
		origin = "mcp"
	}
	ctx, span := t.start(t.context(), r.Tool, r.Time().Add(-time.Duration(r.TookMs)*time.Millisecond), attribute.String("tool_name", r.Tool),
		attribute.String("call_id", r.CallID), attribute.String("success", truth(r.Success)), attribute.Int("arguments_length", r.ArgumentBytes),
		attribute.Int("output_length", r.Bytes), attribute.Int("output_line_count", r.Lines), attribute.String("tool_origin", origin), attribute.Bool("mcp_tool", r.Server != ""))
	span.End(trace.WithTimestamp(r.Time()))
	return ctx
}

// event puts one into the span that is at work.
func (t *tree) event(name string, at time.Time, a []attribute.KeyValue) {
	span := t.asked
	if span == nil {
		span = t.span
	}
	if span != nil {
		span.AddEvent(name, trace.WithTimestamp(at), trace.WithAttributes(a...))
	}
}

// end ends what is still open.
func (t *tree) end(at time.Time) {
	t.requestEnded(at, "")
	if t.span != nil {
		t.span.End(trace.WithTimestamp(at))
		t.span, t.turnCtx = nil, nil
	}
}
