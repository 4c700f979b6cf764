package tools

import (
	"encoding/json"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/models"
	"codex/pkg/protocol"
)

func TestToolSearch(t *testing.T) {
	desk := "desk"
	dynamic := []protocol.DynamicToolSpec{
		{Name: "now", Description: "is there at once", InputSchema: json.RawMessage(`{}`)},
		{Namespace: &desk, Name: "look", Description: "looks at papers", InputSchema: json.RawMessage(`{"type":"object"}`), DeferLoading: true},
		{Namespace: &desk, Name: "file", Description: "files a paper", InputSchema: json.RawMessage(`{"type":"object","properties":{"drawer":{"type":"string","description":"which one"}}}`), DeferLoading: true},
	}
	for _, d := range []Deferral{DeferNone, DeferMany, DeferAll} {
		raw, err := Specs(SpecOptions{Model: models.Model{SearchTool: d != DeferNone}, Dynamic: dynamic, Defer: d})
		if err != nil {
			t.Fatal(err)
		}
		search := gjson.GetBytes(raw, `#(type=="tool_search")`)
		if search.Exists() == (d == DeferNone) || gjson.GetBytes(raw, `#(name=="desk")`).Exists() != (d == DeferNone) || !gjson.GetBytes(raw, `#(name=="now")`).Exists() {
			t.Errorf("%d: %s", d, raw)
		}
	}
	s, turn := New(Options{}), &Turn{Dynamic: dynamic, Defer: DeferMany}
	look := `{"type":"function","name":"look","description":"looks at papers","strict":false,"defer_loading":true,"parameters":{"type":"object"}}`
	file := `{"type":"function","name":"file","description":"files a paper","strict":false,"defer_loading":true,"parameters":{"type":"object","properties":{"drawer":{"type":"string","description":"which one"}}}}`
	space := func(tools string) string {
		return `[{"type":"namespace","name":"desk","description":"Tools in the desk namespace.","tools":[` + tools + `]}]`
	}
	for arguments, want := range map[string]string{
		`{"query":"look"}`:                 space(look),
		`{"query":"Drawers"}`:              space(file),
		`{"query":"desk","limit":1}`:       space(look),
		`{"query":"drawer papers"}`:        space(file + "," + look),
		`{"query":""}`:                     `[]`,
		`{"query":"desk","limit":0}`:       `[]`,
		`{"query":"desk","limit":-1}`:      `[]`,
		`{"query":"nothing of the kind"}`:  `[]`,
		`{"query":"at once"}`:              space(look), // "at"; what is in the request is not looked for
		``:                                 `[]`,
		`{"query":["desk"],"limit":"all"}`: `[]`,
	} {
		if got := s.searchTools(t.Context(), turn, Call{Item: "tool_search_call", Arguments: arguments}); string(got.Content) != want {
			t.Errorf("%s: %s", arguments, got.Content)
		}
	}
	if got := s.searchTools(t.Context(), &Turn{Dynamic: dynamic}, Call{Arguments: `{"query":"look"}`}); string(got.Content) != `[]` {
		t.Errorf("%s", got.Content)
	}
}
