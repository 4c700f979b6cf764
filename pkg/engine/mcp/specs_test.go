package mcp

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/engine/tools"
	"codex/pkg/mcp/wire"
)

// Many tools are not in a request of a model that can look for them.
func TestDeferral(t *testing.T) {
	s := New(Options{Servers: []config.MCPServer{{Name: "zoo", Command: "x"}}})
	m := &wire.Manifest{Instructions: "zoo instructions\nand more"}
	for i := range deferFrom {
		m.Tools = append(m.Tools, json.RawMessage(fmt.Sprintf(`{"name":"bulk_%03d","description":"bulk tool %d","inputSchema":{"type":"object"}}`, i, i)))
	}
	s.accept(s.list[0], m)
	if specs := s.Namespaces(tools.DeferMany); len(specs) != 0 {
		t.Error(specs)
	}
	if got := s.Sources(tools.DeferMany); len(got) != 1 || got[0] != "zoo: zoo instructions" {
		t.Errorf("%q", got)
	}
	if got := s.Deferred(tools.DeferMany); len(got) != deferFrom {
		t.Error(len(got))
	}
	if specs := s.Namespaces(tools.DeferNone); len(specs) != 1 || len(gjson.GetBytes(specs[0].(json.RawMessage), "tools").Array()) != deferFrom {
		t.Error("a model that cannot search does not get the tools")
	}
	if s.Sources(tools.DeferNone) != nil || s.Deferred(tools.DeferNone) != nil {
		t.Error("a model that cannot search is told of one")
	}
	m.Tools = m.Tools[:2]
	s.accept(s.list[0], m)
	if len(s.Namespaces(tools.DeferMany)) != 1 || s.Sources(tools.DeferMany) != nil || s.Deferred(tools.DeferMany) != nil {
		t.Error("few tools are deferred")
	}
	if got := s.Deferred(tools.DeferAll); len(got) != 2 || s.Namespaces(tools.DeferAll) != nil ||
		string(got[0].Spec) != `{"type":"function","name":"`+got[0].Name+`","description":"`+gjson.GetBytes(got[0].Spec, "description").Str+`","strict":false,"defer_loading":true,"parameters":{"type":"object","properties":{}}}` {
		t.Errorf("%+v", got)
	}
}
