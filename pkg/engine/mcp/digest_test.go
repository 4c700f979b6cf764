package mcp

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

// TestHarmless: what a server says of a tool spares a question as far as the mode allows.
func TestHarmless(t *testing.T) {
	yes, no := true, false
	for _, tc := range []struct {
		hints                hints
		auto, writes, prompt bool
	}{
		{hints{ReadOnly: &yes}, true, true, false},
		{hints{ReadOnly: &yes, Destructive: &yes}, false, false, false},
		{hints{Destructive: &no, OpenWorld: &no}, true, false, false},
		{hints{ReadOnly: &no}, false, false, false},
		{hints{}, false, false, false},
	} {
		for mode, want := range map[string]bool{"auto": tc.auto, modeWrites: tc.writes, modePrompt: tc.prompt} {
			if tc.hints.harmless(mode) != want {
				t.Errorf("%+v, %s: not %v", tc.hints, mode, want)
			}
		}
	}
}

// Tools that were kept are those that were made.
func TestToolsAreKept(t *testing.T) {
	want := digestOf(&wire.Manifest{Instructions: "be \"kind\"", SandboxState: true, Tools: []json.RawMessage{
		json.RawMessage(`{"name":"a","title":"A","description":"does\nit","inputSchema":{"type":"object","properties":{"x":{"const":1}}},"annotations":{"readOnlyHint":true}}`),
		json.RawMessage(`{"name":"null","inputSchema":{"type":"null"}}`), json.RawMessage(`{"name":"b","inputSchema":{}}`), json.RawMessage(`{"name":"a","inputSchema":{}}`)}})
	all := want.tools()
	if len(all) != 2 || want.count != 2 || all[0].title() != "A" || all[0].description() != "does\nit" || !all[0].hints().harmless("auto") || all[1].hints().harmless("auto") {
		t.Errorf("%+v", want)
	}
	text, err := jsonrpc.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if got := (&digest{text: text}).tools(); !reflect.DeepEqual(got, all) {
		t.Errorf("%+v, not %+v", got, all)
	}
}

// Schemas are read once however deep they are, and one that no request may have is left out.
func TestLargeSchemas(t *testing.T) {
	deep := strings.Repeat(`{"type":"object","properties":{"a":`, 200) + `{"enum":[1.0,12345678901234567890,null]}` + strings.Repeat("}}", 200)
	tool := func(name, schema string) json.RawMessage {
		return json.RawMessage(`{"name":"` + name + `","inputSchema":` + schema + `}`)
	}
	d := digestOf(&wire.Manifest{Tools: []json.RawMessage{
		tool("deep", deep), tool("large", `{"type":"object","description":"`+strings.Repeat("x", maxTool)+`"}`), tool(strings.Repeat("n", 10_000), `{}`), tool(strings.Repeat("n", 10_001), `[]`),
	}})
	if len(d.offers) != 3 || !strings.Contains(string(d.offers[0].Schema), `"enum":[1.0,12345678901234567890,null]`) {
		t.Errorf("%.300s", d.offers)
	}
	for _, n := range nameTools([]identity{{"s", d.offers[1].Name}, {"s", d.offers[2].Name}}) {
		if len(n.namespace+n.name) != maxName {
			t.Error(n)
		}
	}
}
