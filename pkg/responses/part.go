package responses

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// part is what the events before an output_item.done say of the item.
type part struct {
	typ, id string
	index   int64 // -1: the server gives none
	added   []byte
	name    string // of a function, where only the end of its arguments names it
	pieces  []*piece
	done    bool // the item was handed on
}

// piece is one text of an item: a JSON string as it came, without its quotes.
type piece struct {
	kind     string
	index    int64
	raw      [][]byte // in blocks: it may be megabytes, and is rarely needed
	finished bool     // an event had the whole text
	first    []byte   // what there was of it when it was added, if that is all
}

// add appends to the text.
func (t *piece) add(b []byte) {
	n := len(t.raw) - 1
	if n < 0 || cap(t.raw[n])-len(t.raw[n]) < len(b) {
		size := 256
		if n >= 0 {
			size = min(2*cap(t.raw[n]), 64<<10)
		}
		t.raw = append(t.raw, make([]byte, 0, max(size, len(b))))
		n++
	}
	t.raw[n] = append(t.raw[n], b...)
}

func (t *piece) len() (n int) {
	for _, b := range t.raw {
		n += len(b)
	}
	return n
}

func (p *part) piece(kind string, index int64) *piece {
	for _, t := range p.pieces {
		if t.kind == kind && t.index == index {
			return t
		}
	}
	t := &piece{kind: kind, index: index}
	p.pieces = append(p.pieces, t)
	return t
}

// same compares by what both sides have.
func (p *part) same(id string, index int64) (same, known bool) {
	switch {
	case id != "" && p.id != "":
		return id == p.id, true
	case index >= 0 && p.index >= 0:
		return index == p.index, true
	}
	return false, false
}

// complete fills in what an item lacks from what came before; ok is false when that can't
// be read.
func (p *part) complete(data []byte, says bool) (out []byte, ok bool) {
	if member := p.member(); member != "" && !says {
		if raw := p.content(); raw != "" {
			if !jsonrpc.Valid([]byte(raw)) {
				return data, false
			}
			data = set(data, "item."+member, raw)
		}
	}
	if p.added == nil {
		return data, true
	}
	for _, m := range []string{"name", "namespace", "call_id", "role"} {
		if v := gjson.GetBytes(p.added, m); v.Type == gjson.String && v.Str != "" && blank(gjson.GetBytes(data, "item."+m)) {
			data = set(data, "item."+m, v.Raw)
		}
	}
	return data, true
}

// member is where an item of the part's type has its text.
func (p *part) member() string {
	switch p.typ {
	case itemMessage:
		return "content"
	case itemFunction:
		return memberArguments
	case itemCustom:
		return memberInput
	}
	return ""
}

// content is that member's value, "" when no event had any of it.
func (p *part) content() string {
	var b []byte
	for _, t := range p.pieces {
		raw := bytes.Join(t.raw, nil)
		if len(raw) == 0 {
			raw = t.first
		}
		switch {
		case len(raw) == 0:
		case p.typ != itemMessage:
			return `"` + string(raw) + `"`
		case t.kind == partText:
			b = fmt.Appendf(b, `,{"type":"output_text","text":"%s"}`, raw)
		default:
			b = fmt.Appendf(b, `,{"type":"refusal","refusal":"%s"}`, raw)
		}
	}
	if b == nil {
		return ""
	}
	b[0] = '['
	return string(append(b, ']'))
}

// frame is what stands around the text of a delta. While the next events have the same,
// they are about the same text, and nothing in them need be looked for.
type frame struct {
	head, tail []byte
	to         *piece
	typ        string
	skip       bool // nobody wants events of this type
	sound      bool // the event that it was taken from is JSON
}

func (f *frame) set(head, tail []byte, to *piece) {
	f.head, f.tail = append(f.head[:0], head...), append(f.tail[:0], tail...)
	f.to = to
}

// take appends the text of an event in the same frame; ok is false for any other. sound
// says that the event is JSON.
func (f *frame) take(data []byte) (ok, sound bool) {
	if f.to == nil || f.to.finished || len(data) <= len(f.head)+len(f.tail) || !bytes.HasPrefix(data, f.head) || !bytes.HasSuffix(data, f.tail) {
		return false, false
	}
	lo, hi := len(f.head), len(data)-len(f.tail)
	body := data[lo:hi]
	if data[hi-1] == '\\' || bytes.IndexByte(body, '"') >= 0 {
		return false, false
	}
	f.to.add(body)
	return true, f.sound && utf8.Valid(body) && jsonrpc.Valid(data[lo-1:hi+1])
}

// stringMember finds a member with a string value without parsing what is around it, and
// says where the string stands, without its quotes. Only what is made of deltas alone
// relies on it, and that is checked when it is whole.
func stringMember(data []byte, key string) (lo, hi int) {
	i := bytes.Index(data, []byte(key))
	if i < 0 {
		return 0, 0
	}
	for lo = i + len(key); lo < len(data) && data[lo] == ' '; lo++ {
	}
	if lo == len(data) || data[lo] != '"' {
		return 0, 0
	}
	lo++
	for hi = lo; hi < len(data) && data[hi] != '"'; hi++ {
		if data[hi] == '\\' {
			hi++
		}
	}
	if hi >= len(data) {
		return 0, 0
	}
	return lo, hi
}
