package otel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otellog "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/telemetry"
)

// session makes data of the lines of one session.
type session struct {
	getenv func(string) string
	faults *faults

	facts telemetry.Session
	last  time.Time                     // of the latest line: what is open at the end ends then
	ends  []func(context.Context) error // of what is exported

	logger  otellog.Logger
	numbers *numbers
	tree    *tree
}

// maxLine bounds a line; prompts are the longest.
const maxLine = 16 << 20

var errStopped = errors.New("stopped before the end of its input, and something may be left out")

// read takes lines until they end; that ctx ends before them is an error. A line that can't be
// read is said, and passed over.
func (s *session) read(ctx context.Context, in io.Reader) error {
	lines, end := make(chan []byte), make(chan error, 1)
	go func() { end <- feed(ctx, in, lines) }() // ends with ctx and the next line, or with the input
	for {
		select {
		case <-ctx.Done():
			return errStopped
		case err := <-end:
			return err
		case line := <-lines:
			if err := s.line(ctx, line); err != nil {
				s.faults.say(err.Error())
			}
		}
	}
}

// feed reads lines that are not empty. A read that waits can't be ended.
func feed(ctx context.Context, in io.Reader, lines chan<- []byte) error {
	r := jsonrpc.NewReader(in, maxLine)
	for {
		line, err := r.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read telemetry: %w", err)
		case len(bytes.TrimSpace(line)) == 0:
			continue
		}
		select {
		case lines <- bytes.Clone(line): // the reader's own is good until the next one
		case <-ctx.Done():
			return errStopped
		}
	}
}

// line takes one. What comes before the first session is about none.
func (s *session) line(ctx context.Context, line []byte) error {
	if !jsonrpc.Valid(line) {
		return errors.New("a line is not JSON")
	}
	method, params := gjson.GetBytes(line, "method").Str, []byte(gjson.GetBytes(line, "params").Raw)
	if method == telemetry.MethodStart {
		start, err := telemetry.Decode[telemetry.Start](params)
		if err == nil && start.Settings == nil {
			err = errors.New("no settings")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		return s.begin(ctx, start)
	}
	if at := gjson.GetBytes(params, "at").Int(); at > 0 {
		s.last = telemetry.When{At: at}.Time()
	}
	handle := handlers()[method]
	if handle == nil || s.numbers == nil {
		return nil
	}
	if err := handle(s, params); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// handlers are what takes the lines, by their methods.
func handlers() map[string]func(*session, []byte) error {
	return map[string]func(*session, []byte) error{
		telemetry.MethodPrompt:      taking((*session).prompt),
		telemetry.MethodTurnStarted: taking((*session).turnStarted),
		telemetry.MethodTurnEnded:   taking((*session).turnEnded),
		telemetry.MethodRequest:     taking((*session).request),
		telemetry.MethodEvent:       taking((*session).event),
		telemetry.MethodDeltas:      taking((*session).deltas),
		telemetry.MethodUsage:       taking((*session).usage),
		telemetry.MethodDecision:    taking((*session).decision),
		telemetry.MethodResult:      taking((*session).result),
	}
}

// taking decodes the params for a handler.
func taking[T any](handle func(*session, T)) func(*session, []byte) error {
	return func(s *session, params []byte) error {
		v, err := telemetry.Decode[T](params)
		if err == nil {
			handle(s, v)
		}
		return err
	}
}

// begin sets everything up for a session. One that began before is over.
func (s *session) begin(ctx context.Context, start telemetry.Start) error {
	if s.numbers != nil {
		return errors.New("a second session on one pipe")
	}
	s.facts = start.Session
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { s.faults.say(oneLine(err)) }))
	m := &maker{getenv: s.getenv, faults: s.faults}
	s.setUpLogs(ctx, m, start.Settings)
	s.setUpSpans(ctx, m, start.Settings)
	s.setUpMetrics(ctx, m, start.Settings)
	s.started(start.Time())
	return nil
}

func oneLine(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// resource says what is observed.
func (s *session) resource(environment string, host bool) *resource.Resource {
	a := []attribute.KeyValue{
		attribute.String("service.name", s.facts.Originator),
		attribute.String("service.version", s.facts.Version),
		attribute.String("env", environment),
		attribute.String("telemetry.sdk.name", "opentelemetry"),
		attribute.String("telemetry.sdk.language", "go"),
		attribute.String("telemetry.sdk.version", otel.Version()),
	}
	if host && s.facts.Host != "" {
		a = append(a, attribute.String("host.name", s.facts.Host))
	}
	return resource.NewSchemaless(a...)
}

// An exporter that can't be made is said; the others work.

func (s *session) setUpLogs(ctx context.Context, m *maker, o *config.Otel) {
	if o.Logs == nil {
		return
	}
	e, err := m.logs(ctx, o.Logs)
	if err != nil {
		s.faults.failed("logs", o.Logs.Endpoint, err)
		return
	}
	p := log.NewLoggerProvider(log.WithResource(s.resource(o.Environment, true)), log.WithAttributeCountLimit(-1),
		log.WithProcessor(log.NewBatchProcessor(e, log.WithExportInterval(time.Second), log.WithMaxQueueSize(8192), log.WithExportTimeout(sendTime))))
	s.ends = append(s.ends, p.Shutdown)
	s.logger = p.Logger("codex_otel.log_only")
}

func (s *session) setUpSpans(ctx context.Context, m *maker, o *config.Otel) {
	s.tree = &tree{}
	if o.Traces == nil {
		return
	}
	e, err := m.traces(ctx, o.Traces)
	if err != nil {
		s.faults.failed("spans", o.Traces.Endpoint, err)
		return
	}
	p := trace.NewTracerProvider(trace.WithResource(s.resource(o.Environment, false)), trace.WithSampler(trace.AlwaysSample()),
		trace.WithBatcher(e, trace.WithBatchTimeout(time.Second), trace.WithExportTimeout(sendTime)))
	s.ends = append(s.ends, p.Shutdown)
	s.tree = newTree(p.Tracer(s.facts.Originator), o, s.getenv)
	if s.tree.problem != nil {
		s.faults.say(oneLine(s.tree.problem))
	}
}

func (s *session) setUpMetrics(ctx context.Context, m *maker, o *config.Otel) {
	s.numbers = &numbers{}
	if o.Metrics == nil {
		return
	}
	e, err := m.metrics(ctx, o.Metrics)
	if err != nil {
		s.faults.failed("metrics", o.Metrics.Endpoint, err)
		return
	}
	p := metric.NewMeterProvider(metric.WithResource(s.resource(o.Environment, false)),
		metric.WithReader(metric.NewPeriodicReader(e, metric.WithTimeout(sendTime))))
	s.ends = append(s.ends, p.Shutdown)
	s.numbers = newNumbers(p.Meter(s.facts.Originator), s.facts)
}

// close sends what is left.
func (s *session) close(ctx context.Context) error {
	if s.tree != nil {
		s.tree.end(s.last)
	}
	all := make([]error, len(s.ends))
	var ends sync.WaitGroup
	for i, end := range s.ends {
		ends.Go(func() { all[i] = end(ctx) }) // ends with ctx
	}
	ends.Wait()
	return errors.Join(all...)
}
