package item

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/instructions"
)

// keptUserTokens bounds the user messages that survive a compaction.
const keptUserTokens = 20000

// Compact gives the items that take the place of history: the user's messages, fresh
// before the last of them, and the summary.
func Compact(history []Item, summary string, fresh []json.RawMessage) []json.RawMessage {
	users := keptUsers(history)
	at := max(len(users)-1, 0)
	return append(slices.Insert(users, at, fresh...), Message("user", summary))
}

// Outliving picks what counts of a history that a provider has made shorter: its own
// compaction, what was said by the user and by the model. ok tells whether a compaction is there.
func Outliving(items []Item) (kept []Item, ok bool) {
	for _, e := range items {
		it := e.Parsed()
		switch it.Get("type").Str {
		case "compaction":
			if it.Get("encrypted_content").Str == "" { // it says nothing of what it takes the place of
				continue
			}
			ok = true
		case "message":
			if said := it.Get("role").Str; said != "assistant" && !isUsers(it) {
				continue
			}
		default:
			continue
		}
		kept = append(kept, e)
	}
	return kept, ok
}

// WithContext puts context before the last message of the user, else before the compaction.
func WithContext(items, context []Item) []Item {
	at := len(items)
	for i := len(items) - 1; i >= 0; i-- {
		it := items[i].Parsed()
		if isUsers(it) {
			at = i
			break
		}
		if at == len(items) && it.Get("type").Str == "compaction" {
			at = i
		}
	}
	return slices.Insert(items, at, context...)
}

// isUsers says whether an item is a message that the user wrote.
func isUsers(it gjson.Result) bool {
	if it.Get("type").Str != "message" || it.Get("role").Str != "user" {
		return false
	}
	text := userText(it)
	return !isContext(text) && (text != "" || strings.Contains(it.Raw, `"input_image"`))
}

// keptUsers are the user's own messages, the newest first up to the bound, the last of
// them cut in the middle; context messages and earlier summaries are not the user's.
func keptUsers(history []Item) []json.RawMessage {
	budget := keptUserTokens * 4
	var kept []json.RawMessage
	for i := len(history) - 1; i >= 0 && budget > 0; i-- {
		item := gjson.ParseBytes(history[i].Raw)
		if item.Get("type").Str != "message" || item.Get("role").Str != "user" {
			continue
		}
		text := userText(item)
		if isContext(text) || text == "" {
			continue
		}
		raw := Message("user", text)
		if len(text) > budget {
			half := budget / 2
			raw = Message("user", strings.ToValidUTF8(text[:half], "")+"…"+strings.ToValidUTF8(text[len(text)-half:], ""))
		}
		budget -= len(text)
		kept = append([]json.RawMessage{raw}, kept...)
	}
	return kept
}

// userText is what the user wrote in a message: images and the marks around them go.
func userText(item gjson.Result) string {
	parts := item.Get("content").Array()
	image := func(i int) bool { return i >= 0 && i < len(parts) && parts[i].Get("type").Str == "input_image" }
	var texts []string
	for i, p := range parts {
		text := p.Get("text").Str
		if p.Get("type").Str == "input_text" && !(strings.HasPrefix(text, "<image") && image(i+1)) && !(text == "</image>" && image(i-1)) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n")
}

func isContext(text string) bool {
	for _, p := range []string{"<environment_context>", "# AGENTS.md instructions for ", "<turn_aborted>", "<skill>", "<hook_prompt", "<user_shell_command>", "<user_action>", instructions.GoalMark, instructions.CompactPrefix} {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}
