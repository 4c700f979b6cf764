package item

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// role is a message's; one that nobody knows is the model's own, or a user's where the
// content is of the kind that goes to a model.
func role(it gjson.Result) string {
	switch r := it.Get("role").Str; r {
	case "assistant", "user", "developer", "system":
		return r
	}
	if strings.HasPrefix(it.Get("content.0.type").Str, "input_") {
		return "user"
	}
	return "assistant"
}

// messageContent keeps the parts' types and texts. Content that is one text is a part,
// and so is a text among the parts.
func messageContent(content gjson.Result, role string) (string, error) {
	plain := "input_text"
	if role == "assistant" {
		plain = "output_text"
	}
	var out strings.Builder
	out.Grow(len(content.Raw) + 64)
	out.WriteByte('[')
	left := 0
	take := func(p gjson.Result) {
		part := messagePart(p, plain)
		if part == nil {
			left++
			return
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(part)
	}
	switch {
	case content.Type == gjson.Null:
	case content.IsArray():
		content.ForEach(func(_, p gjson.Result) bool {
			take(p)
			return true
		})
	default:
		take(content)
	}
	if out.Len() == 1 && left > 0 {
		return "", errors.New("a message without a part that can be read")
	}
	out.WriteByte(']')
	return out.String(), nil
}

// messagePart is one part of a message; nil for one of an unknown type.
func messagePart(p gjson.Result, plain string) []byte {
	var b Object
	b.Grow(len(p.Raw) + 64)
	if !p.IsObject() {
		if p.Type == gjson.Null || p.IsArray() {
			return nil
		}
		b.Str("type", plain)
		b.Raw("text", text(p))
		return b.End()
	}
	said := p.Get("text")
	if v := said.Get("value"); v.Type == gjson.String { // the form of another API
		said = v
	}
	switch t := p.Get("type").Str; t {
	case "output_text", "input_text":
		b.Str("type", t)
		b.Raw("text", text(said))
	case "", "text":
		if !said.Exists() {
			return nil
		}
		b.Str("type", plain)
		b.Raw("text", text(said))
	case "refusal":
		b.Str("type", t)
		b.Raw("refusal", text(p.Get("refusal")))
	case "input_image":
		url := p.Get("image_url")
		if url.IsObject() {
			url = url.Get("url")
		}
		if url.Type != gjson.String {
			return nil
		}
		b.Str("type", t)
		b.Raw("image_url", url.Raw)
		b.word(p, "detail", "")
	default:
		return nil
	}
	return b.End()
}

// summary is what a model told of its reasoning.
func summary(v gjson.Result) string {
	var parts []string
	add := func(t gjson.Result) {
		if t.Type == gjson.String {
			parts = append(parts, `{"type":"summary_text","text":`+t.Raw+`}`)
		}
	}
	if add(v); v.IsArray() {
		v.ForEach(func(_, p gjson.Result) bool {
			add(p)
			add(p.Get("text"))
			return true
		})
	}
	return "[" + strings.Join(parts, ",") + "]"
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
		if t := p.Get("type").Str; t == "reasoning_text" || t == "text" {
			parts = append(parts, `{"type":"`+t+`","text":`+text(p.Get("text"))+`}`)
			raw = raw || t == "reasoning_text"
		}
		return true
	})
	if !raw {
		return ""
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func shellAction(act gjson.Result) string {
	var a Object
	a.Str("type", "exec")
	a.Raw("command", texts(act.Get("command")))
	timeout, env := "null", "null"
	if t := act.Get("timeout_ms"); t.Type == gjson.Number && t.Int() >= 0 {
		timeout = fmt.Sprint(t.Int())
	}
	a.Raw("timeout_ms", timeout)
	a.stringOr(act, "working_directory", "null")
	if e := act.Get("env"); e.IsObject() {
		var vars Object
		e.ForEach(func(k, v gjson.Result) bool {
			if v.Type == gjson.String {
				vars.Raw(k.Raw[1:len(k.Raw)-1], v.Raw)
			}
			return true
		})
		env = string(vars.End())
	}
	a.Raw("env", env)
	a.stringOr(act, "user", "null")
	return string(a.End())
}

// texts is a list of strings; one string is a list of one.
func texts(v gjson.Result) string {
	var out []string
	if v.Type == gjson.String {
		out = append(out, v.Raw)
	}
	if v.IsArray() {
		v.ForEach(func(_, s gjson.Result) bool {
			if s.Type != gjson.Null {
				out = append(out, text(s))
			}
			return true
		})
	}
	return "[" + strings.Join(out, ",") + "]"
}

// webAction is a search's action as it came, known or not, but for members of another
// type than theirs.
func webAction(a gjson.Result) string {
	var b Object
	right := true
	a.ForEach(func(k, v gjson.Result) bool {
		if fits := searchMember(k.Str, v); fits {
			b.Raw(k.Raw[1:len(k.Raw)-1], v.Raw)
		} else {
			right = false
		}
		return true
	})
	if right {
		return a.Raw
	}
	return string(b.End())
}

func searchMember(key string, v gjson.Result) bool {
	switch key {
	case "type":
		return v.Type == gjson.String
	case "query", "url", "pattern":
		return v.Type == gjson.String || v.Type == gjson.Null
	case "queries":
		fits := v.IsArray() || v.Type == gjson.Null
		v.ForEach(func(_, q gjson.Result) bool {
			fits = fits && q.Type == gjson.String
			return fits
		})
		return fits
	}
	return true
}

// output is what a tool answered: a text, or parts.
func output(v gjson.Result) string {
	if v.IsObject() && v.Get("content").Exists() { // an older form
		v = v.Get("content")
	}
	if !v.IsArray() {
		return text(v)
	}
	content, err := messageContent(v, "user")
	if err != nil {
		return string(jsonrpc.Quote(v.Raw))
	}
	return content
}
