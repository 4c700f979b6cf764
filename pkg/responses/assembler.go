package responses

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

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
	// blind says that a text could not be found in the event that was to have it: nothing of
	// it is known, unless it comes in another.
	blind *Error
}

// note takes a delta; it sees those that nobody wants too.
func (a *assembler) note(typ, data []byte, skip bool) {
	a.frame = frame{head: a.frame.head, tail: a.frame.tail, typ: a.frame.typ, skip: skip}
	if a.frame.typ != string(typ) {
		a.frame.typ = string(typ)
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
	case "response.content_part.added":
		if lo, hi := stringMember([]byte(gjson.GetBytes(data, "part").Raw), `"text":`); hi > lo && gjson.GetBytes(data, "part.type").Str == partText {
			p := a.find(data, itemMessage, "", nil)
			if t := p.piece(partText, gjson.GetBytes(data, "content_index").Int()); !p.done {
				t.first = bytes.Clone([]byte(gjson.GetBytes(data, "part").Raw)[lo:hi])
			}
		}
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
		if hi == 0 && a.blind == nil {
			a.blind = unreadable(data)
		}
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
		q := jsonrpc.Quote(v.Raw)
		t.raw, t.finished = [][]byte{q[1 : len(q)-1]}, true
	}
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

func outputIndex(data []byte) int64 {
	if n := gjson.GetBytes(data, "output_index"); n.Type == gjson.Number {
		return n.Int()
	}
	return -1
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
		data = set(data, "item.type", string(jsonrpc.Quote(known.typ)))
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

func blank(v gjson.Result) bool { return v.Type == gjson.Null || v.Type == gjson.String && v.Str == "" }

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
			data = set(data, "item."+m, string(jsonrpc.Quote(v)))
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
	var output []gjson.Result
	if o := response.Get("output"); o.Type != gjson.String {
		output = o.Array()
	}
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
	if e, ok := a.onlyText(response); ok {
		events = append(events, e)
	}
	return events
}

// onlyText makes a message of the text that a response object has beside its output, or in
// its place, where nothing else has one.
func (a *assembler) onlyText(response gjson.Result) (e Event, ok bool) {
	text := response.Get(partText)
	if text.Type != gjson.String {
		text = response.Get("output")
	}
	spoken := func(i item) bool { return i.typ == itemMessage && i.says }
	if text.Type != gjson.String || text.Str == "" || slices.ContainsFunc(a.items, spoken) {
		return Event{}, false
	}
	return a.done(fmt.Appendf(nil, `{"type":"%s","item":{"type":"message","role":"assistant","content":%s}}`, eventDone, text.Raw))
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
