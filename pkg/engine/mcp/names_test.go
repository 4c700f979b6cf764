package mcp

import (
	"strings"
	"testing"

	"codex/pkg/config"
)

func TestNameTools(t *testing.T) {
	x := strings.Repeat("x", 80)
	got := map[identity]named{}
	for _, n := range nameTools([]identity{{"zoo", "a-b"}, {"zoo", "a_b"}, {"zoo", x}, {"zoo", x + "y"}, {"zoo", "é_uni"}, {"zoo", ""}, {"my-srv", "t"}, {"my_srv", "t"},
		{strings.Repeat("s", 70), "t"}, {strings.Repeat("s", 70), "u"}, {"zoo", "a-b"}}) {
		if len(n.namespace)+len(n.name) > maxName {
			t.Errorf("%s%s is too long", n.namespace, n.name)
		}
		got[n.identity] = n
	}
	if len(got) != 10 {
		t.Errorf("%d tools", len(got))
	}
	for id, want := range map[identity][2]string{
		{"zoo", x}:       {"mcp__zoo__", strings.Repeat("x", 41) + "_a6ced800431a"},
		{"zoo", "é_uni"}: {"mcp__zoo__", "__uni"},
		{"zoo", ""}:      {"mcp__zoo__", "_"},
		{"my-srv", "t"}:  {"mcp__my_srv_79813405777f__", "t"},
		{"my_srv", "t"}:  {"mcp__my_srv_bf53429e5aac__", "t"},
	} {
		if n := got[id]; n.namespace != want[0] || n.name != want[1] {
			t.Errorf("%v: %s %s", id, n.namespace, n.name)
		}
	}
	if a, b := got[identity{"zoo", "a-b"}], got[identity{"zoo", "a_b"}]; !strings.HasPrefix(a.name, "a_b_") || !strings.HasPrefix(b.name, "a_b_") || a.name == b.name {
		t.Error(a, b)
	}
}

func TestSchema(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"object"}`:                   `{"type":"object","properties":{}}`,
		`{"type":"object","properties":null}`: `{"type":"object","properties":{}}`,
		`{"type":"object","properties":{"c":{"const":5},"b":true,"noType":{},"arr":{"type":"array"},"nullable":{"type":["string","null"],"description":"d","default":"q"},"num":{"minimum":1},"fmt":{"format":"date"},"ap":{"type":"object","additionalProperties":{"const":1}},"weird":{"type":"funny"}},"required":["c"],"$defs":{},"additionalProperties":true,"title":"TT"}`: `{"type":"object","properties":{"ap":{"type":"object","properties":{},"additionalProperties":{"type":"string","enum":[1]}},"arr":{"type":"array","items":{"type":"string"}},"b":{"type":"string"},"c":{"type":"string","enum":[5]},"fmt":{"type":"string"},"noType":{},"nullable":{"type":["string","null"],"description":"d"},"num":{"type":"number"},"weird":{}},"required":["c"],"additionalProperties":true}`,
	} {
		got, ok := cleanSchema([]byte(in))
		if !ok || string(got) != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
	if _, ok := cleanSchema([]byte(`{"type":"null"}`)); ok {
		t.Error("a tool that takes null is offered")
	}
}

// Tools are found by the names of 0.171.0 too, where these mean one.
func TestLaterNames(t *testing.T) {
	long := strings.Repeat("x", 80)
	s := New(Options{Servers: []config.MCPServer{{Name: "zoo", Command: "x"}}})
	s.accept(s.list[0], manifestOf("text", long, "a-b", "a_b"))
	for name, tool := range map[string]string{"text": "text", long: long, "a_b": "", "nosuch": ""} {
		if got := s.later("mcp__zoo", name); (got == nil) != (tool == "") || got != nil && got.tool != tool {
			t.Errorf("%s: %v", name, got)
		}
	}
	if run, _ := s.Find("mcp__zoo", "text"); run == nil {
		t.Error("a call is not answered")
	}
	if run, _ := s.Find("mcp__other", "text"); run != nil {
		t.Error("a call of no server's is answered")
	}
}
