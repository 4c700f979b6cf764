package memories

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	store "codex/pkg/memories"
)

const (
	// maxOutput is how much of what a tool gave is shown, some 2,000 tokens.
	maxOutput = 8000
	// maxItem bounds any other item.
	maxItem = 32 << 10
	left    = "\n[... left out ...]\n"
)

// conversation is a session as lines for a model, without secrets: who says what, each item
// shortened, and the middle left out where all is more than most bytes.
func conversation(items []json.RawMessage, most int, secrets *store.Redactor) string {
	var b strings.Builder
	for _, raw := range items {
		if who, text, n := line(gjson.ParseBytes(raw)); strings.TrimSpace(text) != "" {
			// Whole, since half a secret is not known as one.
			fmt.Fprintf(&b, "[%s]\n%s\n\n", who, middle(secrets.Redact(strings.ToValidUTF8(text, "\uFFFD")), n))
		}
	}
	return middle(b.String(), most)
}

// line is who says something, and what of it is shown: at most so many bytes.
func line(it gjson.Result) (who, text string, most int) {
	switch it.Get("type").Str {
	case "message":
		who, text = message(it)
		return who, text, maxItem
	case "function_call", "custom_tool_call":
		return "tool call", it.Get("name").String() + " " + it.Get("arguments").String() + it.Get("input").String(), maxItem
	case "local_shell_call":
		return "tool call", "local_shell " + it.Get("action.command").Raw, maxItem
	case "function_call_output", "custom_tool_call_output":
		return "tool output", content(it.Get("output")), maxOutput
	case "web_search_call":
		return "tool call", "web_search " + it.Get("action").Raw, maxOutput
	}
	return "", "", 0
}

// message is one of the user or the assistant; what the program itself put in is left out.
func message(it gjson.Result) (who, text string) {
	role := it.Get("role").Str
	if role != "user" && role != "assistant" {
		return "", ""
	}
	var parts []string
	for _, c := range it.Get("content").Array() {
		if t := c.Get("text").String(); t != "" && !(role == "user" && ours(t)) {
			parts = append(parts, t)
		} else if c.Get("type").Str == "input_image" {
			parts = append(parts, "[an image]")
		}
	}
	return role, strings.Join(parts, "\n")
}

// ours are texts in messages of the user that the user has not written.
func ours(text string) bool {
	text = strings.TrimSpace(text)
	for begin, end := range map[string]string{"# AGENTS.md instructions": "</INSTRUCTIONS>", "<skill>": "</skill>", "<environment_context>": "</environment_context>"} {
		if strings.HasPrefix(text, begin) && strings.HasSuffix(text, end) {
			return true
		}
	}
	return false
}

// content is the output of a tool: a text, or parts of which some are.
func content(out gjson.Result) string {
	if out.IsObject() {
		out = out.Get("content")
	}
	if !out.IsArray() {
		return out.String()
	}
	var parts []string
	for _, c := range out.Array() {
		parts = append(parts, c.Get("text").String())
	}
	return strings.Join(parts, "\n")
}

// middle leaves the middle of a text out that has more than most bytes.
func middle(s string, most int) string {
	if len(s) <= most {
		return s
	}
	half := max(most-len(left), 0) / 2
	return strings.ToValidUTF8(s[:half], "") + left + strings.ToValidUTF8(s[len(s)-half:], "")
}
