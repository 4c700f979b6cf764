//go:build linux

package turnwire

import (
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// The members of a request come in the order of 0.133.0, and so do the items of a
// response that are sent back: calls first, then outputs in the order of the calls.
func TestRequestShape(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, args: []string{"-s", "danger-full-access", "-a", "never", "--source", "exec"},
		script: `[{"reason":"**Thinking** about it"},{"msg":"Let me look.","phase":"commentary"},` +
			`{"call":"exec_command","args":{"cmd":"sleep 0.1; echo slow"}},{"call":"exec_command","args":{"cmd":"echo quick"}},` +
			`{"shell":["echo","hi"]},{"call":"no_such_tool","args":{}},{"item":{"type":"mystery","id":"m"}},` +
			`{"item":{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"weather"}},"added":true}]` + "\n" + hello})
	e.send("go")
	e.turnDone("completed")
	e.quit()
	reqs := e.requests()
	if len(reqs) != 2 {
		t.Fatalf("%d requests", len(reqs))
	}
	var order []string
	reqs[0].Get("body").ForEach(func(k, _ gjson.Result) bool {
		order = append(order, k.Str)
		return true
	})
	equal(t, "members", order, []string{"model", "instructions", "input", "tools", "tool_choice", "parallel_tool_calls", "reasoning", "store", "stream",
		"include", "prompt_cache_key", "text", "client_metadata"})
	thread := e.find("method", "thread/started")[0].Get("params.thread.id").Str
	for path, want := range map[string]string{"prompt_cache_key": thread, "store": "false", "stream": "true", "tool_choice": "auto",
		"parallel_tool_calls": "true", "include": `["reasoning.encrypted_content"]`, "input.#(role==developer).role": "developer"} {
		if got := reqs[0].Get("body." + path).String(); got != want {
			t.Errorf("%s is %s, not %s", path, got, want)
		}
	}
	var input []string
	for _, item := range reqs[1].Get("body.input").Array() {
		if role := item.Get("role").Str; role == "developer" || role == "user" {
			continue
		}
		if item.Get("type").Str == "function_call_output" {
			output := item.Get("output").Str
			input = append(input, "output "+item.Get("call_id").Str+" "+output[strings.LastIndexByte(strings.TrimSuffix(output, "\n"), '\n')+1:])
			continue
		}
		input = append(input, item.Raw)
	}
	equal(t, "input", input, []string{
		`{"type":"reasoning","summary":[{"type":"summary_text","text":"**Thinking** about it"}],"content":null,"encrypted_content":"ENCresp_1_0"}`,
		`{"type":"message","role":"assistant","content":[{"type":"output_text","text":"Let me look."}],"phase":"commentary"}`,
		`{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"sleep 0.1; echo slow\"}","call_id":"call_resp_1_2"}`,
		`{"type":"function_call","name":"exec_command","arguments":"{\"cmd\":\"echo quick\"}","call_id":"call_resp_1_3"}`,
		`{"type":"local_shell_call","call_id":"call_resp_1_4","status":"completed","action":{"type":"exec","command":["echo","hi"],"timeout_ms":null,"working_directory":null,"env":null,"user":null}}`,
		"output call_resp_1_4 aborted",
		`{"type":"function_call","name":"no_such_tool","arguments":"{}","call_id":"call_resp_1_5"}`,
		`{"type":"web_search_call","status":"completed","action":{"type":"search","query":"weather"}}`,
		"output call_resp_1_2 slow\n",
		"output call_resp_1_3 quick\n",
		"output call_resp_1_5 unsupported call: no_such_tool",
	})
	headers := reqs[0].Get("headers")
	for name, want := range map[string]string{"session-id": thread, "thread-id": thread, "x-client-request-id": thread, "x-codex-window-id": thread + ":0",
		"originator": "codex_exec", "accept": "text/event-stream", "content-type": "application/json"} {
		if got := headers.Get(name).Str; got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if got := headers.Get("user-agent").Str; !strings.HasPrefix(got, "codex_exec/0.133.0 (") {
		t.Errorf("user-agent: %q", got)
	}
	var meta []string
	gjson.Parse(headers.Get("x-codex-turn-metadata").Str).ForEach(func(k, _ gjson.Result) bool {
		meta = append(meta, k.Str)
		return true
	})
	want := []string{"session_id", "thread_id", "thread_source", "turn_id", "sandbox", "turn_started_at_unix_ms"}
	equal(t, "turn metadata", slices.DeleteFunc(meta, func(k string) bool { return k == "workspaces" }), want) // workspaces: in a repository
	if headers.Get("authorization").Exists() {
		t.Error("a credential for a provider that wants none")
	}
}

// A stream that ends early is tried again, visibly; what was complete is not lost.
func TestRetry(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"items":[{"msg":"whole"},{"msg":"partial"}],"cut":5}` + "\n" + `{"msg":"All done."}`, config: "stream_max_retries = 1\n"})
	e.send("go")
	l := e.next("method", "error")
	if !l.Get("params.willRetry").Bool() || l.Get("params.error.message").Str != "Reconnecting... 1/1" {
		t.Error(l.Raw)
	}
	e.turnDone("completed")
	e.quit()
	var texts []string
	for _, l := range e.rollout(t) {
		if l.Get("payload.role").Str == "assistant" {
			texts = append(texts, l.Get("payload.content.0.text").Str)
		}
	}
	equal(t, "texts", texts, []string{"whole", "All done."})
}

// A turn that fails says why, and the thread goes on.
func TestFailedTurn(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, script: `{"when":"fail","status":400,"body":"no <way>"}` + "\n" + hello})
	e.send("fail")
	e.next("method", "thread/status/changed", "params.status.type", "systemError")
	e.next("method", "error", "params.error.message", "no <way>", "params.willRetry", "false")
	e.turnDone("failed")
	if got := e.call("thread/read", `{}`).Get("thread.status.type").Str; got != "systemError" {
		t.Errorf("status %q", got)
	}
	e.send("again")
	e.turnDone("completed")
	e.eof()
	e.exit(1)
}
