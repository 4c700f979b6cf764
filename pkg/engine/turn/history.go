package turn

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"
)

// entry is one Responses item of the thread: as it is sent, without its id.
type entry struct {
	raw json.RawMessage
	id  string // the model's id, sent back to Azure only
}

// builder writes one JSON object with its members in a chosen order; values that come
// from the model stay byte for byte.
type builder struct{ bytes.Buffer }

func (b *builder) raw(key, val string) {
	if b.Len() == 0 {
		b.WriteByte('{')
	} else {
		b.WriteByte(',')
	}
	b.WriteString(`"` + key + `":` + val)
}

func (b *builder) str(key, val string) { b.raw(key, string(quoteJSON(val))) }

func (b *builder) end() json.RawMessage {
	if b.Len() == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return json.RawMessage(b.Bytes())
}

// keep copies a member when it is there and not null.
func (b *builder) keep(v gjson.Result, key string) {
	if m := v.Get(key); m.Exists() && m.Type != gjson.Null {
		b.raw(key, m.Raw)
	}
}

// rawOr copies a member, or writes def where it is missing.
func (b *builder) rawOr(v gjson.Result, key, def string) {
	if m := v.Get(key); m.Exists() {
		b.raw(key, m.Raw)
		return
	}
	b.raw(key, def)
}

// replayed turns an item of a response into what later requests send back (turn spec
// §1.3). ok is false for types that are not kept.
func replayed(item gjson.Result) (e entry, ok bool) {
	var b builder
	b.Grow(len(item.Raw)) // an item can be megabytes: no room to double
	typ := item.Get("type").Str
	if typ == "compaction_summary" {
		typ = "compaction"
	}
	b.str("type", typ)
	switch typ {
	case "message":
		b.rawOr(item, "role", `"assistant"`)
		b.raw("content", messageContent(item.Get("content")))
		b.keep(item, "phase")
	case "reasoning":
		b.rawOr(item, "summary", "[]")
		if c := reasoningContent(item.Get("content")); c != "" {
			b.raw("content", c)
		}
		b.rawOr(item, "encrypted_content", "null")
	case "function_call":
		if !hasStrings(item, "name", "arguments", "call_id") {
			return entry{}, false
		}
		b.rawOr(item, "name", `""`)
		b.keep(item, "namespace")
		b.rawOr(item, "arguments", `""`)
		b.rawOr(item, "call_id", `""`)
	case "custom_tool_call":
		if !hasStrings(item, "name", "input", "call_id") {
			return entry{}, false
		}
		b.keep(item, "status")
		b.rawOr(item, "call_id", `""`)
		b.rawOr(item, "name", `""`)
		b.rawOr(item, "input", `""`)
	case "local_shell_call":
		b.rawOr(item, "call_id", "null")
		b.rawOr(item, "status", `"completed"`)
		var a builder
		act := item.Get("action")
		a.str("type", "exec")
		a.rawOr(act, "command", "[]")
		for _, k := range []string{"timeout_ms", "working_directory", "env", "user"} {
			a.rawOr(act, k, "null")
		}
		b.raw("action", string(a.end()))
	case "web_search_call":
		b.keep(item, "status")
		b.keep(item, "action")
	case "tool_search_call":
		b.rawOr(item, "call_id", "null")
		b.keep(item, "status")
		b.rawOr(item, "execution", `"client"`)
		b.rawOr(item, "arguments", "null")
	case "image_generation_call":
		b.rawOr(item, "id", `""`)
		b.rawOr(item, "status", `"completed"`)
		b.keep(item, "revised_prompt")
		b.rawOr(item, "result", `""`)
	case "compaction":
		b.rawOr(item, "encrypted_content", `""`)
	default:
		return entry{}, false
	}
	return entry{b.end(), item.Get("id").Str}, true
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
		var b builder
		b.str("type", p.Get("type").Str)
		b.rawOr(p, "text", `""`)
		parts = append(parts, string(b.end()))
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
		var b builder
		b.Grow(len(p.Raw) + 64)
		switch t := p.Get("type").Str; t {
		case "output_text", "input_text":
			b.str("type", t)
			b.rawOr(p, "text", `""`)
		case "refusal":
			b.str("type", t)
			b.rawOr(p, "refusal", `""`)
		case "input_image":
			b.str("type", t)
			b.rawOr(p, "image_url", `""`)
			b.keep(p, "detail")
		default:
			return true
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(b.end())
		return true
	})
	out.WriteByte(']')
	return out.String()
}

// messageText joins the texts of a message item.
func messageText(item gjson.Result) string {
	var b strings.Builder
	item.Get("content").ForEach(func(_, p gjson.Result) bool {
		switch p.Get("type").Str {
		case "output_text", "input_text":
			b.WriteString(p.Get("text").Str)
		case "refusal":
			b.WriteString(p.Get("refusal").Str)
		}
		return true
	})
	return b.String()
}

// message makes a message item of text parts.
func message(role string, texts ...string) json.RawMessage {
	parts := make([]json.RawMessage, len(texts))
	for i, t := range texts {
		parts[i] = textPart(t)
	}
	return messageOf(role, parts)
}

func messageOf(role string, parts []json.RawMessage) json.RawMessage {
	var b builder
	b.str("type", "message")
	b.str("role", role)
	b.raw("content", "["+string(bytes.Join(rawBytes(parts), []byte{','}))+"]")
	return b.end()
}

func rawBytes(in []json.RawMessage) [][]byte {
	out := make([][]byte, len(in))
	for i := range in {
		out[i] = in[i]
	}
	return out
}

func textPart(t string) json.RawMessage {
	var b builder
	b.str("type", "input_text")
	b.str("text", t)
	return b.end()
}

func imagePart(url, detail string) json.RawMessage {
	var b builder
	b.str("type", "input_image")
	b.str("image_url", url)
	b.str("detail", detail)
	return b.end()
}

// quoteJSON encodes a string without the escapes for HTML.
func quoteJSON(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return []byte(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// normalized repairs history for a request: a call without output gets "aborted" right
// after it, an output without call goes, images become a text where the model takes
// none (turn spec §1.3). The session file is not changed.
func normalized(items []entry, images bool) []entry {
	calls, outputs := map[string]bool{}, map[string]bool{}
	for _, e := range items {
		switch typ, id := shape(e.raw); {
		case strings.HasSuffix(typ, "_output"):
			outputs[id] = true
		case isCall(typ):
			calls[id] = true
		}
	}
	out := make([]entry, 0, len(items))
	for _, e := range items {
		typ, id := shape(e.raw)
		if strings.HasSuffix(typ, "_output") && !calls[id] {
			continue
		}
		if !images && bytes.Contains(e.raw, []byte(`"input_image"`)) {
			e.raw = withoutImages(e.raw)
		}
		out = append(out, e)
		if isCall(typ) && id != "" && !outputs[id] {
			out = append(out, entry{raw: outputItem(typ, id, "aborted", nil)})
		}
	}
	return out
}

func isCall(typ string) bool {
	switch typ {
	case "function_call", "custom_tool_call", "local_shell_call", "tool_search_call":
		return true
	}
	return false
}

func shape(raw json.RawMessage) (typ, callID string) {
	r := gjson.GetManyBytes(raw, "type", "call_id")
	return r[0].Str, r[1].Str
}

// outputItem answers a call of type typ.
func outputItem(typ, callID, text string, content json.RawMessage) json.RawMessage {
	var b builder
	switch typ {
	case "custom_tool_call":
		b.str("type", "custom_tool_call_output")
	case "tool_search_call":
		b.str("type", "tool_search_output")
		b.str("call_id", callID)
		b.str("status", "completed")
		b.str("execution", "client")
		b.raw("tools", "[]")
		return b.end()
	default:
		b.str("type", "function_call_output")
	}
	b.str("call_id", callID)
	if content != nil {
		b.raw("output", string(content))
	} else {
		b.str("output", text)
	}
	return b.end()
}

const imageOmitted = "image content omitted because you do not support image input"

func withoutImages(raw json.RawMessage) json.RawMessage {
	var v map[string]any
	if json.Unmarshal(raw, &v) != nil {
		return raw
	}
	for _, k := range []string{"content", "output"} {
		parts, ok := v[k].([]any)
		if !ok {
			continue
		}
		for i, p := range parts {
			if m, ok := p.(map[string]any); ok && m["type"] == "input_image" {
				parts[i] = map[string]any{"type": "input_text", "text": imageOmitted}
			}
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		return raw
	}
	return b
}
