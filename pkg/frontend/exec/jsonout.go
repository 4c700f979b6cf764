package exec

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// jsonOut renders thread events: one object a line on stdout, each with one write. The order of keys is part of the form.
type jsonOut struct {
	w      io.Writer
	notice io.Writer // stderr, for what has no event
	stream bool      // pieces of messages too
	buf    []byte
	err    error          // of the first write that failed
	next   int            // number of the next item
	ids    map[string]int // of items that were begun, by the engine's id
	todo   int            // number of the to-do list, -1 before there is one
	plan   gjson.Result   // its latest state
}

func newJSONOut(w, notice io.Writer, stream bool) *jsonOut {
	return &jsonOut{w: w, notice: notice, stream: stream, ids: map[string]int{}, todo: -1}
}

func (j *jsonOut) failed() error { return j.err }

func (j *jsonOut) close() {}

// optOut lists the notifications that nothing is made of.
func (j *jsonOut) optOut() []string {
	return append(quiet(j.stream),
		protocol.NoteTurnDiffUpdated, protocol.NoteHookStarted)
}

func (j *jsonOut) begin(h *header) {
	j.line(`{"type":"thread.started","thread_id":`, func(b []byte) []byte { return appendString(b, h.thread) }, `}`)
}

func (j *jsonOut) event(method string, p gjson.Result) {
	switch method {
	case protocol.NoteTurnStarted:
		j.line(`{"type":"turn.started"}`, nil, "")
	case protocol.NoteItemStarted:
		j.started(p.Get("item"))
	case protocol.NoteItemCompleted:
		j.completed(p.Get("item"))
	case protocol.NoteTurnPlanUpdated:
		kind := "updated"
		if j.todo < 0 {
			kind, j.todo = "started", j.number()
		}
		j.plan = p.Get("plan")
		j.todoList(kind)
	case protocol.NoteError:
		j.error(detailed(p.Get("error")))
	case protocol.NoteToolCallFailed:
		fmt.Fprintf(j.notice, "codex-exec: %s failed: %s\n", p.Get("tool").Str, firstLine(p.Get("message").Str))
	case protocol.NoteHookCompleted: // has no event
		for _, text := range hookWords(p) {
			fmt.Fprintf(j.notice, "codex-exec: hook %s %s: %s\n", pascal(p.Get("run.eventName").Str), p.Get("run.status").Str, text)
		}
	case protocol.NoteConfigWarning, protocol.NoteDeprecationNotice:
		if p.Get("path").Str == protocol.SessionFlagsPath { // an item would give all others another id
			fmt.Fprintf(j.notice, "codex-exec: warning: %s\n", firstLine(p.Get("summary").Str))
			return
		}
		j.problem(withDetails(p.Get("summary").Str, p.Get("details").Str))
	case protocol.NoteModelRerouted:
		j.problem("model rerouted: " + p.Get("fromModel").Str + " -> " + p.Get("toModel").Str + " (" + pascal(p.Get("reason").Str) + ")")
	case protocol.NoteItemAgentMessageDelta:
		j.delta("agent_message", p)
	case protocol.NoteItemReasoningSummaryTextDelta:
		j.delta("reasoning", p)
	}
}

func (j *jsonOut) end(o *outcome) {
	if j.todo >= 0 {
		j.todoList("completed")
	}
	switch o.status {
	case protocol.TurnStatusCompleted:
		j.line(`{"type":"turn.completed","usage":{"input_tokens":`, func(b []byte) []byte {
			u := protocol.Value(o.usage)
			b = append(appendInt(b, u.input), `,"cached_input_tokens":`...)
			b = append(appendInt(b, u.cached), `,"cache_write_input_tokens":`...)
			b = append(appendInt(b, u.written), `,"output_tokens":`...)
			b = append(appendInt(b, u.output), `,"reasoning_output_tokens":`...)
			return appendInt(b, u.reasoning)
		}, `}}`)
	case protocol.TurnStatusFailed:
		j.line(`{"type":"turn.failed","error":{"message":`, func(b []byte) []byte { return appendString(b, o.err) }, `}}`)
	}
}

func (j *jsonOut) error(message string) {
	j.line(`{"type":"error","message":`, func(b []byte) []byte { return appendString(b, message) }, `}`)
}

func (j *jsonOut) answer(*outcome) {}

// started emits item.started for the kinds that have it.
func (j *jsonOut) started(item gjson.Result) {
	switch item.Get("type").Str {
	case "commandExecution", "fileChange", "mcpToolCall", "collabAgentToolCall", "webSearch":
		n := j.number()
		j.ids[item.Get("id").Str] = n
		j.item("started", n, item)
	}
}

func (j *jsonOut) completed(item gjson.Result) {
	switch item.Get("type").Str {
	case "reasoning":
		if strings.TrimSpace(joined(item.Get("summary"))) == "" {
			return // nothing to show takes no number either
		}
	case "agentMessage", "commandExecution", "fileChange", "mcpToolCall", "collabAgentToolCall", "webSearch":
	default:
		return
	}
	id := item.Get("id").Str
	n, begun := j.ids[id]
	if begun {
		delete(j.ids, id)
	} else {
		n = j.number()
	}
	j.item("completed", n, item)
}

func (j *jsonOut) number() int {
	j.next++
	return j.next - 1
}

func (j *jsonOut) item(kind string, n int, item gjson.Result) {
	j.itemLine(kind, n, func(b []byte) []byte { return appendItem(b, item) })
}

func (j *jsonOut) problem(message string) {
	j.itemLine("completed", j.number(), func(b []byte) []byte {
		return appendString(append(b, `"error","message":`...), message)
	})
}

func (j *jsonOut) todoList(kind string) {
	j.itemLine(kind, j.todo, func(b []byte) []byte {
		b = append(b, `"todo_list","items":[`...)
		for i, step := range j.plan.Array() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(append(b, `{"text":`...), step.Get("step").Str)
			b = append(b, `,"completed":`...)
			b = append(strconv.AppendBool(b, step.Get("status").Str == "completed"), '}')
		}
		return append(b, ']')
	})
}

// delta emits a piece of a message that is not complete yet (--stream).
func (j *jsonOut) delta(kind string, p gjson.Result) {
	if !j.stream {
		return // it was not asked for, but a filter may want it
	}
	id := p.Get("itemId").Str
	n, ok := j.ids[id]
	if !ok {
		n = j.number()
		j.ids[id] = n
	}
	j.itemLine("delta", n, func(b []byte) []byte {
		b = append(appendString(b, kind), `,"delta":`...)
		return appendString(b, p.Get("delta").Str)
	})
}

// itemLine writes an event about an item; rest appends the type's name and what follows.
func (j *jsonOut) itemLine(kind string, n int, rest func([]byte) []byte) {
	j.line(`{"type":"item.`, func(b []byte) []byte {
		b = append(b, kind...)
		b = append(b, `","item":{"id":"item_`...)
		b = append(appendInt(b, int64(n)), `","type":`...)
		return rest(b)
	}, `}}`)
}

func (j *jsonOut) line(head string, middle func([]byte) []byte, tail string) {
	if j.err != nil {
		return
	}
	if cap(j.buf) > 1<<20 {
		j.buf = nil // a huge line must not stay in memory
	}
	b := append(j.buf[:0], head...)
	if middle != nil {
		b = middle(b)
	}
	b = append(append(b, tail...), '\n')
	_, j.err = j.w.Write(b)
	j.buf = b
}

// joined gives the strings of an array, one a line.
func joined(list gjson.Result) string {
	var parts []string
	for _, p := range list.Array() {
		parts = append(parts, p.Str)
	}
	return strings.Join(parts, "\n")
}
