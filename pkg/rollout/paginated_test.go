package rollout

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// TestPaginated: a file of 0.171.0 is gone on with in its own form.
func TestPaginated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollout-x.jsonl")
	long := strings.Repeat("y", 200<<10) // longer than what is read at once
	text := `{"timestamp":"2026-11-29T21:27:35.140Z","ordinal":0,"type":"session_meta","payload":{"id":"T","history_mode":"paginated"}}
{"timestamp":"2026-11-29T21:27:35.140Z","ordinal":7,"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"` + long + `"}]}}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.UnixMilli(1795987655140) }
	w := Continue(path, now)
	type event map[string]any
	for _, e := range []Entry{
		{TypeEvent, event{"type": "task_started", "turn_id": "U"}},
		{TypeEvent, event{"type": "user_message", "message": "hi", "images": []string{"data:x"}, "local_images": []string{"/a.png"}}},
		{TypeEvent, event{"type": "agent_reasoning", "text": "hm"}},
		{TypeResponseItem, json.RawMessage(`{"type":"reasoning"}`)},
		{TypeEvent, event{"type": "agent_message", "message": "yes", "phase": "final_answer", "memory_citation": event{"rolloutIds": []string{"r"}}}},
		{TypeEvent, event{"type": "patch_apply_end", "call_id": "c", "changes": event{"/a": event{"type": "add", "content": "x"}}, "status": "completed"}},
		{TypeEvent, event{"type": "mcp_tool_call_end", "call_id": "d", "invocation": event{"server": "zoo", "tool": "look", "arguments": event{}}, "duration": event{"secs": 1, "nanos": 2}, "result": event{"Err": "gone"}}},
	} {
		if err := w.Append(e); err != nil {
			t.Fatal(err)
		}
	}
	other := Continue(path, now) // another program in between
	if err := other.AppendNow(Entry{TypeEvent, event{"type": "task_complete"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(Entry{TypeEvent, event{"type": "task_complete"}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Writer{w, other} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(strings.TrimRight(string(raw), "\x00")), "\n")
	want := []string{"session_meta", "response_item", "task_started", "UserMessage", "Reasoning", "reasoning", "AgentMessage", "FileChange", "McpToolCall", "task_complete", "task_complete"}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), lines[2:])
	}
	for i, l := range lines[2:] {
		v := gjson.Parse(l)
		kind := v.Get("payload.type").Str
		if kind == "item_completed" {
			kind = v.Get("payload.item.type").Str
			if v.Get("payload.thread_id").Str != "T" || v.Get("payload.turn_id").Str != "U" || v.Get("payload.item.id").Str == "" {
				t.Errorf("%s", l)
			}
		}
		if v.Get("ordinal").Int() != int64(8+i) || !strings.HasPrefix(l, `{"timestamp":"2026-11-29T21:27:35.140Z","ordinal":`) || kind != want[i+2] {
			t.Errorf("line %d: %s", i+2, l)
		}
	}
	if got := gjson.Get(lines[3], "payload.item.content.#.type").Raw; got != `["text","image","local_image"]` {
		t.Error(got)
	}
	if got := gjson.Get(lines[6], "payload.item.memory_citation").Raw; got != `{"rolloutIds":["r"]}` {
		t.Error(got)
	}
	call := `{"type":"McpToolCall","id":"d","status":"failed","server":"zoo","tool":"look","arguments":{},"error":{"message":"gone"},"duration":{"nanos":2,"secs":1}}`
	if got := gjson.Get(lines[8], "payload.item").Raw; got != call {
		t.Error(got)
	}
}

func TestOlder(t *testing.T) {
	at := `{"timestamp":"x",`
	for _, c := range []struct{ in, want string }{
		{`{"timestamp":"x","ordinal":0,"type":"session_meta","payload":{"id":"T","history_mode":"paginated","forked_from_ordinal_exclusive":3}}`, at + `"type":"session_meta","payload":{"id":"T"}}`},
		{`{"timestamp":"x","ordinal":3,"type":"response_item","payload":{"ordinal":3}}`, at + `"type":"response_item","payload":{"ordinal":3}}`},
		{`{"timestamp":"x","ordinal":4,"type":"event_msg","payload":{"type":"item_completed","item":{"type":"UserMessage","content":[{"type":"text","text":"a"},{"type":"image","image_url":"u"}]}}}`,
			at + `"type":"event_msg","payload":{"images":["u"],"local_images":[],"message":"a","text_elements":[],"type":"user_message"}}`},
		{`{"timestamp":"x","ordinal":4,"type":"event_msg","payload":{"type":"item_completed","item":{"type":"Reasoning","summary_text":["a","b"]}}}`,
			at + `"type":"event_msg","payload":{"text":"a","type":"agent_reasoning"}}` + "\n" + at + `"type":"event_msg","payload":{"text":"b","type":"agent_reasoning"}}`},
		{`{"timestamp":"x","ordinal":4,"type":"event_msg","payload":{"type":"item_completed","item":{"type":"CommandExecution"}}}`,
			at + `"type":"event_msg","payload":{"type":"item_completed","item":{"type":"CommandExecution"}}}`},
		{`{"timestamp":"x","ordinal":4,"type":"event_msg","payload":{"type":"item_completed","item":{"type":"McpToolCall","id":"d","server":"zoo","tool":"look","arguments":{"b":1,"a":1},"status":"completed","result":{"content":[]},"duration":{"secs":1,"nanos":2}}}}`,
			at + `"type":"event_msg","payload":{"call_id":"d","duration":{"secs":1,"nanos":2},"invocation":{"arguments":{"b":1,"a":1},"server":"zoo","tool":"look"},"result":{"Ok":{"content":[]}},"type":"mcp_tool_call_end"}}`},
		{`{"timestamp":"x","ordinal":4,"type":"event_msg","payload":{"type":"item_completed","item":{"type":"AgentMessage","content":[{"type":"Text","text":"a"}],"memory_citation":{"rolloutIds":["r"]}}}}`,
			at + `"type":"event_msg","payload":{"memory_citation":{"rolloutIds":["r"]},"message":"a","phase":null,"type":"agent_message"}}`},
		{`garbage`, `garbage`},
	} {
		if got := string(older([]byte(c.in + "\n"))); got != c.want+"\n" {
			t.Errorf("%s:\n%s", c.in, got)
		}
	}
}

// TestLineage: a fork of 0.171.0 has the lines of the session that it comes from, up to
// where it begins.
func TestLineage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sessions/2026/11/29")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	line := func(n int, typ, payload string) string {
		return fmt.Sprintf(`{"timestamp":"x","ordinal":%d,"type":%q,"payload":%s}`+"\n", n, typ, payload)
	}
	item := func(text string) string {
		return fmt.Sprintf(`{"type":"message","role":"user","content":[{"type":"input_text","text":%q}]}`, text)
	}
	said := func(text string) string {
		return fmt.Sprintf(`{"type":"item_completed","item":{"type":"AgentMessage","content":[{"type":"Text","text":%q}]}}`, text)
	}
	files := map[string]string{
		"aaaa": line(0, TypeSessionMeta, `{"id":"aaaa","history_mode":"paginated"}`) + line(1, TypeResponseItem, item("one")) + line(2, TypeEvent, said("one")) + line(3, TypeResponseItem, item("later")),
		"bbbb": line(3, TypeSessionMeta, `{"id":"bbbb","history_mode":"paginated","forked_from_id":"aaaa","forked_from_ordinal_exclusive":3}`) + line(4, TypeResponseItem, item("two")) + line(5, TypeEvent, said("two")),
		"cccc": line(6, TypeSessionMeta, `{"id":"cccc","history_mode":"paginated","forked_from_id":"bbbb","forked_from_ordinal_exclusive":6}`) + line(7, TypeEvent, said("three")),
		"dddd": line(6, TypeSessionMeta, `{"id":"dddd","history_mode":"paginated","forked_from_id":"none","forked_from_ordinal_exclusive":6}`) + line(7, TypeEvent, said("three")),
	}
	path := func(id string) string { return filepath.Join(dir, "rollout-2026-11-29T00-00-00-"+id+".jsonl") }
	for id, text := range files {
		if err := os.WriteFile(path(id), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Load(path("cccc"))
	if err != nil || len(h.Items) != 2 || h.Meta.ID != "cccc" || !strings.Contains(string(h.Items[0]), "one") || !strings.Contains(string(h.Items[1]), "two") {
		t.Errorf("items: %s, %v", h.Items, err)
	}
	var forth, back []string
	text := func(p gjson.Result) string { return p.Get("item.content.0.text").Str }
	if err := Events(path("cccc"), func(p gjson.Result) { forth = append(forth, text(p)) }); err != nil {
		t.Error(err)
	}
	last := int64(1) << 40
	err = BackwardWithin(path("cccc"), MaxLine, false, func(l Line) bool {
		if l.Offset >= last {
			t.Errorf("offset %d behind %d", l.Offset, last)
		}
		last = l.Offset
		back = append(back, text(l.Payload))
		return true
	})
	if got, want := fmt.Sprint(forth, back), "[one two three] [three two one]"; err != nil || got != want {
		t.Errorf("%s, want %s, %v", got, want, err)
	}
	var copied strings.Builder
	if err := CopyOlder(&copied, path("cccc")); err != nil || strings.Count(copied.String(), `"agent_message"`) != 3 || strings.Contains(copied.String(), "later") {
		t.Errorf("%v\n%s", err, copied.String())
	}
	if _, err := Load(path("dddd")); err == nil || !strings.Contains(err.Error(), "the fork of a session that is not there: none") {
		t.Error(err)
	}
}
