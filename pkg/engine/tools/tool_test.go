package tools

import (
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/models"
)

// The order is the original's; unknown models get no apply_patch.
func TestSpecs(t *testing.T) {
	known := models.In(nil, "gpt-5.5")
	raw, err := Specs(SpecOptions{Model: known, ViewImage: true, Shell: "unified", WebSearch: "cached"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"exec_command", "write_stdin", "update_plan", "request_user_input", "apply_patch", "view_image", "web_search"}
	for i, tool := range gjson.ParseBytes(raw).Array() {
		name := tool.Get("name").Str
		if name == "" {
			name = tool.Get("type").Str
		}
		if i >= len(want) || name != want[i] {
			t.Errorf("tool %d is %s", i, name)
		}
	}
	if got := gjson.GetBytes(raw, "6.external_web_access"); got.Type != gjson.False {
		t.Errorf("cached search has external_web_access %s", got.Raw)
	}
	for mode, want := range map[string]string{"indexed": "[true,true]", "live": "[true]"} {
		raw, err := Specs(SpecOptions{Model: known, ViewImage: true, Shell: "unified", WebSearch: mode})
		if got := gjson.GetBytes(raw, "6.[external_web_access,indexed_web_access]").Raw; err != nil || got != want {
			t.Errorf("%s search has %s, %v", mode, got, err)
		}
	}
	raw, err = Specs(SpecOptions{Model: models.In(nil, "mock-model"), Shell: "shell_command", WebSearch: "disabled"})
	if err != nil || gjson.GetBytes(raw, "#").Int() != 3 {
		t.Errorf("unknown model: %v, %s", err, raw)
	}
}
