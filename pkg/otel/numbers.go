package otel

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"codex/pkg/telemetry"
)

// numbers are the metrics of a session. Without a meter nothing is counted.
type numbers struct {
	meter  metric.Meter
	common []attribute.KeyValue
}

func newNumbers(meter metric.Meter, f telemetry.Session) *numbers {
	n := &numbers{meter: meter}
	for _, kv := range [][2]string{{"auth_mode", f.Auth.Mode}, {"session_source", f.Source}, {"originator", f.Originator}, {"model", f.Model}, {"app.version", f.Version}} {
		if kv[1] != "" {
			n.common = append(n.common, attribute.String(kv[0], tag(kv[1])))
		}
	}
	return n
}

// tag is a value as collectors of metrics take it.
func tag(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/", r) {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), 256)]
}

func (n *numbers) attributes(more []string) metric.MeasurementOption {
	all := append([]attribute.KeyValue{}, n.common...)
	for i := 0; i+1 < len(more); i += 2 {
		all = append(all, attribute.String(more[i], tag(more[i+1])))
	}
	return metric.WithAttributes(all...)
}

// count adds to a counter, of which the SDK has one for each name; tags are names and values.
func (n *numbers) count(name string, by int64, tags ...string) {
	if n.meter == nil {
		return
	}
	if c, err := n.meter.Int64Counter(name); err == nil { // a name of ours; the SDK says why not
		c.Add(context.Background(), by, n.attributes(tags))
	}
}

// time adds milliseconds to a histogram.
func (n *numbers) time(name string, ms int64, tags ...string) {
	n.observe(name, ms, tags, metric.WithUnit("ms"), metric.WithDescription("Duration in milliseconds."))
}

// record adds a number to a histogram.
func (n *numbers) record(name string, v int64, tags ...string) { n.observe(name, v, tags) }

func (n *numbers) observe(name string, v int64, tags []string, o ...metric.Float64HistogramOption) {
	if n.meter == nil {
		return
	}
	if h, err := n.meter.Float64Histogram(name, o...); err == nil {
		h.Record(context.Background(), float64(v), n.attributes(tags))
	}
}
