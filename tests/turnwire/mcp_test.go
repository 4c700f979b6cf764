//go:build linux

package turnwire

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// odd is the table of a server in config.toml that is this test binary.
func odd(t *testing.T, name, role, more string) string {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("[mcp_servers.%s]\ncommand = %q\nargs = [\"-test.run=^$\"]\nenv = { %s = %q }\nenv_vars = [\"TURNWIRE\", \"STARTS\"]\n%s\n", name, exe, mcpRole, role, more)
}

// toolCall is a line of a script: the model calls a tool of a server.
func toolCall(id, name, do string) string {
	return fmt.Sprintf(`{"item":{"type":"function_call","call_id":%q,"namespace":"mcp__odd__","name":%q,"arguments":"{\"do\":\"%s\"}"}}`+"\n", id, name, do)
}

const said = `{"msg":"Done."}` + "\n"

// outputs are what the model got for its calls, by their ids.
func (e *engine) outputs() map[string]gjson.Result {
	got := map[string]gjson.Result{}
	files, err := filepath.Glob(filepath.Join(e.home, "sessions", "*", "*", "*", "*.jsonl"))
	if err != nil || len(files) != 1 {
		e.t.Fatal(files, err)
	}
	for line := range strings.Lines(read(e.t, files[0])) {
		if p := gjson.Get(line, "payload"); p.Get("type").Str == "function_call_output" {
			got[p.Get("call_id").Str] = p.Get("output")
		}
	}
	return got
}

// body is the output of a call without the line that says how long it took.
func body(r gjson.Result) string {
	_, b, _ := strings.Cut(r.Str, "\nOutput:\n")
	return b
}

func TestServerTools(t *testing.T) {
	t.Parallel()
	script := toolCall("read", "read", "") + toolCall("page", "second_page", "") + toolCall("builtin", "exec_command", "") + toolCall("hidden", "hidden", "") +
		toolCall("write", "write", "") + toolCall("structured", "read", "structured") + toolCall("progress", "read", "progress") + toolCall("meta", "read", "meta") + toolCall("fail", "read", "fail") + toolCall("escape", "read", "escape") +
		toolCall("link", "read", "link") + toolCall("ask", "read", "ask") + toolCall("add", "read", "add") + toolCall("gone", "read", "exit") + toolCall("back", "read", "") +
		toolCall("added", "added", "") +
		`{"call":"list_mcp_resources","args":{}}` + "\n" + said
	e := start(t, setup{script: script, args: []string{"-a", "never", "-s", "read-only"}, config: odd(t, "odd", "", `disabled_tools = ["hidden"]`) + "[mcp_servers.none]\ncommand = \"no-such-program\"\n",
		env: []string{"SECRET=x"}})
	e.send("go")
	e.turnDone("completed")
	got := e.outputs()
	for id, want := range map[string]string{
		"read": `[{"type":"text","text":"read ran"}]`, "page": `[{"type":"text","text":"second-page ran"}]`, "builtin": `[{"type":"text","text":"exec_command ran"}]`,
		"structured": `{"z":1,"a":9007199254740993}`, "ask": `[{"type":"text","text":"{\"action\":\"decline\"}"}]`, "back": `[{"type":"text","text":"read ran"}]`,
		"added": `[{"type":"text","text":"added ran"}]`, "escape": `[{"type":"text","text":"\u001b]0;owned\u0007\u001b[2J"}]`,
	} {
		if b := body(got[id]); b != want {
			t.Errorf("%s: %s", id, got[id].Raw)
		}
	}
	for id, want := range map[string]string{
		"hidden": "unsupported call: mcp__odd__hidden", "write": `mcp_servers.odd.tools.write.approval_mode = \"approve\" allows it`,
		"gone": "tool call failed for `odd/read`\\n\\nCaused by:\\n    Transport closed", "meta": "codex/sandbox-state-meta",
		"fail": `tool call failed for ` + "`odd/read`" + `\n\nCaused by:\n    Mcp error: -32602: bad params here({\"x\":1})`,
	} {
		if !strings.Contains(got[id].Str, want) {
			t.Errorf("%s: %s", id, got[id].Raw)
		}
	}
	if img := got["link"].Get("2.image_url").Str; img != "data:image/png;base64,file:///etc/shadow" {
		t.Errorf("link: %s", got["link"].Raw)
	}
	if len(e.find("method", "item/mcpToolCall/progress", "params.itemId", "progress", "params.message", "half")) != 1 {
		t.Error("no progress is told")
	}
	if len(e.find("method", "mcpServer/startupStatus/updated", "params.name", "none", "params.status", "failed")) != 1 ||
		!strings.Contains(e.stderr.String(), "MCP client for `none` failed to start: MCP startup failed: No such file or directory (os error 2)") {
		t.Errorf("nothing says that a server failed: %s", e.stderr.String())
	}
	e.quit()
}

// What the settings approve runs where nobody may be asked.
func TestServerApproved(t *testing.T) {
	t.Parallel()
	for _, more := range []string{`default_tools_approval_mode = "approve"`, "[mcp_servers.odd.tools.write]\napproval_mode = \"approve\""} {
		e := start(t, setup{script: toolCall("w", "write", "") + said, args: []string{"-a", "never", "-s", "read-only"}, config: odd(t, "odd", "", more)})
		e.send("go")
		e.turnDone("completed")
		if b := body(e.outputs()["w"]); b != `[{"type":"text","text":"write ran"}]` {
			t.Errorf("%s: %s", more, b)
		}
		e.quit()
	}
}

// A question of the server, and the approval of a tool, go to the client.
func TestServerAsks(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: toolCall("w1", "write", "") + toolCall("w2", "write", "") + toolCall("ask", "read", "ask") + said,
		args: []string{"-a", "on-request", "-s", "read-only"}, config: odd(t, "odd", "", "")})
	e.send("go")
	q := e.next("method", "mcpServer/elicitation/request")
	if q.Get("params.message").Str != `Allow the odd MCP server to run tool "write"?` || q.Get("params._meta.codex_approval_kind").Str != "mcp_tool_call" {
		t.Error(q.Raw)
	}
	e.send(`{"id":` + q.Get("id").Raw + `,"result":{"action":"accept","content":null,"_meta":{"persist":"always"}}}`)
	q = e.next("method", "mcpServer/elicitation/request") // w2 was not asked about
	if q.Get("params.message").Str != "who?" {
		t.Error(q.Raw)
	}
	e.send(`{"id":` + q.Get("id").Raw + `,"result":{"action":"accept","content":{"z":"me"},"_meta":null}}`)
	e.turnDone("completed")
	if b := body(e.outputs()["ask"]); b != `[{"type":"text","text":"{\"action\":\"accept\",\"content\":{\"z\":\"me\"}}"}]` {
		t.Error(b)
	}
	if c := read(t, filepath.Join(e.home, "config.toml")); !strings.Contains(c, "approval_mode = \"approve\"") {
		t.Error(c)
	}
	e.quit()
}

// An approval for good of a tool whose server the user's file does not have leaves the file
// alone: a table without a program would be one with which no session starts.
func TestServerOfElsewhere(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := start(t, setup{script: toolCall("w1", "write", "") + said, args: []string{"-a", "on-request", "-s", "read-only", "-c", "mcp_servers.odd.command=" + strconv.Quote(exe),
		"-c", `mcp_servers.odd.args=["-test.run=^$"]`, "-c", fmt.Sprintf("mcp_servers.odd.env={ %s = %q }", mcpRole, "")}})
	before := read(t, filepath.Join(e.home, "config.toml"))
	e.send("go")
	q := e.next("method", "mcpServer/elicitation/request")
	e.send(`{"id":` + q.Get("id").Raw + `,"result":{"action":"accept","content":null,"_meta":{"persist":"always"}}}`)
	e.turnDone("completed")
	if after := read(t, filepath.Join(e.home, "config.toml")); after != before {
		t.Error(after)
	}
	e.quit()
	if !strings.Contains(e.stderr.String(), "the approval of odd/write is not saved") {
		t.Error(e.stderr.String())
	}
}

// What is known of a server is kept: it starts when it is called, and not before.
func TestServerStartsWhenCalled(t *testing.T) {
	t.Parallel()
	starts := filepath.Join(t.TempDir(), "starts")
	count := func() int {
		b, err := os.ReadFile(starts)
		if err != nil {
			return 0
		}
		return strings.Count(string(b), "\n")
	}
	d := newDesk(t)
	for i, want := range []int{1, 1, 2} {
		script := said
		if i == 2 {
			script = toolCall("c", "read", "") + said
		}
		e := start(t, setup{script: script, desk: d, args: []string{"--ephemeral"}, config: odd(t, "odd", "", ""), env: []string{"STARTS=" + starts, "SECRET=x"}})
		e.send("go")
		e.turnDone("completed")
		e.quit()
		if n := count(); n != want {
			t.Errorf("run %d: %d starts", i, n)
		}
	}
	if strings.Contains(read(t, starts), "SECRET") || strings.Contains(read(t, starts), "CODEX_HOME") {
		t.Error("the environment leaks")
	}
}

// A thread cannot do without a server that is required.
func TestServerRequired(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: said, config: "[mcp_servers.bad]\ncommand = \"no-such-program\"\nrequired = true\n"})
	e.send("go")
	e.eof()
	e.exit(1)
	if s := e.stderr.String(); !strings.Contains(s, "required MCP servers failed to initialize: bad: No such file or directory (os error 2)") {
		t.Error(s)
	}
}

// An interrupt ends a call at once, and a server that floods or hangs costs nobody more
// than its bounds.
func TestServerInterrupt(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: toolCall("hang", "read", "hang") + said, config: odd(t, "odd", "deaf", "")})
	e.send("go")
	e.next("method", "item/started", "params.item.type", "mcpToolCall")
	e.signal(os.Interrupt)
	e.turnDone("interrupted")
	e.eof()
	e.exit(130)
}

func TestServersThatFail(t *testing.T) {
	t.Parallel()
	config := odd(t, "odd", "", "startup_timeout_sec = 150\ntool_timeout_sec = 150") + odd(t, "curses", "curses", "")
	for i := range 28 { // with those that fail they are 50
		config += odd(t, fmt.Sprint("works", i), "", "startup_timeout_sec = 150")
	}
	for i := range 10 {
		config += odd(t, fmt.Sprint("hangs", i), "hangs deaf", "startup_timeout_sec = 0.2") + odd(t, fmt.Sprint("crashes", i), "crashes", "")
	}
	e := start(t, setup{script: toolCall("flood", "read", "flood") + toolCall("after", "read", "") + said, config: config})
	e.send("go")
	e.turnDone("completed")
	got := e.outputs()
	if !strings.Contains(got["flood"].Str, "more than 32 MiB") || body(got["after"]) != `[{"type":"text","text":"read ran"}]` {
		t.Error(got)
	}
	if n := len(e.find("method", "mcpServer/startupStatus/updated", "params.status", "failed")); n != 21 {
		t.Errorf("%d servers failed", n)
	}
	if s := e.stderr.String(); !strings.Contains(s, "MCP client for `curses` failed to start: MCP startup failed: handshaking with MCP server failed: JSON-RPC error: -32000:") {
		t.Errorf("stderr: %q", s)
	}
	e.quit()
}

// A server that dies before it answers is told with how it ended and what it said last.
func TestServerThatDies(t *testing.T) {
	t.Parallel()
	const ends = `
[mcp_servers.leaves]
command = "/bin/sh"
args = ["-c", "echo first >&2; echo no key is set >&2; exit 3"]
[mcp_servers.falls]
command = "/bin/sh"
args = ["-c", "kill -SEGV $$"]
`
	e := start(t, setup{script: said, config: ends})
	e.send("go")
	e.turnDone("completed")
	got := map[string]string{}
	for _, n := range e.find("method", "mcpServer/startupStatus/updated", "params.status", "failed") {
		got[n.Get("params.name").Str] = n.Get("params.error").Str
	}
	if !strings.Contains(got["leaves"], "(exit status 3; it said: no key is set)") || !strings.Contains(got["falls"], "(signal: segmentation fault") {
		t.Errorf("%q", got)
	}
	e.quit()
}

// Nobody is left when the engine is killed; the end of every test looks for that.
func TestServerOfKilledEngine(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: toolCall("hang", "read", "hang") + said, config: odd(t, "odd", "deaf", "")})
	e.send("go")
	e.next("method", "item/started", "params.item.type", "mcpToolCall")
	e.signal(os.Kill)
}

// Nobody is left when the program is killed that keeps the servers, and the next call has
// another one.
func TestServerOfKilledPool(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: toolCall("hang", "read", "hang") + toolCall("after", "read", "") + said, config: odd(t, "odd", "deaf", "")})
	e.send("go")
	e.next("method", "item/started", "params.item.type", "mcpToolCall")
	if err := syscall.Kill(e.child("codex-mcp pool"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e.turnDone("completed")
	got := e.outputs()
	if !strings.Contains(got["hang"].Str, "Transport closed") || body(got["after"]) != `[{"type":"text","text":"read ran"}]` {
		t.Error(got)
	}
	e.quit()
}

// A question of a server ends with the turn of its call.
func TestServerAsksInterrupted(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: toolCall("ask", "read", "ask") + said, args: []string{"-a", "on-request", "-s", "read-only"}, config: odd(t, "odd", "", "")})
	e.send("go")
	q := e.next("method", "mcpServer/elicitation/request")
	e.call("turn/interrupt", `{"turnId":""}`)
	e.turnDone("interrupted")
	poll(t, "the end of the question", func() bool { // it may come before the turn's
		return len(e.find("method", "serverRequest/resolved", "params.requestId", q.Get("id").Raw)) > 0
	})
	e.quit()
}

// The next turn has the servers that the settings name then, and says when they cannot be read.
func TestServersReloaded(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: said + toolCall("new", "read", "") + said + toolCall("old", "read", "") + said})
	file := filepath.Join(e.home, "config.toml")
	without := read(t, file)
	turn := func(config, status string) {
		t.Helper()
		write(t, file, config)
		e.call("config/mcpServer/reload", "null")
		e.call("turn/start", `{"input":[{"type":"text","text":"go"}]}`)
		e.turnDone(status)
	}
	e.call("thread/start", "{}")
	turn(without, "completed")
	turn(without+odd(t, "odd", "", ""), "completed")
	if got := e.call("mcpServerStatus/list", "{}"); got.Get("data.0.name").Str != "odd" {
		t.Error(got.Raw)
	}
	turn(without+"[mcp_servers", "failed")
	turn(without, "completed")
	if got := e.call("mcpServerStatus/list", "{}"); got.Get("data.#").Int() != 0 {
		t.Error(got.Raw)
	}
	got := e.outputs()
	if b := body(got["new"]); b == "" || strings.Contains(b, "unsupported") {
		t.Error(got["new"].Raw)
	}
	if !strings.Contains(got["old"].Str, "unsupported") {
		t.Error(got["old"].Raw)
	}
	e.eof()
	e.exit(1) // a turn has failed
}
