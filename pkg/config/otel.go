package config

import "cmp"

// Otel is [otel]: what is told about sessions, and to whom.
type Otel struct {
	Environment   string `json:"environment"`
	LogUserPrompt bool   `json:"logUserPrompt,omitempty"`
	// Logs, Traces and Metrics are nil where nothing is exported.
	Logs    *OtelExporter `json:"logs,omitempty"`
	Traces  *OtelExporter `json:"traces,omitempty"`
	Metrics *OtelExporter `json:"metrics,omitempty"`
	// SpanAttributes are put on every span, TraceState on every trace: members of one vendor
	// by their names.
	SpanAttributes map[string]string            `json:"spanAttributes,omitempty"`
	TraceState     map[string]map[string]string `json:"traceState,omitempty"`
}

// OtelExporter is where one kind of data goes. Headers hold secrets.
type OtelExporter struct {
	GRPC     bool              `json:"grpc,omitempty"` // else HTTP
	JSON     bool              `json:"json,omitempty"` // over HTTP, else protobuf
	Endpoint string            `json:"endpoint"`
	Headers  map[string]string `json:"headers,omitempty"`
	CA       string            `json:"ca,omitempty"` // files
	Cert     string            `json:"cert,omitempty"`
	Key      string            `json:"key,omitempty"`
}

// Otel reads [otel]; nil when nothing is exported.
func (c *Config) Otel() *Otel {
	v := view(c.tree).table("otel")
	if v == nil {
		return nil
	}
	o := &Otel{Environment: cmp.Or(v.str("environment"), "dev"), LogUserPrompt: v.flag(false, "log_user_prompt"),
		Logs: v.exporter("exporter"), Traces: v.exporter("trace_exporter"), Metrics: v.exporter("metrics_exporter"),
		SpanAttributes: v.strings("span_attributes")}
	if o.Logs == nil && o.Traces == nil && o.Metrics == nil {
		return nil
	}
	for vendor := range v.table("tracestate") {
		if o.TraceState == nil {
			o.TraceState = map[string]map[string]string{}
		}
		o.TraceState[vendor] = v.strings("tracestate", vendor)
	}
	return o
}

// exporter reads one; "none" is nil, and so is "statsig", which is OpenAI's own.
func (v view) exporter(key string) *OtelExporter {
	for _, kind := range []string{"otlp-http", "otlp-grpc"} {
		if t := v.table(key, kind); t != nil {
			return &OtelExporter{GRPC: kind == "otlp-grpc", JSON: t.word("protocol") == "json", Endpoint: t.str("endpoint"), Headers: t.strings("headers"),
				CA: t.str("tls", "ca-certificate"), Cert: t.str("tls", "client-certificate"), Key: t.str("tls", "client-private-key")}
		}
	}
	return nil
}
