package item

import (
	"strings"

	"github.com/tidwall/gjson"
)

// Replay turns an item of a response into what later requests send back . ok is false for types that are not kept.
func Replay(item gjson.Result) (e Item, ok bool) {
	var b Object
	b.Grow(len(item.Raw)) // an item can be megabytes: no room to double
	typ := item.Get("type").Str
	if typ == "compaction_summary" {
		typ = "compaction"
	}
	b.Str("type", typ)
	switch typ {
	case "message":
		b.RawOr(item, "role", `"assistant"`)
		b.Raw("content", messageContent(item.Get("content")))
		b.Keep(item, "phase")
	case "reasoning":
		b.RawOr(item, "summary", "[]")
		if c := reasoningContent(item.Get("content")); c != "" {
			b.Raw("content", c)
		}
		b.RawOr(item, "encrypted_content", "null")
	case "function_call":
		if !hasStrings(item, "name", "arguments", "call_id") {
			return Item{}, false
		}
		b.RawOr(item, "name", `""`)
		b.Keep(item, "namespace")
		b.RawOr(item, "arguments", `""`)
		b.RawOr(item, "call_id", `""`)
	case "custom_tool_call":
		if !hasStrings(item, "name", "input", "call_id") {
			return Item{}, false
		}
		b.Keep(item, "status")
		b.RawOr(item, "call_id", `""`)
		b.RawOr(item, "name", `""`)
		b.RawOr(item, "input", `""`)
	case "local_shell_call":
		b.RawOr(item, "call_id", "null")
		b.RawOr(item, "status", `"completed"`)
		var a Object
		act := item.Get("action")
		a.Str("type", "exec")
		a.RawOr(act, "command", "[]")
		for _, k := range []string{"timeout_ms", "working_directory", "env", "user"} {
			a.RawOr(act, k, "null")
		}
		b.Raw("action", string(a.End()))
	case "web_search_call":
		b.Keep(item, "status")
		b.Keep(item, "action")
	case "tool_search_call":
		b.RawOr(item, "call_id", "null")
		b.Keep(item, "status")
		b.RawOr(item, "execution", `"client"`)
		b.RawOr(item, "arguments", "null")
	case "image_generation_call":
		b.RawOr(item, "id", `""`)
		b.RawOr(item, "status", `"completed"`)
		b.Keep(item, "revised_prompt")
		b.RawOr(item, "result", `""`)
	case "compaction":
		b.RawOr(item, "encrypted_content", `""`)
	default:
		return Item{}, false
	}
	return Item{Raw: b.End(), ID: item.Get("id").Str}, true
}

// hasStrings says whether the members are there: a call without one of them can be
// neither answered nor sent back.
func hasStrings(item gjson.Result, names ...string) bool {
	for _, n := range names {
		if item.Get(n).Type != gjson.String {
			return false
		}
	}
	return true
}

// reasoningContent is what is sent back of a reasoning item's raw text: all of it if some
// is reasoning_text, null if there is no member, "" (no member) otherwise.
func reasoningContent(content gjson.Result) string {
	if !content.IsArray() {
		return "null"
	}
	var parts []string
	raw := false
	content.ForEach(func(_, p gjson.Result) bool {
		var b Object
		b.Str("type", p.Get("type").Str)
		b.RawOr(p, "text", `""`)
		parts = append(parts, string(b.End()))
		raw = raw || p.Get("type").Str == "reasoning_text"
		return true
	})
	if !raw {
		return ""
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// messageContent keeps the parts' types and texts.
func messageContent(content gjson.Result) string {
	var out strings.Builder
	out.Grow(len(content.Raw) + 64)
	out.WriteByte('[')
	content.ForEach(func(_, p gjson.Result) bool {
		var b Object
		b.Grow(len(p.Raw) + 64)
		switch t := p.Get("type").Str; t {
		case "output_text", "input_text":
			b.Str("type", t)
			b.RawOr(p, "text", `""`)
		case "refusal":
			b.Str("type", t)
			b.RawOr(p, "refusal", `""`)
		case "input_image":
			b.Str("type", t)
			b.RawOr(p, "image_url", `""`)
			b.Keep(p, "detail")
		default:
			return true
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(b.End())
		return true
	})
	out.WriteByte(']')
	return out.String()
}
