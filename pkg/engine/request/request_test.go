package request

import (
	"encoding/json"
	"testing"

	"codex/pkg/engine/item"
	"codex/pkg/models"
)

// The members of a body and their order are the original's.
func TestBody(t *testing.T) {
	items := []item.Item{{Raw: item.Message("user", "<hi>")}, {Raw: json.RawMessage(`{"type":"reasoning","summary":[]}`), ID: "rs_1"}}
	for _, c := range []struct {
		name string
		body Body
		want string
	}{
		{"plain", Body{Slug: "m", Items: items[:1], CacheKey: "t"},
			`{"model":"m","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"<hi>"}]}],"tools":[],"tool_choice":"auto",` +
				`"parallel_tool_calls":false,"reasoning":null,"store":false,"stream":true,"include":[],"prompt_cache_key":"t"}`},
		{"everything", Body{Model: models.Model{ReasoningSummaries: true, ParallelToolCalls: true, Verbosity: true, DefaultVerbosity: "low"}, Slug: "m", Instructions: "be",
			Items: items[1:], Tools: json.RawMessage(`[{}]`), Effort: "high", Summary: "auto", Tier: "flex", Schema: json.RawMessage(`{"a":1}`), Stored: true,
			CacheKey: "t", Installation: "i"},
			`{"model":"m","instructions":"be","input":[{"type":"reasoning","summary":[],"id":"rs_1"}],"tools":[{}],"tool_choice":"auto","parallel_tool_calls":true,` +
				`"reasoning":{"effort":"high","summary":"auto"},"store":true,"stream":true,"include":["reasoning.encrypted_content"],"service_tier":"flex","prompt_cache_key":"t",` +
				`"text":{"verbosity":"low","format":{"type":"json_schema","strict":true,"schema":{"a":1},"name":"codex_output_schema"}},"client_metadata":{"x-codex-installation-id":"i"}}`},
		{"no tools", Body{Model: models.Model{ParallelToolCalls: true}, Slug: "m"},
			`{"model":"m","input":[],"tools":[],"tool_choice":"auto","parallel_tool_calls":false,"reasoning":null,"store":false,"stream":true,"include":[],"prompt_cache_key":""}`},
	} {
		if got := string(c.body.JSON()); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}
