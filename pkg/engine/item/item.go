// Package item is about the items of the Responses API that make up a thread's history:
// it builds them, turns those of a response and of a client into what later requests send
// back, repairs a history for a request, picks what outlives a compaction, and gives the
// form in which clients see them. All of it are functions of their arguments.
//
// Engine layer; it imports instructions, gjson and protocol.
package item

import (
	"bytes"
	"encoding/json"
	"unsafe"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Item is one Responses item of the thread: as it is sent, without its id.
type Item struct {
	Raw json.RawMessage
	ID  string // the model's id, sent back to Azure only
}

// Parsed looks into the item without a copy: nothing ever writes to Raw.
func (e Item) Parsed() gjson.Result {
	return gjson.Parse(unsafe.String(unsafe.SliceData(e.Raw), len(e.Raw)))
}

// Object writes one JSON object with its members in a chosen order; values that come
// from the model stay byte for byte.
type Object struct{ bytes.Buffer }

// Raw adds a member whose value is JSON already.
func (b *Object) Raw(key, val string) {
	b.name(key)
	b.WriteString(val)
}

// name begins a member.
func (b *Object) name(key string) {
	if b.Len() == 0 {
		b.WriteByte('{')
	} else {
		b.WriteByte(',')
	}
	b.WriteByte('"')
	b.WriteString(key)
	b.WriteString(`":`)
}

// Str adds a string.
func (b *Object) Str(key, val string) {
	b.name(key)
	b.Write(jsonrpc.Quote(val))
}

// End closes the object and gives it.
func (b *Object) End() json.RawMessage {
	if b.Len() == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return json.RawMessage(b.Bytes())
}

// RawOr copies a member, or writes def where it is missing.
func (b *Object) RawOr(v gjson.Result, key, def string) {
	if m := v.Get(key); m.Exists() {
		b.Raw(key, m.Raw)
		return
	}
	b.Raw(key, def)
}

// Minify gives JSON without blanks between its tokens; what is no JSON stays as it is.
func Minify(raw json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return raw
	}
	return b.Bytes()
}
