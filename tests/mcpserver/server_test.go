package mcpserver

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestAnswers goes through what the original was asked, and what it said. Where we say
// something else, why tells so.
func TestAnswers(t *testing.T) {
	c := start(t, say("hello there")+say("hello again"))
	r := c.hello(`{"elicitation":{}}`)
	for path, want := range map[string]string{"protocolVersion": "2025-06-18", "capabilities.tools.listChanged": "true",
		"serverInfo.name": "codex-mcp-server", "serverInfo.title": "Codex", "serverInfo.version": "0.133.0"} {
		if got := r.Get("result." + path).String(); got != want {
			t.Errorf("initialize: %s is %q", path, got)
		}
	}
	if agent := r.Get("result.serverInfo.user_agent").Str; !strings.HasPrefix(agent, "codex_cli_rs/0.133.0 (") || !strings.HasSuffix(agent, " xterm (drv; 9)") {
		t.Errorf("user agent %q", agent)
	}
	text := func(s string) string { return `{"content":[{"type":"text","text":"` + s + `"}],"isError":true}` }
	const thread = "01a202de-dd12-7403-88b1-0c636b0b30bc"
	for i, a := range []struct{ method, params, want, why string }{
		{"ping", "", `{"result":{}}`, ""},
		{"initialize", `{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"drv","version":"9"}}`,
			`{"error":{"code":-32600,"message":"initialize called more than once"}}`, ""},
		{"foo/bar", `{"a":1}`, `{"error":{"code":-32601,"message":"method not found: foo/bar","data":{"method":"foo/bar"}}}`, ""},
		{"tasks/list", "", `{"error":{"code":-32601,"message":"method not found: tasks/list","data":{"method":"tasks/list"}}}`, ""},
		{"resources/list", "", `{"result":{"resources":[]}}`, "the original never answers"},
		{"resources/templates/list", "", `{"result":{"resourceTemplates":[]}}`, "the original never answers"},
		{"prompts/list", "", `{"result":{"prompts":[]}}`, "the original never answers"},
		{"logging/setLevel", `{"level":"debug"}`, `{"result":{}}`, "the original never answers"},
		{"resources/read", `{"uri":"file:///etc/shadow"}`, `{"error":{}}`, "the original never answers"},
		{"prompts/get", `{"name":"x"}`, `{"error":{}}`, "the original never answers"},
		{"completion/complete", `{"ref":{"type":"ref/prompt","name":"x"},"argument":{"name":"a","value":"b"}}`, `{"error":{}}`, "the original never answers"},
		{"tools/call", `{"name":"nope","arguments":{}}`, `{"result":` + text("Unknown tool 'nope'") + `}`, ""},
		{"tools/call", `{"name":"codex"}`, `{"result":` + text("Missing arguments for codex tool-call; the `prompt` field is required.") + `}`, ""},
		{"tools/call", `{"name":"codex","arguments":{}}`, `{"result":` + text("Failed to parse configuration for Codex tool: missing field `prompt`") + `}`, ""},
		{"tools/call", `{"name":"codex","arguments":{"prompt":"x","sandbox":"bogus"}}`,
			`{"result":` + text("Failed to parse configuration for Codex tool: unknown variant `bogus`, expected one of `read-only`, `workspace-write`, `danger-full-access`") + `}`, ""},
		{"tools/call", `{"name":"codex","arguments":{"prompt":"x","profile":"nosuch"}}`,
			`{"result":` + text("Failed to load Codex configuration from overrides: config profile `nosuch` not found") + `}`, ""},
		{"tools/call", `{"name":"codex","arguments":{"prompt":"x","config":{"sandbox_mode":"zzz"}}}`,
			`{"result":` + text("Failed to load Codex configuration from overrides: unknown variant `zzz`, expected one of `read-only`, `workspace-write`, `danger-full-access`\\nin `sandbox_mode`") + `}`, ""},
		{"tools/call", `{"name":"codex-reply"}`, `{"result":` + text("Missing arguments for codex-reply tool-call; the `thread_id` and `prompt` fields are required.") + `}`, ""},
		{"tools/call", `{"name":"codex-reply","arguments":{}}`, `{"result":` + text("Failed to parse configuration for Codex tool: missing field `prompt`") + `}`, ""},
		{"tools/call", `{"name":"codex-reply","arguments":{"prompt":"x"}}`,
			`{"result":` + text("Failed to parse thread_id: either threadId or conversationId must be provided") + `}`, ""},
		{"tools/call", `{"name":"codex-reply","arguments":{"prompt":"x","threadId":"zz"}}`,
			`{"result":` + text("Failed to parse thread_id: zz is no UUID") + `}`, "the original quotes its UUID library"},
		{"tools/call", `{"name":"codex-reply","arguments":{"prompt":"x","threadId":"` + thread + `"}}`,
			`{"result":{"content":[{"type":"text","text":"Session not found for thread_id: ` + thread + `"}],"structuredContent":{"threadId":"` + thread +
				`","content":"Session not found for thread_id: ` + thread + `"},"isError":true}}`, ""},
	} {
		c.request(1000+i, a.method, a.params)
		got := c.answer(strconv.Itoa(1000 + i))
		if !contains(got, gjson.Parse(a.want)) {
			t.Errorf("%s %s: %s\nwant %s", a.method, a.params, got.Raw, a.want)
		}
	}
	for _, line := range []string{"not json", "[]", `{"jsonrpc":"2.0","id":77}`, `[{"jsonrpc":"2.0","id":78,"method":"ping"}]`, "", `{"jsonrpc":"2.0","id":null,"method":"ping"}`,
		`{"jsonrpc":"2.0","id":99,"result":{}}`, strings.Repeat("[", 100000)} {
		c.send(line)
	}
	// An id that the library cannot keep is answered all the same.
	for _, id := range []string{"1.5", "1e3", "true", "9007199254740993", "99999999999999999999"} {
		c.send(`{"jsonrpc":"2.0","id":` + id + `,"method":"ping"}`)
		c.wait("id", gjson.Parse(id).String(), "error.code", "-32600")
	}
	c.send(`{"jsonrpc":"2.0","id":"a\/\ud83d\ude00","method":"ping"}`)
	c.wait("id", "a/\U0001F600", "result", "{}")
	c.request("alive", "ping", "")
	c.answer("alive")
	poll(t, "what it says about bad lines", func() bool { return strings.Count(c.stderr.String(), "codex-mcp: passed over") >= 4 })
}

// contains says whether got has all members of want, with their values.
func contains(got, want gjson.Result) bool {
	if !want.IsObject() {
		return want.IsArray() && got.Raw == want.Raw || !want.IsArray() && got.String() == want.String() && got.Type == want.Type
	}
	ok := true
	want.ForEach(func(k, v gjson.Result) bool {
		g := got.Get(gjson.Escape(k.Str))
		ok = ok && g.Exists() && contains(g, v)
		return ok
	})
	return ok
}

// TestTools holds the list of tools against the original's, in shape: two of them, with
// these properties. codex-close is ours.
func TestTools(t *testing.T) {
	c := start(t, "")
	c.hello("{}")
	c.request(1, "tools/list", "")
	list := c.answer("1").Get("result.tools")
	want, err := os.ReadFile("testdata/tools_list.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range gjson.ParseBytes(want).Get("tools").Array() {
		name := w.Get("name").Str
		g := list.Get(`#(name=="` + name + `")`)
		for _, path := range []string{"title", "inputSchema.type", "inputSchema.required", "outputSchema.type", "outputSchema.properties.threadId.type",
			"outputSchema.properties.content.type", "outputSchema.required"} {
			if squeeze(g.Get(path).Raw) != squeeze(w.Get(path).Raw) {
				t.Errorf("%s: %s is %s, the original's %s", name, path, g.Get(path).Raw, w.Get(path).Raw)
			}
		}
		w.Get("inputSchema.properties").ForEach(func(k, v gjson.Result) bool {
			p := g.Get("inputSchema.properties." + k.Str)
			for _, m := range []string{"type", "enum", "additionalProperties"} {
				if squeeze(p.Get(m).Raw) != squeeze(v.Get(m).Raw) {
					t.Errorf("%s %s: %s is %s, the original's %s", name, k.Str, m, p.Get(m).Raw, v.Get(m).Raw)
				}
			}
			if p.Get("description").Str == "" {
				t.Errorf("%s %s has no description", name, k.Str)
			}
			return true
		})
		if n, m := len(g.Get("inputSchema.properties").Map()), len(w.Get("inputSchema.properties").Map()); n != m {
			t.Errorf("%s has %d properties, the original's %d", name, n, m)
		}
	}
	if n := len(list.Array()); n != 3 {
		t.Errorf("%d tools", n)
	}
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

// TestThread starts a thread and goes on with it, by both names of its id.
func TestThread(t *testing.T) {
	c := start(t, say("hello there")+say("again")+say("and again"))
	c.hello("{}")
	c.call("str-1", "codex", `{"prompt":"say hi","unknown":1}`)
	r := c.answer("str-1").Get("result")
	thread := r.Get("structuredContent.threadId").Str
	if r.Get("content.0.text").Str != "hello there" || r.Get("structuredContent.content").Str != "hello there" || thread == "" || r.Get("isError").Exists() {
		t.Fatalf("result %s", r.Raw)
	}
	want := []string{"session_configured", "mcp_startup_complete", "task_started", "item_started", "item_completed", "user_message", "item_started",
		"agent_message_content_delta", "item_completed", "agent_message", "token_count", "task_complete"}
	if got := c.events("str-1"); !slices.Equal(got, want) {
		t.Errorf("events %q", got)
	}
	first := c.wait("params.msg.type", "task_started")
	if first.Get("params.id").Str != "str-1" || first.Get("params.msg.turn_id").Str != "str-1" || first.Get("params._meta.threadId").Str != thread {
		t.Errorf("the first turn: %s", first.Raw)
	}
	configured := c.wait("params.msg.type", "session_configured", "params.id", "").Get("params.msg")
	if configured.Get("approval_policy").Str != "on-request" || configured.Get("cwd").Str != c.work || configured.Get("thread_id").Str != thread {
		t.Errorf("configured %s", configured.Raw)
	}
	c.call(2, "codex-reply", `{"prompt":"more","conversationId":"`+thread+`"}`)
	if r := c.answer("2"); r.Get("result.structuredContent.content").Str != "again" {
		t.Errorf("reply %s", r.Raw)
	}
	second := c.wait("params._meta.requestId", "2", "params.msg.type", "task_started")
	if id := second.Get("params.msg.turn_id").Str; len(id) != 36 || second.Get("params.id").Str != id {
		t.Errorf("the second turn: %s", second.Raw)
	}
	meta := recording(t, c.home)
	if !strings.Contains(meta, `"source":"mcp"`) || !strings.Contains(meta, thread) {
		t.Errorf("recorded %.400s", meta)
	}
	c.call(3, "codex-close", `{"threadId":"`+thread+`"}`)
	if r := c.answer("3"); r.Get("result.structuredContent.threadId").Str != thread {
		t.Errorf("close %s", r.Raw)
	}
	c.call(4, "codex-reply", `{"prompt":"more","threadId":"`+thread+`"}`)
	if r := c.answer("4"); !r.Get("result.isError").Bool() {
		t.Errorf("reply to a closed thread: %s", r.Raw)
	}
}

// recording is the one session file below a home.
func recording(t *testing.T, home string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(home, "sessions", "*", "*", "*", "*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestSettings holds that the arguments of codex reach the thread, and the options of the
// command line beneath them.
func TestSettings(t *testing.T) {
	c := start(t, say("ok"), "-c", "model=\"gpt-5\"", "-c", "approval_policy=\"untrusted\"")
	c.hello("{}")
	if err := os.Mkdir(filepath.Join(c.work, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.call(1, "codex", `{"prompt":"p","cwd":"sub","sandbox":"danger-full-access","config":{"model_reasoning_effort":"low"},"developer-instructions":"DI","base-instructions":"BI"}`)
	if r := c.answer("1"); r.Get("result.isError").Bool() {
		t.Fatal(r.Raw)
	}
	got := c.wait("params.msg.type", "session_configured").Get("params.msg")
	for path, want := range map[string]string{"model": "gpt-5", "approval_policy": "untrusted", "cwd": filepath.Join(c.work, "sub"), "sandbox_policy.type": "danger-full-access",
		"reasoning_effort": "low"} {
		if got.Get(path).String() != want {
			t.Errorf("%s is %q, want %q", path, got.Get(path).String(), want)
		}
	}
	if text := recording(t, c.home); !strings.Contains(text, `"DI"`) || !strings.Contains(text, `"BI"`) {
		t.Error("the instructions are not recorded")
	}
}

// TestTurnError holds that a turn that fails gives the error as a result.
func TestTurnError(t *testing.T) {
	c := start(t, `{"status":400,"body":{"error":{"message":"bad thing","type":"invalid_request_error"}}}`+"\n")
	c.hello("{}")
	c.call(1, "codex", `{"prompt":"p"}`)
	r := c.answer("1").Get("result")
	if !r.Get("isError").Bool() || !strings.Contains(r.Get("content.0.text").Str, "bad thing") || r.Get("structuredContent.threadId").Str == "" {
		t.Error(r.Raw)
	}
	c.wait("params.msg.type", "error", "params.msg.codex_error_info", "")
}
