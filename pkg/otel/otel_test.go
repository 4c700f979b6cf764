package otel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collectortraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracesv1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/telemetry"
)

// TestJSON holds that ids are in hexadecimal and enumerations are numbers.
func TestJSON(t *testing.T) {
	in := &collectortraces.ExportTraceServiceRequest{ResourceSpans: []*tracesv1.ResourceSpans{{ScopeSpans: []*tracesv1.ScopeSpans{{Spans: []*tracesv1.Span{{
		TraceId: bytes.Repeat([]byte{0xab}, 16), SpanId: []byte{1, 2, 3, 4, 5, 6, 7, 8}, Name: "x", Kind: tracesv1.Span_SPAN_KIND_SERVER, StartTimeUnixNano: 1 << 60}}}}}}}
	binary, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := toJSON(binary, &collectortraces.ExportTraceServiceRequest{})
	want := `{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":2,"name":"x","spanId":"0102030405060708","startTimeUnixNano":"1152921504606846976","traceId":"` + strings.Repeat("ab", 16) + `"}]}]}]}`
	if err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	if b := fromJSON([]byte("<html>"), &collectortraces.ExportTraceServiceResponse{}); b != nil {
		t.Errorf("an answer that is none: %q", b)
	}
}

// TestFaults holds that one thing is said, once, without the address or what a server says.
func TestFaults(t *testing.T) {
	var out bytes.Buffer
	f := &faults{stderr: &out}
	const secret = "https://user:sk-1@host/in?key=sk-2"
	f.failed("logs", secret, &url.Error{Op: "Post", URL: secret, Err: errors.New("no route")})
	f.failed("spans", secret, errors.New("failed to send to "+secret+": 401 (body: sk-3)"))
	if want := "codex-otel: logs cannot be sent to host: no route\n"; out.String() != want {
		t.Errorf("%q", &out)
	}
	out.Reset()
	g := &faults{stderr: &out}
	g.failed("spans", secret, errors.New("failed to send to "+secret+": 401 (body: sk-3)"))
	if strings.Contains(out.String(), "sk-") || !strings.Contains(out.String(), "401") {
		t.Errorf("%q", &out)
	}
}

// TestStopped holds that one which is stopped says so, and does not wait for its input.
func TestStopped(t *testing.T) {
	in, w := io.Pipe()
	t.Cleanup(func() { w.Close() })
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		io.WriteString(w, `{"method":"telemetry/prompt","params":{}}`+"\n")
		stop()
	}()
	var out bytes.Buffer
	err := Main(ctx, nil, Process{Stdin: in, Stdout: &out, Stderr: &out, Getenv: func(string) string { return "" }})
	if exit.Status(err) != 1 || !strings.Contains(out.String(), "stopped before the end of its input") {
		t.Errorf("%v, %q", err, &out)
	}
}

// FuzzLines holds that a line which is not JSON is an error; that none but the first sets
// anything up; that a session begins once; and that every span which began has ended when it
// is over, whatever was told of its turns.
func FuzzLines(f *testing.F) {
	for _, line := range []string{
		`{"method":"telemetry/start","params":{"settings":{"environment":"e"},"session":{"threadId":"t"}}}`,
		`{"method":"telemetry/start","params":{"settings":{"logs":{"endpoint":"http://127.0.0.1:1/"},"traceState":{"a":{"b":"c"}}}}}`,
		`{"method":"telemetry/prompt","params":{"at":1,"length":-1}}`,
		`{"method":"telemetry/turn/started","params":{"at":1,"turnId":"u"}}`,
		`{"method":"telemetry/request","params":{"at":1,"tookMs":-9223372036854775808,"status":200}}`,
		`{"method":"telemetry/turn/ended","params":{"at":1,"firstMs":9223372036854775807,"usage":{"input":-5}}}`,
		`{"method":"telemetry/result","params":{"tookMs":-9223372036854775808}}`,
		`{"method":"telemetry/deltas","params":{"kinds":{"":1}}}`, `{`, `[]`, ``,
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		ctx, stop := context.WithCancel(context.Background())
		stop() // nothing is sent
		s := &session{getenv: func(string) string { return "" }, faults: &faults{stderr: &bytes.Buffer{}}}
		err := s.line(ctx, []byte(line))
		if err == nil && !jsonrpc.Valid([]byte(line)) {
			t.Error("taken, and not JSON")
		}
		first := gjson.Get(line, "method").Str == telemetry.MethodStart
		if began := s.numbers != nil; began != (first && err == nil) || !began && (s.ends != nil || s.tree != nil) {
			t.Errorf("began: %v, after %v", began, err)
		}
		begin := `{"method":"telemetry/start","params":{"settings":{"environment":"e"},"session":{"threadId":"t"}}}`
		if began := s.numbers != nil; (s.line(ctx, []byte(begin)) == nil) == began {
			t.Error("begins twice, or not at all")
		}
		if first && s.line(ctx, []byte(line)) == nil {
			t.Error("a second session began")
		}
		spans := tracetest.NewSpanRecorder()
		s.tree = newTree(trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("t"), &config.Otel{}, s.getenv)
		for _, l := range []string{`{"method":"telemetry/turn/started","params":{"at":1}}`, line, line} {
			_ = s.line(ctx, []byte(l))
		}
		_ = s.close(ctx)
		if began, ended := len(spans.Started()), len(spans.Ended()); began == 0 || began != ended {
			t.Errorf("%d spans began, %d ended", began, ended)
		}
	})
}
