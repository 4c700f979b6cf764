package rollout

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"codex/pkg/jsonrpc"

	"codex/pkg/foreign"
)

// paginated is a session file as 0.171.0 writes it (history_mode): each line has its
// number, without which that version opens the file no more, and what was said and done
// stands in item_completed events. This suite writes files of 0.133.0's form, and goes on
// with either in its own.
type paginated struct {
	thread, turn string
	next         int64 // the number of the next line
}

// headOfLine is how far from its start a line has its number.
const headOfLine = 256

// paginatedOf reads what a file is; nil for one of the older form.
func paginatedOf(path string) *paginated {
	f, err := foreign.Open(path)
	if err != nil {
		return nil // who writes to it will see that, too
	}
	defer f.Close()
	meta, err := FirstMeta(f)
	if err != nil || meta.Get("history_mode").Str != "paginated" {
		return nil
	}
	return &paginated{thread: meta.Get("id").Str}
}

// number finds the number of the next line. Lines at the end that have none count.
func (p *paginated) number(path string) error {
	f, err := foreign.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	buf := make([]byte, 64<<10+headOfLine)
	unnumbered := int64(0)
	for end := fi.Size(); end > 0; {
		from := max(0, end-int64(len(buf)-headOfLine))
		n, _ := f.ReadAt(buf, from) // less at the end of the file
		for i := int(end - from - 1); i >= 0; i-- {
			at := i
			switch {
			case i == 0 && from == 0:
			case buf[i] == '\n':
				at++
			default:
				continue
			}
			if from+int64(at) >= fi.Size() {
				continue
			}
			if v := gjson.GetBytes(buf[at:min(at+headOfLine, n)], "ordinal"); v.Type == gjson.Number {
				p.next = v.Int() + 1 + unnumbered
				return nil
			}
			unnumbered++
		}
		end = from
	}
	p.next = unnumbered
	return nil
}

// encode appends the line of an entry, with its number.
func (p *paginated) encode(b *bytes.Buffer, e Entry, at time.Time) error {
	e, err := p.entry(e, at)
	if err != nil {
		return err
	}
	line, err := e.Line(at)
	if err != nil {
		return err
	}
	stamp, rest, _ := bytes.Cut(line, []byte(","))
	b.Write(stamp)
	b.WriteString(`,"ordinal":` + strconv.FormatInt(p.next, 10) + ",")
	b.Write(rest)
	p.next++
	return nil
}

// entry says an event in the words of the newer form.
func (p *paginated) entry(e Entry, at time.Time) (Entry, error) {
	if e.Type != TypeEvent {
		return e, nil
	}
	raw, err := jsonrpc.Marshal(e.Payload)
	if err != nil {
		return e, err
	}
	v := gjson.ParseBytes(raw)
	if v.Get("type").Str == "task_started" {
		p.turn = v.Get("turn_id").Str
	}
	item := itemOf(v)
	if item == nil {
		return e, nil
	}
	ms := at.UnixMilli()
	return Entry{TypeEvent, struct {
		Type      string `json:"type"`
		Thread    string `json:"thread_id"`
		Turn      string `json:"turn_id"`
		Item      any    `json:"item"`
		Started   int64  `json:"started_at_ms"`
		Completed int64  `json:"completed_at_ms"`
	}{"item_completed", p.thread, p.turn, item, ms, ms}}, nil
}

// storedItem is an item of an item_completed event.
type storedItem struct {
	Type    string          `json:"type"`
	ID      string          `json:"id"`
	Content any             `json:"content,omitempty"`
	Phase   string          `json:"phase,omitempty"`
	Cites   json.RawMessage `json:"memory_citation,omitempty"`
	Summary []string        `json:"summary_text,omitempty"`
	Raw     *[]string       `json:"raw_content,omitempty"`
	Changes json.RawMessage `json:"changes,omitempty"`
	Status  string          `json:"status,omitempty"`
	Stdout  *string         `json:"stdout,omitempty"`
	Stderr  *string         `json:"stderr,omitempty"`

	Server    string          `json:"server,omitempty"`
	Tool      string          `json:"tool,omitempty"`
	Arguments json.RawMessage `json:"arguments,omitempty"`
	Result    json.RawMessage `json:"result,omitempty"`
	Error     json.RawMessage `json:"error,omitempty"`
	Duration  json.RawMessage `json:"duration,omitempty"`
}

// itemOf is the item that an event of the older form tells of, nil when it tells of none.
func itemOf(v gjson.Result) any {
	type part map[string]any
	id := uuid.NewString()
	switch v.Get("type").Str {
	case "user_message":
		content := []part{{"type": "text", "text": v.Get("message").Str, "text_elements": []int{}}}
		for _, u := range v.Get("images").Array() {
			content = append(content, part{"type": "image", "image_url": u.Str})
		}
		for _, u := range v.Get("local_images").Array() {
			content = append(content, part{"type": "local_image", "path": u.Str})
		}
		return storedItem{Type: "UserMessage", ID: id, Content: content}
	case "agent_message":
		item := storedItem{Type: "AgentMessage", ID: id, Content: []part{{"type": "Text", "text": v.Get("message").Str}}, Phase: v.Get("phase").Str}
		if c := v.Get("memory_citation"); c.IsObject() {
			item.Cites = json.RawMessage(c.Raw)
		}
		return item
	case "agent_reasoning":
		return storedItem{Type: "Reasoning", ID: id, Summary: []string{v.Get("text").Str}, Raw: &[]string{}}
	case "patch_apply_end":
		return storedItem{Type: "FileChange", ID: v.Get("call_id").Str, Changes: json.RawMessage(v.Get("changes").Raw), Status: v.Get("status").Str, Stdout: new(v.Get("stdout").Str), Stderr: new(v.Get("stderr").Str)}
	case "mcp_tool_call_end":
		return calledItem(v)
	}
	return nil
}

// calledItem is a call of a tool of a server.
func calledItem(v gjson.Result) storedItem {
	call, result := v.Get("invocation"), v.Get("result.Ok")
	item := storedItem{Type: "McpToolCall", ID: v.Get("call_id").Str, Status: "completed", Server: call.Get("server").Str, Tool: call.Get("tool").Str,
		Arguments: json.RawMessage(call.Get("arguments").Raw), Result: json.RawMessage(result.Raw), Duration: json.RawMessage(v.Get("duration").Raw)}
	if why := v.Get("result.Err"); why.Exists() {
		item.Error = json.RawMessage(`{"message":` + why.Raw + `}`)
	}
	if item.Error != nil || result.Get("isError").Bool() {
		item.Status = "failed"
	}
	return item
}

// CopyOlder writes the lines of a session that is paginated in the older form, with those
// of the session that it comes from: a copy stands for itself.
func CopyOlder(to io.Writer, path string) error {
	var failed error
	err := eachForward(path, 0, func(line []byte) {
		if _, err := to.Write(older(line)); err != nil && failed == nil {
			failed = err
		}
	})
	return errors.Join(err, failed)
}

// older says a line in the words of the older form.
func older(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte{'\n'})
	if gjson.GetBytes(line, "payload.history_mode").Exists() {
		for _, name := range []string{"history_mode", "forked_from_ordinal_exclusive"} {
			if without, err := sjson.DeleteBytes(line, "payload."+name); err == nil {
				line = without
			}
		}
	}
	stamp, rest, ok := bytes.Cut(line, []byte(","))
	if !ok {
		return append(bytes.Clone(line), '\n')
	}
	if bytes.HasPrefix(rest, []byte(`"ordinal":`)) {
		_, rest, _ = bytes.Cut(rest, []byte(","))
	}
	head := string(stamp) + ","
	p := gjson.GetBytes(line, "payload")
	if p.Get("type").Str == "item_completed" {
		var out []byte
		for _, e := range eventsOf(p) {
			out = append(append(append(out, head+`"type":"event_msg","payload":`...), e...), "}\n"...)
		}
		if out != nil {
			return out
		}
	}
	return append(append([]byte(head), rest...), '\n')
}

// eventsOf are the events of the older form that tell of an item; none for one that has
// none there.
func eventsOf(p gjson.Result) (out [][]byte) {
	add := func(v any) {
		if raw, err := jsonrpc.Marshal(v); err == nil { // plain values
			out = append(out, raw)
		}
	}
	type event map[string]any
	item := p.Get("item")
	switch item.Get("type").Str {
	case "UserMessage":
		images, local, text := []string{}, []string{}, ""
		for _, c := range item.Get("content").Array() {
			switch c.Get("type").Str {
			case "text":
				text += c.Get("text").Str
			case "image":
				images = append(images, c.Get("image_url").Str)
			case "local_image":
				local = append(local, c.Get("path").Str)
			}
		}
		add(event{"type": "user_message", "message": text, "images": images, "local_images": local, "text_elements": []int{}})
	case "AgentMessage":
		text := ""
		for _, c := range item.Get("content.#.text").Array() {
			text += c.Str
		}
		add(event{"type": "agent_message", "message": text, "phase": item.Get("phase").Value(), "memory_citation": item.Get("memory_citation").Value()})
	case "Reasoning":
		for _, s := range item.Get("summary_text").Array() {
			add(event{"type": "agent_reasoning", "text": s.Str})
		}
	case "FileChange":
		add(event{"type": "patch_apply_end", "call_id": item.Get("id").Str, "turn_id": p.Get("turn_id").Str, "stdout": item.Get("stdout").Str, "stderr": item.Get("stderr").Str,
			"success": item.Get("status").Str == "completed", "changes": json.RawMessage(cmp.Or(item.Get("changes").Raw, "{}")), "status": item.Get("status").Str})
	case "McpToolCall":
		result := event{"Err": item.Get("error.message").Str}
		if ok := item.Get("result"); ok.IsObject() {
			result = event{"Ok": json.RawMessage(ok.Raw)}
		}
		add(event{"type": "mcp_tool_call_end", "call_id": item.Get("id").Str, "invocation": event{"server": item.Get("server").Str, "tool": item.Get("tool").Str,
			"arguments": json.RawMessage(cmp.Or(item.Get("arguments").Raw, "null"))}, "duration": json.RawMessage(cmp.Or(item.Get("duration").Raw, `{"secs":0,"nanos":0}`)), "result": result})
	}
	return out
}
