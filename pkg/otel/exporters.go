package otel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/proto"

	"codex/pkg/config"
	"codex/pkg/responses"
)

// sendTime bounds one request; a collector that refuses is asked again for as long.
const sendTime = 10 * time.Second

// again is how; the SDK has a type of the same fields for each way.
var again = otlploghttp.RetryConfig{Enabled: true, InitialInterval: time.Second, MaxInterval: 5 * time.Second, MaxElapsedTime: sendTime}

// maker makes the exporters of a session.
type maker struct {
	getenv func(string) string
	faults *faults
}

// Each reports what it cannot send, and the SDK goes on.
type (
	logExporter struct {
		log.Exporter
		failed func(error)
	}
	spanExporter struct {
		trace.SpanExporter
		failed func(error)
	}
	metricExporter struct {
		metric.Exporter
		failed func(error)
	}
)

// Export implements log.Exporter.
func (e logExporter) Export(ctx context.Context, r []log.Record) error {
	return reported(e.Exporter.Export(ctx, r), e.failed)
}

// ExportSpans implements trace.SpanExporter.
func (e spanExporter) ExportSpans(ctx context.Context, s []trace.ReadOnlySpan) error {
	return reported(e.SpanExporter.ExportSpans(ctx, s), e.failed)
}

// Export implements metric.Exporter.
func (e metricExporter) Export(ctx context.Context, r *metricdata.ResourceMetrics) error {
	return reported(e.Exporter.Export(ctx, r), e.failed)
}

func reported(err error, failed func(error)) error {
	if err != nil {
		failed(err)
	}
	return nil
}

func (m *maker) failed(what string, c *config.OtelExporter) func(error) {
	return func(err error) { m.faults.failed(what, c.Endpoint, err) }
}

func (m *maker) logs(ctx context.Context, c *config.OtelExporter) (e log.Exporter, err error) {
	if c.GRPC {
		e, err = overGRPC(ctx, m, c, otlploggrpc.New, otlploggrpc.WithTLSCredentials,
			otlploggrpc.WithEndpointURL(c.Endpoint), otlploggrpc.WithHeaders(c.Headers), otlploggrpc.WithTimeout(sendTime), otlploggrpc.WithRetry(otlploggrpc.RetryConfig(again)))
	} else {
		shape := func() (request, response proto.Message) {
			return &collectorlogs.ExportLogsServiceRequest{}, &collectorlogs.ExportLogsServiceResponse{}
		}
		e, err = overHTTP(ctx, m, c, otlploghttp.New, otlploghttp.WithHTTPClient, shape,
			otlploghttp.WithEndpointURL(c.Endpoint), otlploghttp.WithHeaders(c.Headers), otlploghttp.WithRetry(otlploghttp.RetryConfig(again)))
	}
	return logExporter{e, m.failed("logs", c)}, err
}

func (m *maker) traces(ctx context.Context, c *config.OtelExporter) (e trace.SpanExporter, err error) {
	if c.GRPC {
		e, err = overGRPC(ctx, m, c, otlptracegrpc.New, otlptracegrpc.WithTLSCredentials,
			otlptracegrpc.WithEndpointURL(c.Endpoint), otlptracegrpc.WithHeaders(c.Headers), otlptracegrpc.WithTimeout(sendTime), otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig(again)))
	} else {
		shape := func() (request, response proto.Message) {
			return &collectortraces.ExportTraceServiceRequest{}, &collectortraces.ExportTraceServiceResponse{}
		}
		e, err = overHTTP(ctx, m, c, otlptracehttp.New, otlptracehttp.WithHTTPClient, shape,
			otlptracehttp.WithEndpointURL(c.Endpoint), otlptracehttp.WithHeaders(c.Headers), otlptracehttp.WithRetry(otlptracehttp.RetryConfig(again)))
	}
	return spanExporter{e, m.failed("spans", c)}, err
}

func (m *maker) metrics(ctx context.Context, c *config.OtelExporter) (e metric.Exporter, err error) {
	delta := func(metric.InstrumentKind) metricdata.Temporality { return metricdata.DeltaTemporality }
	if c.GRPC {
		e, err = overGRPC(ctx, m, c, otlpmetricgrpc.New, otlpmetricgrpc.WithTLSCredentials,
			otlpmetricgrpc.WithEndpointURL(c.Endpoint), otlpmetricgrpc.WithHeaders(c.Headers), otlpmetricgrpc.WithTimeout(sendTime), otlpmetricgrpc.WithTemporalitySelector(delta), otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig(again)))
	} else {
		shape := func() (request, response proto.Message) {
			return &collectormetrics.ExportMetricsServiceRequest{}, &collectormetrics.ExportMetricsServiceResponse{}
		}
		e, err = overHTTP(ctx, m, c, otlpmetrichttp.New, otlpmetrichttp.WithHTTPClient, shape,
			otlpmetrichttp.WithEndpointURL(c.Endpoint), otlpmetrichttp.WithHeaders(c.Headers), otlpmetrichttp.WithTemporalitySelector(delta), otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig(again)))
	}
	return metricExporter{e, m.failed("metrics", c)}, err
}

// overGRPC makes an exporter with one of the SDK's packages, with the certificates that the
// settings name.
func overGRPC[Option, Exporter any](ctx context.Context, m *maker, c *config.OtelExporter, open func(context.Context, ...Option) (Exporter, error),
	trust func(credentials.TransportCredentials) Option, o ...Option) (e Exporter, err error) {
	own, err := m.tls(c)
	if err != nil {
		return e, err
	}
	if own != nil {
		o = append(o, trust(credentials.NewTLS(own)))
	}
	return open(ctx, o...)
}

// overHTTP makes one that sends with a client of ours; shape gives what is sent and answered.
func overHTTP[Option, Exporter any](ctx context.Context, m *maker, c *config.OtelExporter, open func(context.Context, ...Option) (Exporter, error),
	through func(*http.Client) Option, shape func() (request, response proto.Message), o ...Option) (e Exporter, err error) {
	client, err := m.client(c, shape)
	if err != nil {
		return e, err
	}
	return open(ctx, append(o, through(client))...)
}

// client is for HTTP: through the proxy and with the certificates that the environment and
// the settings name.
func (m *maker) client(c *config.OtelExporter, shape func() (request, response proto.Message)) (*http.Client, error) {
	own, err := m.tls(c)
	if err != nil {
		return nil, err
	}
	client, err := responses.HTTPClient(c.Endpoint, m.getenv)
	if err != nil {
		if bad, ok := errors.AsType[*url.Error](err); ok {
			err = bad.Err
		}
		return nil, err
	}
	t, ok := client.Transport.(*http.Transport)
	if !ok {
		return nil, fmt.Errorf("transport is a %T", client.Transport)
	}
	if own != nil {
		t.TLSClientConfig = own
	}
	to, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, errors.New("the endpoint is no address")
	}
	client.Timeout = sendTime
	client.Transport = &transport{base: t, to: to, json: c.JSON, shape: shape}
	return client, nil
}

// tls reads the certificates that an exporter names, nil for none.
func (m *maker) tls(c *config.OtelExporter) (*tls.Config, error) {
	if c.CA == "" && c.Cert == "" && c.Key == "" {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("read ca-certificate: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read ca-certificate: %s: no certificate in it", c.CA)
		}
	}
	if (c.Cert == "") != (c.Key == "") {
		return nil, errors.New("client-certificate and client-private-key go together")
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("read client-certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}
