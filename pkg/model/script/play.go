package script

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// defaultChunk is the number of characters in a delta.
const defaultChunk = 16

// defaultUsage is what an answer reports unless its script says otherwise.
const defaultUsage = `{"input_tokens":100,"input_tokens_details":{"cached_tokens":40},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":5},"total_tokens":120}`

// sink gets the events of an answer. Its slices are valid until the next call.
type sink interface {
	event(typ string, data []byte) error
	flush() error
}

// sleeper waits, or returns why not.
type sleeper func(context.Context, time.Duration) error

// errCut stops the writing of an answer that its script cuts off.
var errCut = errors.New("cut")

// player plays one answer.
type player struct {
	ctx   context.Context
	turn  *Turn
	n     int // of the request, from 1; the ids are made of it
	out   sink
	sleep sleeper

	sent int
	buf  []byte
}

// play sends the events (raw or made from the items) and hangs if it's to.
func (p *player) play(events []json.RawMessage) error {
	if err := p.pause(p.turn.BeforeMS); err != nil {
		return err
	}
	var err error
	if events != nil {
		for _, e := range events {
			if err = p.raw(e); err != nil {
				break
			}
		}
	} else {
		err = p.items()
	}
	if err != nil && err != errCut {
		return err
	}
	if err := p.out.flush(); err != nil || p.turn.Hang == 0 {
		return err
	}
	if p.turn.Hang < 0 {
		// Without a timer Go takes it for a deadlock when ctx cannot end.
		t := time.NewTicker(time.Hour)
		defer t.Stop()
		for {
			select {
			case <-t.C:
			case <-p.ctx.Done():
				return context.Cause(p.ctx)
			}
		}
	}
	return p.sleep(p.ctx, time.Duration(float64(p.turn.Hang)*float64(time.Second)))
}

func (p *player) pause(ms float64) error {
	if ms <= 0 {
		return nil
	}
	if err := p.out.flush(); err != nil {
		return err
	}
	return p.sleep(p.ctx, time.Duration(ms*float64(time.Millisecond)))
}

func (p *player) send(typ string, data []byte) error {
	if p.turn.Cut != nil && p.sent >= *p.turn.Cut {
		return errCut
	}
	p.sent++
	if err := p.pause(p.turn.DelayMS); err != nil {
		return err
	}
	if err := p.ctx.Err(); err != nil {
		return context.Cause(p.ctx)
	}
	return p.out.event(typ, data)
}

// raw sends an event as the script has it, on one line.
func (p *player) raw(e json.RawMessage) error {
	if bytes.IndexByte(e, '\n') >= 0 {
		e = json.RawMessage(compact(e))
	}
	return p.send(gjson.GetBytes(e, "type").Str, e)
}

// object sends an event made of members: names and raw JSON values in turn.
func (p *player) object(typ string, members ...string) error {
	b := append(p.buf[:0], `{"type":"`...)
	b = append(append(b, typ...), '"')
	for i := 0; i+1 < len(members); i += 2 {
		b = append(append(append(b, `,"`...), members[i]...), `":`...)
		b = append(b, members[i+1]...)
	}
	p.buf = append(b, '}')
	return p.send(typ, p.buf)
}

// items makes the events of an answer from its items, as the real service orders them
// but without the ones no Codex reads.
func (p *player) items() error {
	rid := "resp_" + strconv.Itoa(p.n)
	if err := p.object("response.created", "response", `{"id":`+quote(rid)+`}`); err != nil {
		return err
	}
	index := 0
	for i := range p.turn.Items {
		it := &p.turn.Items[i]
		if it.PauseMS > 0 {
			if err := p.pause(it.PauseMS); err != nil {
				return err
			}
			continue
		}
		if it.Event != nil {
			if err := p.raw(it.Event); err != nil {
				return err
			}
			continue
		}
		w := writer{p: p, it: it, id: rid + "_" + strconv.Itoa(index), index: strconv.Itoa(index)}
		if err := w.write(); err != nil {
			return err
		}
		index++
	}
	return p.end(rid)
}

func (p *player) end(rid string) error {
	t := p.turn
	switch {
	case t.Fail != nil:
		return p.object("response.failed", "response", `{"id":`+quote(rid)+`,"error":{"code":`+quote(t.Fail.Code)+`,"message":`+quote(t.Fail.Message)+`}}`)
	case t.Incomplete != "":
		return p.object("response.incomplete", "response", `{"id":`+quote(rid)+`,"incomplete_details":{"reason":`+quote(t.Incomplete)+`}}`)
	}
	resp := `{"id":` + quote(rid)
	switch string(t.Usage) {
	case "":
		resp += `,"usage":` + defaultUsage
	case "null":
	default:
		resp += `,"usage":` + compact(t.Usage)
	}
	if t.EndTurn != nil {
		resp += `,"end_turn":` + strconv.FormatBool(*t.EndTurn)
	}
	if more := compact(t.Resp); len(more) > 2 && more[0] == '{' {
		resp += "," + more[1:len(more)-1]
	}
	return p.object("response.completed", "response", resp+"}")
}

// writer makes the events of one item.
type writer struct {
	p         *player
	it        *Item
	id, index string
}

func (w *writer) write() error {
	it := w.it
	callID := quote(cmp.Or(it.CallID, "call_"+w.id))
	switch {
	case it.Msg != nil:
		return w.message()
	case it.Reason != nil || it.Thinking != nil:
		return w.reasoning()
	case it.Call != "":
		args := string(it.Args) // as written, when it is one line
		if strings.Contains(args, "\n") {
			args = compact(it.Args)
		}
		if args[0] != '"' {
			args = quote(args)
		}
		ns := ""
		if it.NS != "" {
			ns = `,"namespace":` + quote(it.NS)
		}
		return w.done(`{"type":"function_call","id":` + w.itemID("fc_") + `,"call_id":` + callID + `,"name":` + quote(it.Call) + ns + `,"arguments":` + args + `}`)
	case it.Custom != "":
		return w.custom(callID)
	case it.Shell != nil:
		argv := make([]string, len(it.Shell))
		for i, a := range it.Shell {
			argv[i] = quote(a)
		}
		return w.done(`{"type":"local_shell_call","id":` + w.itemID("ls_") + `,"call_id":` + callID +
			`,"status":"completed","action":{"type":"exec","command":[` + strings.Join(argv, ",") + `]}}`)
	case it.Search != nil:
		head := `{"type":"web_search_call","id":` + w.itemID("ws_") + `,"status":`
		action := `,"action":{"type":"search","query":` + quote(*it.Search) + `}}`
		if err := w.added(head + `"in_progress"}`); err != nil {
			return err
		}
		return w.done(head + `"completed"` + action)
	}
	item := compact(it.Item)
	if it.Added {
		if err := w.added(item); err != nil {
			return err
		}
	}
	return w.done(item)
}

func (w *writer) itemID(prefix string) string { return quote(cmp.Or(w.it.ID, prefix+w.id)) }

func (w *writer) added(item string) error {
	return w.p.object("response.output_item.added", "output_index", w.index, "item", item)
}

func (w *writer) done(item string) error {
	return w.p.object("response.output_item.done", "output_index", w.index, "item", item)
}

func (w *writer) message() error {
	id := w.itemID("msg_")
	head := `{"type":"message","role":"assistant","id":` + id
	if w.it.Phase != "" {
		head += `,"phase":` + quote(w.it.Phase)
	}
	if err := w.added(head + `,"content":[]}`); err != nil {
		return err
	}
	text := w.text(string(*w.it.Msg))
	if err := w.deltas("response.output_text.delta", text, "output_index", w.index, "item_id", id); err != nil {
		return err
	}
	return w.done(head + `,"content":[{"type":"output_text","text":` + quote(text) + `}]}`)
}

func (w *writer) reasoning() error {
	id := w.itemID("rs_")
	head := `{"type":"reasoning","id":` + id
	enc := "ENC" + w.id
	if w.it.Enc != nil {
		enc = *w.it.Enc
	}
	tail := `,"encrypted_content":` + quote(enc) + `}`
	if err := w.added(head + `,"summary":[]` + tail); err != nil {
		return err
	}
	content := ""
	if w.it.Thinking != nil {
		text := w.text(string(*w.it.Thinking))
		if err := w.deltas("response.reasoning_text.delta", text, "item_id", id, "content_index", "0"); err != nil {
			return err
		}
		content = `,"content":[{"type":"reasoning_text","text":` + quote(text) + `}]`
	}
	var parts []string
	for i, part := range w.it.Reason {
		n := strconv.Itoa(i)
		if err := w.p.object("response.reasoning_summary_part.added", "item_id", id, "summary_index", n); err != nil {
			return err
		}
		if err := w.deltas("response.reasoning_summary_text.delta", w.text(part), "item_id", id, "summary_index", n); err != nil {
			return err
		}
		parts = append(parts, `{"type":"summary_text","text":`+quote(w.text(part))+`}`)
	}
	return w.done(head + `,"summary":[` + strings.Join(parts, ",") + `]` + content + tail)
}

// custom sends its input as deltas only when the script gives their size: most answers
// are about the call, not about its preview.
func (w *writer) custom(callID string) error {
	id, input := w.itemID("ct_"), w.text(string(*w.it.Input))
	head := `{"type":"custom_tool_call","id":` + id + `,"call_id":` + callID + `,"name":` + quote(w.it.Custom)
	if w.it.Chunk > 0 || w.p.turn.Chunk > 0 {
		if err := w.added(head + `,"input":"","status":"in_progress"}`); err != nil {
			return err
		}
		if err := w.deltas("response.custom_tool_call_input.delta", input, "output_index", w.index, "item_id", id, "call_id", callID); err != nil {
			return err
		}
	}
	return w.done(head + `,"input":` + quote(input) + `,"status":"completed"}`)
}

func (w *writer) text(s string) string { return strings.Repeat(s, max(1, w.it.Times)) }

// deltas sends text in chunks of whole characters. A reasoning summary comes in one
// unless a size is given.
func (w *writer) deltas(typ, text string, members ...string) error {
	size := cmp.Or(w.it.Chunk, w.p.turn.Chunk)
	if size == 0 {
		if size = defaultChunk; strings.Contains(typ, "summary") {
			size = len(text)
		}
	}
	members = append(members, "delta", "")
	for len(text) > 0 {
		n := 0
		for range size {
			if n >= len(text) {
				break
			}
			_, k := utf8.DecodeRuneInString(text[n:])
			n += k
		}
		members[len(members)-1] = quote(text[:n])
		if err := w.p.object(typ, members...); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// quote is s as JSON, with < > & as they are.
func quote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f || r == '"' || r == '\\' }) {
		return `"` + s + `"` // most are, and there are many
	}
	return string(jsonrpc.Quote(s))
}

// compact is valid JSON on one line, otherwise byte for byte.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return ""
	}
	return b.String()
}
