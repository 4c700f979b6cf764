package memories

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	store "codex/pkg/memories"
)

func TestAnswer(t *testing.T) {
	secrets := store.NewRedactor()
	for text, wrong := range map[string]bool{
		`{"rollout_summary":"s","rollout_slug":"x","raw_memory":"r"}`:                          false,
		"```json\n{\"rollout_summary\":\"s\",\"rollout_slug\":null,\"raw_memory\":\"r\"}\n```": false,
		`{"rollout_summary":"s","rollout_slug":"x","raw_memory":"r"} and more`:                 true,
		`{"rollout_summary":"s","raw_memory":"r","run":"rm"}`:                                  true,
		`{"rollout_summary":1}`:               true,
		`Sure!`:                               true,
		``:                                    true,
		strings.Repeat(" ", maxAnswer) + "{}": true,
	} {
		a, err := readAnswer(text, secrets)
		if (err != nil) != wrong {
			t.Errorf("%.60q: %+v, %v", text, a, err)
		}
		if err == nil && (a.Raw != "r" || a.Summary != "s") {
			t.Errorf("%q: %+v", text, a)
		}
	}
}

// FuzzAnswer: what comes of an answer is bounded text.
func FuzzAnswer(f *testing.F) {
	secrets := store.NewRedactor()
	f.Add(`{"rollout_summary":"s","rollout_slug":"../../x","raw_memory":"\ud800 \u0000"}`)
	f.Add("```{}```")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := readAnswer(text, secrets)
		if err != nil {
			return
		}
		for _, s := range []string{a.Raw, a.Summary, *a.Slug} {
			if !utf8.ValidString(s) || len(s) > maxField {
				t.Errorf("%d bytes, valid %v", len(s), utf8.ValidString(s))
			}
		}
		r := store.Record{ThreadID: "019e0000-0000-7000-8000-000000000001", Slug: *a.Slug}
		if name := r.File(); strings.ContainsAny(name, "/\\\x00") || len(name) > 100 {
			t.Errorf("name %q", name)
		}
	})
}

func TestConversation(t *testing.T) {
	secrets := store.NewRedactor()
	var items []json.RawMessage
	for _, s := range []string{
		`{"type":"message","role":"developer","content":[{"type":"input_text","text":"hidden"}]}`,
		`{"type":"message","role":"user","content":[{"type":"input_text","text":"# AGENTS.md instructions for /x\n<INSTRUCTIONS>\n</INSTRUCTIONS>"},{"type":"input_text","text":"<environment_context>x</environment_context>"}]}`,
		`{"type":"message","role":"user","content":[{"type":"input_text","text":"please"},{"type":"input_image","image_url":"data:"}]}`,
		`{"type":"reasoning","summary":[{"text":"hidden"}],"encrypted_content":"hidden"}`,
		`{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"env\"}","call_id":"c"}`,
		`{"type":"function_call_output","call_id":"c","output":"TOKEN=abcdefghijkl"}`,
		`{"type":"custom_tool_call_output","call_id":"d","output":[{"type":"input_text","text":"part"}]}`,
		`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"done"}]}`,
		`{"type":7}`, `[]`,
	} {
		items = append(items, json.RawMessage(s))
	}
	const want = "[user]\nplease\n[an image]\n\n[tool call]\nexec_command {\"cmd\":\"env\"}\n\n[tool output]\nTOKEN=[REDACTED_SECRET]\n\n[tool output]\npart\n\n[assistant]\ndone\n\n"
	if got := conversation(items, 1<<20, secrets); got != want {
		t.Errorf("%q", got)
	}
	if got := conversation(items, 60, secrets); len(got) > 60 || !strings.Contains(got, left) {
		t.Errorf("%q", got)
	}
}

// FuzzConversation: whatever is in a session, what is shown of it is valid and within bounds.
func FuzzConversation(f *testing.F) {
	f.Add([]byte(`{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}`))
	f.Add([]byte(`{"type":"function_call_output","output":{"content":[{"text":"a"}]}}`))
	secrets := store.NewRedactor()
	f.Fuzz(func(t *testing.T, item []byte) {
		if got := conversation([]json.RawMessage{item, item}, 500, secrets); len(got) > 500 || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	})
}
