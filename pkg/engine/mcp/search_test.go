package mcp

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/engine/tools"
	"codex/pkg/mcp/wire"
	"codex/pkg/models"
)

func TestSearch(t *testing.T) {
	s := New(Options{Servers: []config.MCPServer{{Name: "zoo", Command: "x"}}})
	m := &wire.Manifest{Instructions: "zoo instructions"}
	for i := range deferFrom {
		m.Tools = append(m.Tools, json.RawMessage(fmt.Sprintf(`{"name":"bulk_%03d","description":"bulk tool %d","inputSchema":{"type":"object"}}`, i, i)))
	}
	s.accept(s.list[0], m)
	o := &tools.SpecOptions{Model: models.Model{SearchTool: true}}
	if specs := s.Namespaces(o); len(specs) != 1 || specs[0].(searchSpec).Type != toolSearch {
		t.Error(specs)
	}
	if specs := s.Namespaces(&tools.SpecOptions{}); len(specs) != 1 || len(gjson.GetBytes(specs[0].(json.RawMessage), "tools").Array()) != deferFrom {
		t.Error("a model that cannot search does not get the tools")
	}
	run, alone := s.Find("", toolSearch)
	if run == nil || alone {
		t.Fatal("the search is not answered, or alone")
	}
	got := run(nil, nil, tools.Call{Item: "tool_search_call", Arguments: `{"query":"bulk tool 7","limit":1}`})
	if want := `[{"type":"namespace","name":"mcp__zoo__","description":"zoo instructions","tools":[{"type":"function","name":"bulk_007","description":"bulk tool 7","strict":false,"defer_loading":true,"parameters":{"type":"object","properties":{}}}]}]`; string(got.Content) != want {
		t.Errorf("%s", got.Content)
	}
	for _, a := range []string{`{"query":""}`, `{"query":"bulk","limit":0}`, `{"query":"nothing like that"}`, ``} {
		if got := run(nil, nil, tools.Call{Arguments: a}); string(got.Content) != "[]" {
			t.Errorf("%s: %s", a, got.Content)
		}
	}
}
