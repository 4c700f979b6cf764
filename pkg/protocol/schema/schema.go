// Package schema derives the JSON Schema (draft 7) of the app-server protocol from the
// Go types of package protocol, in the files that the original's generate-json-schema
// writes, and validates messages against it.
//
// It imports protocol and jsonschema-go. Only the generator command and tests need it:
// no engine and no frontend may link it.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	js "github.com/google/jsonschema-go/jsonschema"

	"codex/pkg/protocol"
)

// Names of the two bundles: every definition with the v2 ones under definitions.v2, and
// all definitions of the v2 protocol side by side.
const (
	Bundle   = "codex_app_server_protocol.schemas.json"
	BundleV2 = "codex_app_server_protocol.v2.schemas.json"
)

const draft7 = "http://json-schema.org/draft-07/schema#"

// Generate gives every schema file by its path, as indented JSON: one file for each
// params, result and union type, self-contained, and the two bundles. Without
// experimental, methods and fields that need the experimentalApi capability are left out.
func Generate(experimental bool) map[string][]byte {
	b := build(experimental)
	out := map[string][]byte{
		Bundle:   indent(b.nested()),
		BundleV2: indent(b.flat()),
	}
	for name := range b.defs {
		if b.hasFile(name) {
			out[b.path(name)] = indent(b.file(name))
		}
	}
	return out
}

// encode cannot fail: a schema is a tree of plain values, made here.
func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode schema: %v", err))
	}
	return raw
}

func indent(v any) []byte {
	var buf bytes.Buffer
	if err := json.Indent(&buf, encode(v), "", "  "); err != nil {
		panic(fmt.Sprintf("indent schema: %v", err))
	}
	return buf.Bytes()
}

// build walks all methods.
func build(experimental bool, more ...protocol.Method) *builder {
	b := &builder{
		experimental: experimental,
		defs:         map[string]*js.Schema{},
		refs:         map[string][]string{},
		roots:        map[string]bool{},
		results:      map[string]bool{},
		v2:           map[string]bool{},
	}
	kinds := map[protocol.MethodKind]string{
		protocol.ClientRequest:      "ClientRequest",
		protocol.ClientNotification: "ClientNotification",
		protocol.ServerRequest:      "ServerRequest",
		protocol.ServerNotification: "ServerNotification",
	}
	for _, name := range kinds {
		b.defs[name] = &js.Schema{}
	}
	for _, m := range append(protocol.Methods(), more...) {
		if m.Experimental && !experimental {
			continue
		}
		b.cur = kinds[m.Kind]
		s := b.defs[b.cur]
		s.OneOf = append(s.OneOf, b.message(m))
		if m.Params != nil {
			b.roots[m.Params.Name()] = true
		}
		if m.Result != nil {
			b.cur = ""
			b.node(m.Result)
			b.roots[m.Result.Name()] = true
			if m.Kind == protocol.ClientRequest {
				b.results[m.Result.Name()] = true
			}
		}
	}
	b.cur = ""
	b.envelopes()
	b.reach("ClientRequest")
	b.reach("ServerNotification")
	for name := range b.results {
		b.reach(name)
	}
	return b
}

// message is the schema of one method's request or notification.
func (b *builder) message(m protocol.Method) *js.Schema {
	s := &js.Schema{
		Type:       "object",
		Required:   []string{"method"},
		Properties: map[string]*js.Schema{"method": oneWord(m.Name)},
	}
	request := m.Kind == protocol.ClientRequest || m.Kind == protocol.ServerRequest
	if request {
		s.Required = []string{"id", "method"}
		s.Properties["id"] = b.define("RequestId", requestID)
	}
	switch {
	case m.Params != nil:
		s.Required = append(s.Required, "params")
		s.Properties["params"] = b.node(m.Params)
	case request:
		s.Properties["params"] = &js.Schema{Type: "null"}
	}
	return s
}

// envelopes defines the four message shapes.
func (b *builder) envelopes() {
	id := func() *js.Schema { return b.define("RequestId", requestID) }
	str := func() *js.Schema { return &js.Schema{Type: "string"} }
	obj := func(required []string, props map[string]*js.Schema) func() *js.Schema {
		return func() *js.Schema { return &js.Schema{Type: "object", Required: required, Properties: props} }
	}
	trace := func() *js.Schema {
		return b.define("W3cTraceContext", obj(nil, map[string]*js.Schema{
			"traceparent": nullable(str()), "tracestate": nullable(str()),
		}))
	}
	failure := func() *js.Schema {
		return b.define("JSONRPCErrorError", obj([]string{"code", "message"}, map[string]*js.Schema{
			"code": {Type: "integer", Format: "int64"}, "data": {}, "message": str(),
		}))
	}
	any4 := []*js.Schema{
		b.define("JSONRPCRequest", func() *js.Schema {
			return obj([]string{"id", "method"}, map[string]*js.Schema{
				"id": id(), "method": str(), "params": {}, "trace": nullable(trace()),
			})()
		}),
		b.define("JSONRPCNotification", func() *js.Schema {
			return obj([]string{"method"}, map[string]*js.Schema{"method": str(), "params": {}})()
		}),
		b.define("JSONRPCResponse", func() *js.Schema {
			return obj([]string{"id", "result"}, map[string]*js.Schema{"id": id(), "result": {}})()
		}),
		b.define("JSONRPCError", func() *js.Schema {
			return obj([]string{"error", "id"}, map[string]*js.Schema{"error": failure(), "id": id()})()
		}),
	}
	b.define("JSONRPCMessage", func() *js.Schema {
		for _, s := range any4 {
			b.refs["JSONRPCMessage"] = append(b.refs["JSONRPCMessage"], strings.TrimPrefix(s.Ref, "#/definitions/"))
		}
		return &js.Schema{AnyOf: any4}
	})
}

// hasFile tells the definitions that have a file of their own.
func (b *builder) hasFile(name string) bool {
	return name == "RequestId" || isUnion(name) || strings.HasPrefix(name, "JSONRPC") || b.roots[name]
}

func isUnion(name string) bool {
	switch name {
	case "ClientRequest", "ClientNotification", "ServerRequest", "ServerNotification":
		return true
	}
	return false
}

// path is where the original puts the file: what is older than v2 stands at the top.
func (b *builder) path(name string) string {
	switch {
	case strings.HasPrefix(name, "Initialize"):
		return "v1/" + name + ".json"
	case b.top(name), name == "RequestId":
		return name + ".json"
	}
	return "v2/" + name + ".json"
}

// top tells the definitions that stand outside v2 in the nested bundle.
func (b *builder) top(name string) bool {
	switch name {
	case "ClientInfo", "InitializeCapabilities", "InitializeParams", "InitializeResponse":
		return true
	case "RequestId":
		return false
	}
	return isUnion(name) || strings.HasPrefix(name, "FuzzyFileSearch") || b.legacy(name)
}

// legacy tells what the v2 bundle leaves out: the envelopes, the requests of the server
// with all that only they use, and the results of the two oldest methods.
func (b *builder) legacy(name string) bool {
	switch {
	case strings.HasPrefix(name, "JSONRPC"), name == "W3cTraceContext",
		name == "ServerRequest", name == "ClientNotification", name == "InitializeResponse",
		strings.HasPrefix(name, "FuzzyFileSearch") && strings.HasSuffix(name, "Response"):
		return true
	}
	return !b.v2[name]
}

// reach marks what a definition of the v2 protocol uses.
func (b *builder) reach(name string) { b.closure(name, b.v2) }

func (b *builder) closure(name string, seen map[string]bool) {
	if seen[name] {
		return
	}
	seen[name] = true
	for _, r := range b.refs[name] {
		b.closure(r, seen)
	}
}

// file is one definition with all that it refers to.
func (b *builder) file(name string) *js.Schema {
	s := *b.defs[name]
	s.Schema, s.Title = draft7, name
	seen := map[string]bool{}
	b.closure(name, seen)
	delete(seen, name)
	for n := range seen {
		if s.Definitions == nil {
			s.Definitions = map[string]*js.Schema{}
		}
		s.Definitions[n] = b.defs[n]
	}
	return &s
}

// flat is the v2 bundle.
func (b *builder) flat() *js.Schema {
	s := &js.Schema{Schema: draft7, Title: "CodexAppServerProtocolV2", Type: "object", Definitions: map[string]*js.Schema{}}
	for name, def := range b.defs {
		if !b.legacy(name) {
			s.Definitions[name] = def
		}
	}
	return s
}

// nested is the bundle whose v2 definitions stand one level deeper.
func (b *builder) nested() map[string]any {
	top, v2 := map[string]any{}, map[string]any{}
	for name, s := range b.defs {
		raw := encode(s)
		for _, r := range b.refs[name] {
			if !b.top(r) {
				raw = bytes.ReplaceAll(raw, []byte(`"#/definitions/`+r+`"`), []byte(`"#/definitions/v2/`+r+`"`))
			}
		}
		if b.top(name) {
			top[name] = json.RawMessage(raw)
		} else {
			v2[name] = json.RawMessage(raw)
		}
	}
	top["v2"] = v2
	return map[string]any{"$schema": draft7, "title": "CodexAppServerProtocol", "type": "object", "definitions": top}
}
