//go:build linux

package turnwire

import (
	"os"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// Items that lack something, or have it of another type: each call runs and is answered,
// under an id of its own, and what goes back to the model is typed.
func TestOddItems(t *testing.T) {
	t.Parallel()
	call := func(rest string) string { return `{"item":{"type":"function_call","name":"exec_command"` + rest + `}}` }
	e := start(t, setup{serve: true, args: []string{"-s", "danger-full-access", "-a", "never"}, script: `[{"item":{"type":"reasoning","summary":null}},` +
		call(`,"arguments":{"cmd":"echo one"}`) + `,` + call(`,"call_id":"","arguments":"{\"cmd\":\"echo two\"}"`) + `,` +
		call(`,"call_id":"c","arguments":"{\"cmd\":\"echo three\"}"`) + `,` + call(`,"call_id":"c","arguments":"{\"cmd\":\"echo four\"}"`) + `,` +
		call(`,"call_id":"d","arguments":null`) + `,` + call(`,"call_id":7,"arguments":"{\"cmd\":\"echo five\"}"`) + `,` +
		`{"item":{"type":"message","id":"m","content":"a text \ud83d"}},{"item":{"type":"message","id":"m","content":[{"type":"text","text":"another"}]}}]` + "\n" + hello})
	e.send("go")
	e.turnDone("completed")
	e.quit()

	started, completed := map[string]int{}, map[string]int{}
	for _, l := range e.find("method", "item/started") {
		started[l.Get("params.item.id").Str]++
	}
	said, ran := []string{}, 0
	for _, l := range e.find("method", "item/completed") {
		completed[l.Get("params.item.id").Str]++
		switch l.Get("params.item.type").Str {
		case "agentMessage":
			said = append(said, l.Get("params.item.text").Str)
		case "commandExecution":
			ran++
		}
	}
	for id, n := range completed {
		if n != 1 || started[id] != 1 || id == "" {
			t.Errorf("item %q: started %d, completed %d", id, started[id], n)
		}
	}
	equal(t, "messages", said, []string{"a text \ufffd", "another", "Hello there."})
	if ran != 5 {
		t.Errorf("%d commands", ran)
	}
	answered := map[string]string{}
	for _, it := range e.requests()[1].Get("body.input").Array() {
		switch id := it.Get("call_id").Str; it.Get("type").Str {
		case "function_call":
			if _, ok := answered[id]; ok || id == "" {
				t.Errorf("call id %q", id)
			}
			answered[id] = ""
		case "function_call_output":
			answered[id] = it.Get("output").Str
		case "reasoning":
			if it.Get("summary").Raw != "[]" {
				t.Error(it.Raw)
			}
		}
	}
	if len(answered) != 6 || !strings.HasPrefix(answered["d"], "failed to parse function arguments") || !strings.Contains(answered["7"], "five\n") {
		t.Errorf("%q", answered)
	}
}

// An answer in which there is nothing that can be used fails the turn.
func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	for item, why := range map[string]string{
		`{"type":"message","content":[{"type":"output_audio","data":"x"}]}`: "The model's answer has a message without a part that can be read.",
		`{"type":"novel_item"}`: "The model's answer has nothing but an item of type novel_item, which is not known here.",
	} {
		e := start(t, setup{serve: true, script: `{"item":` + item + `}` + "\n" + hello})
		e.send("go")
		e.next("method", "error", "params.error.message", why, "params.willRetry", "false")
		e.turnDone("failed")
		if n := len(e.requests()); n != 1 {
			t.Errorf("%d requests", n)
		}
		e.eof()
		e.exit(1)
	}
}

// A refused image is replaced and said, the request made again, and a resumed thread
// doesn't send it any more.
func TestRefusedImage(t *testing.T) {
	t.Parallel()
	refusal := `{"status":400,"body":{"error":{"message":"The image is broken","param":"input[3].content[0].image_url"}}}`
	e := start(t, setup{serve: true, script: refusal + "\n" + hello})
	id := e.call("thread/start", `{}`).Get("thread.id").Str
	e.call("turn/start", `{"threadId":"`+id+`","input":[{"type":"image","url":"data:image/png;base64,AAAA"},{"type":"text","text":"look"}]}`)
	l := e.next("method", "error", "params.willRetry", "true")
	if l.Get("params.error.message").Str != "The provider refused an image: a text takes its place." || l.Get("params.error.additionalDetails").Str != "The image is broken" {
		t.Error(l.Raw)
	}
	e.turnDone("completed")
	e.quit()
	reqs := e.requests()
	if len(reqs) != 2 || !strings.Contains(reqs[0].Raw, "data:image") || strings.Contains(reqs[1].Raw, "data:image") || !strings.Contains(reqs[1].Raw, "Invalid image") {
		t.Errorf("%d requests", len(reqs))
	}
	again := start(t, setup{desk: e.desk, serve: true, script: hello, args: []string{"--resume", id}})
	again.send("more")
	again.turnDone("completed")
	again.quit()
	reqs = again.requests()
	if last := reqs[len(reqs)-1].Raw; strings.Contains(last, "data:image") || !strings.Contains(last, "look") {
		t.Error(last)
	}
}

// A session file with items that nobody can use: they are left out with a warning, others
// are repaired, and the thread goes on.
func TestOddSessionFile(t *testing.T) {
	t.Parallel()
	first := start(t, setup{script: hello})
	first.call("initialize", probe)
	first.send("one")
	first.turnDone("completed")
	first.quit()
	started := first.find("method", "thread/started")[0].Get("params.thread")
	path := started.Get("path").Str
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, item := range []string{`{"type":"message","role":5,"content":[{"type":"input_text","text":"caf` + "\xe9" + `"}]}`, `{"type":"reasoning","summary":"abc"}`,
		`{"type":"function_call","name":"exec_command","arguments":"{}","call_id":5}`, `{"type":"function_call_output","call_id":null,"output":"lost"}`,
		`{"type":"message","role":"user","content":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, `{"type":"additional_tools","tools":[]}`} {
		text += `{"timestamp":"2026-11-22T10:45:42.201Z","type":"response_item","payload":` + item + "}\n"
	}
	write(t, path, text)
	e := start(t, setup{desk: first.desk, serve: true, script: hello})
	e.call("initialize", probe)
	e.call("thread/resume", `{"threadId":"`+started.Get("id").Str+`"}`)
	w := e.next("method", "configWarning")
	if !strings.Contains(w.Get("params.summary").Str, "left out") || w.Get("params.path").Str != path {
		t.Error(w.Raw)
	}
	e.send("two")
	e.turnDone("completed")
	e.quit()
	reqs := e.requests()
	var got []string
	for _, it := range reqs[len(reqs)-1].Get("body.input").Array() {
		if strings.Contains(it.Raw, "caf") || it.Get("type").Str != "message" {
			got = append(got, it.Raw)
		}
	}
	equal(t, "input", got, []string{`{"type":"message","role":"user","content":[{"type":"input_text","text":"caf` + "\ufffd" + `"}]}`,
		`{"type":"reasoning","summary":[{"type":"summary_text","text":"abc"}],"content":null,"encrypted_content":null}`,
		`{"type":"function_call","name":"exec_command","arguments":"{}","call_id":"5"}`, `{"type":"function_call_output","call_id":"5","output":"aborted"}`})
	for _, r := range reqs {
		if !gjson.Valid(r.Raw) {
			t.Error("request is no JSON")
		}
	}
}
