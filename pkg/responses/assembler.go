package responses

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/jsonrpc"
)

const (
	eventAdded      = "response.output_item.added"
	eventDone       = "response.output_item.done"
	itemMessage     = "message"
	itemFunction    = "function_call"
	itemCustom      = "custom_tool_call"
	partText        = "output_text"
	partRefusal     = "refusal"
	memberArguments = "arguments"
	memberInput     = "input"
)

// assembler knows which items a response has, whichever events carry them: servers that
// imitate the API leave some out. What an output_item.done lacks is filled in from the
// events before it, and an item that none was sent for is taken from the response object
// at the end, or made of the other events.
type assembler struct {
	parts []*part
	items []item // handed on
	frame frame
	seed  maphash.Seed
	// unread says why an event could not be read: it may have been an item.
	unread *Error
}

// item is what there is to know of an output item.
type item struct {
	index         int64 // the server's output_index, else its place among the items
	typ, id, call string
	hash          uint64 // of what it says, 0 for nothing that tells it from another
	says          bool   // it has a text, arguments or an input
	claimed       bool   // a part stands for this one
}

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

// note takes a delta; it sees those that nobody wants too.
func (a *assembler) note(typ, data []byte, skip bool) {
	a.frame = frame{head: a.frame.head, tail: a.frame.tail, typ: a.frame.typ, skip: skip}
	if a.frame.typ != string(typ) {
		a.frame.typ = known(typ)
	}
	switch string(typ) {
	case "response.output_text.delta":
		a.delta(data, itemMessage, partText)
	case "response.refusal.delta":
		a.delta(data, itemMessage, partRefusal)
	case "response.function_call_arguments.delta":
		a.delta(data, itemFunction, memberArguments)
	case "response.custom_tool_call_input.delta":
		a.delta(data, itemCustom, memberInput)
	}
}

// noteWhole takes the other events that do, which have been checked.
func (a *assembler) noteWhole(typ string, data []byte) {
	switch typ {
	case "response.output_text.done":
		a.finish(data, itemMessage, partText, "text")
	case "response.refusal.done":
		a.finish(data, itemMessage, partRefusal, partRefusal)
	case "response.function_call_arguments.done":
		a.finish(data, itemFunction, memberArguments, memberArguments)
	case "response.custom_tool_call_input.done":
		a.finish(data, itemCustom, memberInput, memberInput)
	case "response.content_part.done":
		switch gjson.GetBytes(data, "part.type").Str {
		case partText:
			a.finish(data, itemMessage, partText, "part.text")
		case partRefusal:
			a.finish(data, itemMessage, partRefusal, "part.refusal")
		}
	case eventAdded:
		if it := gjson.GetBytes(data, "item"); it.IsObject() {
			p := a.find(data, a.read(it).typ, it.Get("id").Str, func(p *part) bool { return !p.done && p.added == nil })
			p.added = []byte(it.Raw)
		}
	}
}

// delta appends to a text.
func (a *assembler) delta(data []byte, typ, kind string) {
	lo, hi := stringMember(data, `"delta":`)
	if lo == hi {
		return
	}
	p := a.find(data, typ, "", nil)
	if p.done {
		return
	}
	if t := p.piece(kind, gjson.GetBytes(data, "content_index").Int()); !t.finished {
		t.add(data[lo:hi])
		a.frame.set(data[:lo], data[hi:], t)
	}
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

// finish takes an event that has a whole text.
func (a *assembler) finish(data []byte, typ, kind, member string) {
	p := a.find(data, typ, "", nil)
	if name := gjson.GetBytes(data, "name"); name.Type == gjson.String {
		p.name = name.Str
	}
	if p.done {
		return
	}
	t := p.piece(kind, gjson.GetBytes(data, "content_index").Int())
	if t.finished {
		return
	}
	key := member[strings.LastIndexByte(member, '.')+1:]
	if lo, hi := stringMember(data, `"`+key+`":`); hi > 0 {
		if t.len() != hi-lo { // else the deltas had all of it
			t.raw = [][]byte{bytes.Clone(data[lo:hi])}
		}
		t.finished = true
	} else if v := gjson.GetBytes(data, member); v.IsObject() { // arguments
		q := quoted(v.Raw)
		t.raw, t.finished = [][]byte{[]byte(q[1 : len(q)-1])}, true
	}
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

// find gives the part that an event is about, the newest that fits, or a new one.
func (a *assembler) find(data []byte, typ, id string, fits func(*part) bool) *part {
	if id == "" {
		id = gjson.GetBytes(data, "item_id").Str
	}
	index := outputIndex(data)
	for i := len(a.parts) - 1; i >= 0; i-- {
		p := a.parts[i]
		if p.typ != typ || fits != nil && !fits(p) {
			continue
		}
		if same, known := p.same(id, index); same || !known && !p.done {
			return p
		}
	}
	p := &part{typ: typ, id: id, index: index}
	a.parts = append(a.parts, p)
	return p
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

func outputIndex(data []byte) int64 {
	if n := gjson.GetBytes(data, "output_index"); n.Type == gjson.Number {
		return n.Int()
	}
	return -1
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

// largeText is from where on texts are compared as they stand, with what is around them.
const largeText = 16 << 10

// read looks through an item once: it may be megabytes.
func (a *assembler) read(it gjson.Result) item {
	var i item
	m := map[string]gjson.Result{}
	it.ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case "type", "id", "call_id", "role", "name", "content", memberArguments, memberInput:
			m[k.Str] = v
		}
		return true
	})
	i.typ, i.id, i.call = m["type"].Str, m["id"].Str, m["call_id"].Str
	if i.typ == "" { // an item without one is known by its members
		_, role := m["role"]
		_, content := m["content"]
		_, name := m["name"]
		_, arguments := m[memberArguments]
		_, input := m[memberInput]
		switch {
		case role || content:
			i.typ = itemMessage
		case name && arguments:
			i.typ = itemFunction
		case name && input:
			i.typ = itemCustom
		}
	}
	if a.seed == (maphash.Seed{}) {
		a.seed = maphash.MakeSeed()
	}
	var h maphash.Hash
	h.SetSeed(a.seed)
	switch i.typ {
	case itemMessage:
		content := m["content"]
		if i.says = len(content.Raw) > largeText; i.says {
			h.WriteString(content.Raw)
		} else {
			i.says = eachText(content, func(raw string) { h.WriteString(raw) })
		}
	case itemFunction, itemCustom:
		text := m[memberArguments]
		if i.typ == itemCustom {
			text = m[memberInput]
		}
		i.says = !blank(text)
		h.WriteString(m["name"].Raw + text.Raw)
	}
	if i.says {
		i.hash = max(h.Sum64(), 1)
	}
	return i
}

// eachText gives the texts of a message's content, which may be one text, as they stand
// there without their quotes. It says whether there are any.
func eachText(content gjson.Result, f func(raw string)) (any bool) {
	give := func(v gjson.Result) {
		if v.Type == gjson.String && v.Str != "" {
			any = true
			f(v.Raw[1 : len(v.Raw)-1])
		}
	}
	if give(content); content.IsArray() {
		content.ForEach(func(_, p gjson.Result) bool {
			give(p.Get("text"))
			give(p.Get(partRefusal))
			return true
		})
	}
	return any
}

// done takes an output_item.done and gives it back with what it lacked; ok is false when
// there is no item in it.
func (a *assembler) done(data []byte) (e Event, ok bool) {
	a.frame.to = nil
	it := gjson.GetBytes(data, "item")
	known := a.read(it)
	known.index = outputIndex(data)
	if !it.IsObject() || known.typ == "" {
		if p := a.pending(known.index); p != nil {
			if e, ok := a.made(p); ok {
				return e, true
			}
		}
		a.lost(&Error{Message: "the model's answer has an event " + eventDone + " without an item", Kind: KindOther})
		return Event{}, false
	}
	whole := data
	var p *part
	for i := len(a.parts) - 1; i >= 0 && p == nil; i-- {
		if q := a.parts[i]; q.typ == known.typ && !q.done {
			if same, _ := q.same(known.id, known.index); same {
				p = q
			}
		}
	}
	if it.Get("type").Str != known.typ {
		data = set(data, "item.type", quoted(known.typ))
	}
	if p != nil {
		var ok bool
		if data, ok = p.complete(data, known.says); !ok {
			a.lost(unreadable([]byte(p.content())))
			return Event{}, false
		}
	}
	if &data[0] != &whole[0] {
		it = gjson.GetBytes(data, "item")
	}
	a.handed(known, p)
	return Event{eventDone, data, it}, true
}

// handed remembers an item that goes to the caller.
func (a *assembler) handed(i item, p *part) {
	if i.index < 0 {
		i.index = int64(len(a.items))
	}
	if p != nil {
		i.claimed, p.done, p.pieces = true, true, nil
	}
	a.items = append(a.items, i)
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

func blank(v gjson.Result) bool { return v.Type == gjson.Null || v.Type == gjson.String && v.Str == "" }

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

// pending is the part that an event without an item may mean.
func (a *assembler) pending(index int64) *part {
	for _, p := range a.parts {
		if !p.done && (index < 0 || p.index < 0 || p.index == index) {
			return p
		}
	}
	return nil
}

// made is an output_item.done for a part that none came for; ok is false when it says
// nothing.
func (a *assembler) made(p *part) (e Event, ok bool) {
	if p.member() == "" {
		return Event{}, false
	}
	data := []byte(`{"type":"` + eventDone + `","item":{}}`)
	if p.index >= 0 {
		data = fmt.Appendf(nil, `{"type":"%s","output_index":%d,"item":{}}`, eventDone, p.index)
	}
	if p.added != nil {
		data = set(data, "item", string(p.added))
	}
	add := func(m, v string) {
		if v != "" && blank(gjson.GetBytes(data, "item."+m)) {
			data = set(data, "item."+m, quoted(v))
		}
	}
	add("type", p.typ)
	add("id", p.id)
	add("name", p.name)
	if p.typ == itemMessage {
		add("role", "assistant")
	}
	data, ok = p.complete(data, a.read(gjson.GetBytes(data, "item")).says)
	it := gjson.GetBytes(data, "item")
	i := a.read(it)
	i.index = p.index
	switch {
	case !ok:
		a.lost(unreadable([]byte(p.content())))
		return Event{}, false
	case p.typ == itemMessage && (!i.says || a.said(i)):
		return Event{}, false
	case p.typ != itemMessage && blank(gjson.GetBytes(data, "item.name")):
		if p.id != "" || p.index >= 0 || len(a.items) == 0 { // else a stray piece of nothing
			a.lost(&Error{Message: "the model's answer has a call without a name", Kind: KindOther})
		}
		return Event{}, false
	}
	a.handed(i, p)
	return Event{eventDone, data, it}, true
}

// rest gives the items that no output_item.done came for, as such events: those of the
// response object, then those that only other events told of. Of a response that was cut
// off, messages alone: half a call is not to be run.
func (a *assembler) rest(response gjson.Result, cut bool) (events []Event) {
	output := response.Get("output").Array()
	items := make([]item, len(output))
	for i, it := range output {
		items[i] = a.read(it)
		items[i].index = int64(i)
	}
	if len(output) > 0 {
		a.unread = nil // what could not be read is in there
	}
	for i, had := range a.had(items) {
		if had || cut && items[i].typ != itemMessage {
			continue
		}
		if e, ok := a.done(fmt.Appendf(nil, `{"type":"%s","output_index":%d,"item":%s}`, eventDone, i, output[i].Raw)); ok {
			events = append(events, e)
		}
	}
	for _, p := range a.parts {
		if p.done || cut && p.typ != itemMessage || a.claim(p.typ) {
			continue
		}
		if e, ok := a.made(p); ok {
			events = append(events, e)
		}
	}
	return events
}

// had says for each item of a response object whether it was handed on: by its ids, else
// by what it says, else by its place. None is counted twice, so that no call runs twice
// and none is left out.
func (a *assembler) had(items []item) []bool {
	had, taken := make([]bool, len(items)), make([]bool, len(a.items))
	for _, same := range []func(x, y item) bool{
		func(x, y item) bool { return x.call != "" && x.call == y.call || x.id != "" && x.id == y.id },
		func(x, y item) bool { return x.hash != 0 && x.hash == y.hash },
		func(x, y item) bool { return x.index == y.index },
	} {
		for i, x := range items {
			for k, y := range a.items {
				if !had[i] && !taken[k] && x.typ == y.typ && same(x, y) {
					had[i], taken[k] = true, true
				}
			}
		}
	}
	return had
}

// said says whether a message is one that was handed on.
func (a *assembler) said(m item) bool {
	return slices.ContainsFunc(a.items, func(y item) bool { return y.typ == itemMessage && y.hash == m.hash })
}

// any says whether there is an item, or a text that makes one.
func (a *assembler) any() bool {
	return len(a.items) > 0 || slices.ContainsFunc(a.parts, func(p *part) bool { return len(p.pieces) > 0 })
}

// claim takes an item of a type that nothing stands for yet: events that name no item, or
// another, may have been about it.
func (a *assembler) claim(typ string) bool {
	for i := range a.items {
		if y := &a.items[i]; y.typ == typ && !y.claimed {
			y.claimed = true
			return true
		}
	}
	return false
}

func (a *assembler) lost(e *Error) {
	if a.unread == nil {
		a.unread = e
	}
}

// set writes a member of JSON that has been checked.
func set(data []byte, path, raw string) []byte {
	out, err := sjson.SetRawBytes(data, path, []byte(raw))
	if err != nil {
		return data
	}
	return out
}
