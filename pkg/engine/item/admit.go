package item

import (
	"cmp"
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// ErrUnknown is for an item of a type that no history keeps.
var ErrUnknown = errors.New("an item of a type that is not known here")

// Admit is the gate to a history, for what a provider, a session file or a client has: it
// gives the item as requests send it back, with every member of its type. What has the
// wrong one is repaired where its meaning is plain, and left out where it isn't; a call
// without an id gets one of id. The error says why an item can't be kept.
//
// Strings stay byte for byte, so that a later request begins as the one before; the item
// must have passed jsonrpc.Check.
func Admit(it gjson.Result, id func() string) (Item, error) {
	if !it.IsObject() {
		return Item{}, errors.New("an item that is no object")
	}
	if strings.Contains(it.Raw, `\ud`) || strings.Contains(it.Raw, `\uD`) {
		it = gjson.Parse(mendSurrogates(it.Raw))
	}
	var b Object
	b.Grow(len(it.Raw) + 64) // an item can be megabytes: no room to double
	typ := it.Get("type").Str
	if typ == "compaction_summary" {
		typ = "compaction"
	}
	b.Str("type", typ)
	var err error
	switch typ {
	case "message":
		err = b.message(it)
	case "reasoning":
		b.Raw("summary", summary(it.Get("summary")))
		if c := reasoningContent(it.Get("content")); c != "" {
			b.Raw("content", c)
		}
		b.stringOr(it, "encrypted_content", "null")
	case "function_call", "custom_tool_call":
		b.call(typ, it, id)
	case "function_call_output", "custom_tool_call_output", "tool_search_output":
		err = b.output(typ, it)
	default:
		err = b.served(typ, it)
	}
	if err != nil {
		return Item{}, err
	}
	return Item{Raw: b.End(), ID: bounded(it.Get("id").Str)}, nil
}

func (b *Object) message(it gjson.Result) error {
	content, err := messageContent(member(it, "content", "text"), role(it))
	if err != nil {
		return err
	}
	b.Str("role", role(it))
	b.Raw("content", content)
	b.word(it, "phase", "")
	return nil
}

func (b *Object) call(typ string, it gjson.Result, id func() string) {
	callID := word(it.Get("call_id"))
	if callID == "" {
		callID = string(jsonrpc.Quote(id()))
	}
	named := it
	if f := it.Get("function"); f.IsObject() { // the form of another API
		named = f
	}
	if typ == "custom_tool_call" {
		b.word(it, "status", "")
		b.Raw("call_id", callID)
		b.word(named, "name", `"unnamed"`)
		b.Raw("input", input(member(named, "input", "arguments")))
		return
	}
	b.word(named, "name", `"unnamed"`)
	b.word(it, "namespace", "")
	b.Raw("arguments", text(member(named, "arguments", "parameters", "input")))
	b.Raw("call_id", callID)
}

// member is the first of these members that there is.
func member(it gjson.Result, names ...string) (v gjson.Result) {
	for _, n := range names {
		if v = it.Get(n); v.Type != gjson.Null {
			break
		}
	}
	return v
}

// input is a custom tool's: an object around one text stands for that.
func input(v gjson.Result) string {
	members, only := 0, v
	if v.IsObject() {
		v.ForEach(func(_, m gjson.Result) bool {
			members++
			only = m
			return true
		})
	}
	if members != 1 || only.Type != gjson.String {
		only = v
	}
	return text(only)
}

func (b *Object) output(typ string, it gjson.Result) error {
	if typ == "tool_search_output" {
		b.word(it, "call_id", "null")
		b.word(it, "status", `"completed"`)
		b.word(it, "execution", `"client"`)
		tools := "[]"
		if t := it.Get("tools"); t.IsArray() {
			tools = t.Raw
		}
		b.Raw("tools", tools)
		return nil
	}
	if word(it.Get("call_id")) == "" {
		return errors.New("an output that names no call")
	}
	b.word(it, "call_id", "")
	b.word(it, "name", "")
	b.Raw("output", output(it.Get("output")))
	return nil
}

// served are the items of tools that the provider has, and older ones.
func (b *Object) served(typ string, it gjson.Result) error {
	switch typ {
	case "local_shell_call":
		b.word(it, "call_id", "null")
		b.word(it, "status", `"completed"`)
		b.Raw("action", shellAction(it.Get("action")))
	case "web_search_call":
		b.word(it, "status", "")
		if a := it.Get("action"); a.IsObject() {
			b.Raw("action", webAction(a))
		}
	case "tool_search_call":
		b.word(it, "call_id", "null")
		b.word(it, "status", "")
		b.word(it, "execution", `"client"`)
		b.RawOr(it, "arguments", "null")
	case "image_generation_call":
		b.word(it, "id", `""`)
		b.word(it, "status", `"completed"`)
		if p := it.Get("revised_prompt"); p.Type == gjson.String {
			b.Raw("revised_prompt", p.Raw)
		}
		b.Raw("result", text(it.Get("result")))
	case "compaction":
		b.Raw("encrypted_content", text(it.Get("encrypted_content")))
	default:
		return ErrUnknown
	}
	return nil
}

// longWord bounds names, ids and states; the API takes less.
const longWord = 256

// word is a member that is a name, an id or a state, as JSON. A number stands for its
// text; "" is for what is missing, empty, too long or of another type.
func word(v gjson.Result) string {
	switch {
	case v.Type == gjson.String && v.Str != "" && len(v.Str) <= longWord:
		return v.Raw
	case v.Type == gjson.Number && len(v.Raw) <= longWord:
		return `"` + v.Raw + `"`
	}
	return ""
}

// word copies such a member, or writes def where there is none; without def it writes
// nothing.
func (b *Object) word(it gjson.Result, key, def string) {
	w := cmp.Or(word(it.Get(key)), def)
	if w != "" {
		b.Raw(key, w)
	}
}

func bounded(id string) string {
	if len(id) > longWord {
		return ""
	}
	return id
}

// stringOr copies a string, or writes def where there is none.
func (b *Object) stringOr(v gjson.Result, key, def string) {
	if m := v.Get(key); m.Type == gjson.String {
		def = m.Raw
	}
	b.Raw(key, def)
}

// text is a member that is a text: what is none is its JSON, nothing is an empty one.
func text(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Raw
	case gjson.Null:
		return `""`
	}
	return string(jsonrpc.Quote(v.Raw))
}
