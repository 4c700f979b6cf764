package otel

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logdata "go.opentelemetry.io/proto/otlp/logs/v1"
	metricdata "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracedata "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// collector keeps what it is sent, over HTTP in both forms and over gRPC.
type collector struct {
	logs.UnimplementedLogsServiceServer
	t   *testing.T
	url string

	mu      sync.Mutex
	raw     []string // bodies in JSON
	types   map[string]bool
	keys    map[string]bool // values of the header x-key
	records []*logdata.LogRecord
	metrics []*metricdata.Metric
	spans   []*tracedata.Span
	about   map[string]string // resource of the logs
}

type (
	traceService struct {
		traces.UnimplementedTraceServiceServer
		c *collector
	}
	metricService struct {
		metrics.UnimplementedMetricsServiceServer
		c *collector
	}
)

func newCollector(t *testing.T) *collector {
	return &collector{t: t, types: map[string]bool{}, keys: map[string]bool{}, about: map[string]string{}}
}

func (c *collector) overHTTP() *collector {
	s := httptest.NewServer(c)
	c.t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *collector) overGRPC() *collector {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	s := grpc.NewServer()
	logs.RegisterLogsServiceServer(s, c)
	traces.RegisterTraceServiceServer(s, traceService{c: c})
	metrics.RegisterMetricsServiceServer(s, metricService{c: c})
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l)
	}()
	c.t.Cleanup(func() { s.Stop(); <-done })
	c.url = "http://" + l.Addr().String()
	return c
}

// ServeHTTP implements http.Handler.
func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
	}
	typ := r.Header.Get("Content-Type")
	c.mu.Lock()
	c.types[typ] = true
	c.keys[r.Header.Get("X-Key")] = true
	if typ == "application/json" {
		c.raw = append(c.raw, string(body))
	}
	c.mu.Unlock()
	read := func(m proto.Message) {
		unmarshal := proto.Unmarshal
		if typ == "application/json" {
			unmarshal = protojson.Unmarshal
		}
		if err := unmarshal(body, m); err != nil {
			c.t.Errorf("%s: %v", r.URL.Path, err)
		}
	}
	ctx := context.Background()
	switch r.URL.Path {
	case "/in/logs":
		var m logs.ExportLogsServiceRequest
		read(&m)
		c.Export(ctx, &m)
	case "/in/traces":
		var m traces.ExportTraceServiceRequest
		read(&m)
		traceService{c: c}.Export(ctx, &m)
	case "/in/metrics":
		var m metrics.ExportMetricsServiceRequest
		read(&m)
		metricService{c: c}.Export(ctx, &m)
	default:
		c.t.Errorf("a request for %s", r.URL.Path)
	}
	w.Header().Set("Content-Type", typ)
	if typ == "application/json" {
		fmt.Fprint(w, `{"partialSuccess":{}}`)
	}
}

func (c *collector) key(ctx context.Context) {
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		c.keys[strings.Join(md.Get("x-key"), ",")] = true
	}
}

// Export implements logs.LogsServiceServer.
func (c *collector) Export(ctx context.Context, m *logs.ExportLogsServiceRequest) (*logs.ExportLogsServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key(ctx)
	for _, r := range m.ResourceLogs {
		for _, a := range r.Resource.Attributes {
			c.about[a.Key] = a.Value.GetStringValue()
		}
		for _, s := range r.ScopeLogs {
			c.records = append(c.records, s.LogRecords...)
		}
	}
	return &logs.ExportLogsServiceResponse{}, nil
}

// Export implements traces.TraceServiceServer.
func (s traceService) Export(ctx context.Context, m *traces.ExportTraceServiceRequest) (*traces.ExportTraceServiceResponse, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for _, r := range m.ResourceSpans {
		for _, scope := range r.ScopeSpans {
			s.c.spans = append(s.c.spans, scope.Spans...)
		}
	}
	return &traces.ExportTraceServiceResponse{}, nil
}

// Export implements metrics.MetricsServiceServer.
func (s metricService) Export(ctx context.Context, m *metrics.ExportMetricsServiceRequest) (*metrics.ExportMetricsServiceResponse, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	for _, r := range m.ResourceMetrics {
		for _, scope := range r.ScopeMetrics {
			s.c.metrics = append(s.c.metrics, scope.Metrics...)
		}
	}
	return &metrics.ExportMetricsServiceResponse{}, nil
}

// attributes are those of a record as the test data has them, and the values of texts.
func attributes(all []*common.KeyValue) (shape string, values map[string]string) {
	values = map[string]string{}
	var words []string
	for _, a := range all {
		kind := "?"
		switch v := a.Value.Value.(type) {
		case *common.AnyValue_StringValue:
			kind, values[a.Key] = "string", v.StringValue
		case *common.AnyValue_BoolValue:
			kind, values[a.Key] = "bool", fmt.Sprint(v.BoolValue)
		case *common.AnyValue_IntValue:
			kind, values[a.Key] = "int", fmt.Sprint(v.IntValue)
		}
		words = append(words, a.Key+":"+kind)
	}
	return strings.Join(words, " "), values
}
