//go:build unix

package appserver

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// sharedServer is a server of the Model Context Protocol in a few lines, which notes that
// it has been started.
const sharedServer = `echo $$ >>"$0.starts"
while read -r line; do
	id=$(printf %s "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
	answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
	case $line in
	*'"initialize"'*) answer '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
	*'"tools/list"'*) answer '{"tools":[{"name":"t","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}' ;;
	*'"tools/call"'*) answer '{"content":[{"type":"text","text":"served"}]}' ;;
	esac
done
`

// Threads with the same settings share servers, which end with the app-server.
func TestThreadsShareServers(t *testing.T) {
	const threads, servers = 20, 3
	d := scripted(t, "mock-model", `{"item":{"type":"function_call","call_id":"c","namespace":"mcp__s0__","name":"t","arguments":"{}"}}`+"\n"+`{"msg":"Done."}`)
	file := filepath.Join(d.home, "config.toml")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	script := filepath.Join(d.home, "server.sh")
	write(t, script, sharedServer)
	for i := range servers {
		text += fmt.Sprintf("[mcp_servers.s%d]\ncommand = \"sh\"\nargs = [%q, \"%d\"]\nrequired = true\n", i, script, i)
	}
	text += "[mcp_servers.off]\ncommand = \"/proc/absent\"\nrequired = true\nenabled = false\n"
	text += "[mcp_servers.net]\nurl = \"http://127.0.0.1:9/x\"\nbearer_token_env_var = \"ABSENT_TOKEN\"\n"
	write(t, file, text)
	c := d.stdio()
	c.initialize()
	for range threads {
		id := c.thread(`{}`)
		c.ran(id, "hello")
	}
	status := c.call("mcpServerStatus/list", "{}").Get("result.data")
	if got := status.Get("2.serverInfo"); got.Get("name").Str != "s" || got.Get("version").Str != "1" {
		t.Errorf("it calls itself %s", got.Raw)
	}
	if got := c.call("config/read", "{}").Get("result.origins"); !got.Get(`mcp_servers\.s0\.args\.0`).Exists() {
		t.Errorf("where settings are from: %s", got.Raw)
	}
	if status.Get("#.name").Raw != `["net","off","s0","s1","s2"]` || !status.Get("2.tools.t").Exists() || status.Get("#.authStatus").Raw != `["bearerToken","unsupported","unsupported","unsupported","unsupported"]` ||
		status.Get("0.httpOrigin").Str != "http://127.0.0.1:9" || !strings.HasPrefix(status.Get("0.toolsError").Str, "MCP startup failed: ") {
		t.Error(status.Raw)
	}
	for params, want := range map[string]string{`{"cursor":"zzz"}`: "invalid cursor: zzz", `{"cursor":"6"}`: "cursor 6 exceeds total MCP servers 5"} {
		if got := c.call("mcpServerStatus/list", params).Get("error"); got.Get("message").Str != want || got.Get("code").Int() != -32600 {
			t.Error(got.Raw)
		}
	}
	id := c.thread(`{}`)
	for params, want := range map[string]string{
		`"server":"net","tool":"t"`:                  "^failed to get client: MCP startup failed: ",
		`"server":"s1","tool":"t","arguments":[1]`:   "^tool call failed for `s1/t`: MCP tool arguments must be a JSON object, got \\[1\\]$",
		`"server":"other","tool":"t","arguments":{}`: "^unknown MCP server 'other'$",
	} {
		if got := c.call("mcpServer/tool/call", fmt.Sprintf(`{"threadId":%q,%s}`, id, params)).Get("error.message").Str; !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: %s", params, got)
		}
	}
	if got := c.call("mcpServer/tool/call", fmt.Sprintf(`{"threadId":%q,"server":"s1","tool":"t","arguments":{}}`, id)); got.Get("result.content.0.text").Str != "served" {
		t.Error(got.Raw)
	}
	c.ran(id, "hello")
	if got := c.call("thread/read", fmt.Sprintf(`{"threadId":%q,"includeTurns":true}`, id)).Get("result.thread.turns.0.items.1"); got.Get("type").Str != "mcpToolCall" || got.Get("server").Str != "s0" ||
		got.Get("status").Str != "completed" || got.Get("result.content.0.text").Str != "served" {
		t.Error(got.Raw)
	}
	if status := c.leave(); status != 0 {
		t.Errorf("status %d", status)
	}
	started, err := os.ReadFile(script + ".starts")
	if err != nil {
		t.Fatal(err)
	}
	pids := strings.Fields(string(started))
	if len(pids) != servers {
		t.Errorf("%d threads have %d processes of %d servers", threads, len(pids), servers)
	}
	for _, s := range pids {
		pid, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		if syscall.Kill(pid, 0) == nil {
			t.Errorf("server %d is left", pid)
		}
	}
}

// What a killed app-server and its pool have made goes with the pool, what a killed pool has
// left with the next one.
func TestKilledServerLeavesNothing(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"Done."}`)
	file, script, tmp := filepath.Join(d.home, "config.toml"), filepath.Join(d.home, "server.sh"), filepath.Join(filepath.Dir(d.home), "t")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, script, sharedServer)
	write(t, file, string(b)+fmt.Sprintf("[mcp_servers.s]\ncommand = \"sh\"\nargs = [%q]\nrequired = true\n", script))
	stale := filepath.Join(tmp, "codex-mcp-stale")
	if err := os.MkdirAll(stale, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(stale, "pool"), "")
	if err := os.Chtimes(stale, time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd := d.command()
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
	cmd.ExtraFiles = []*os.File{w} // all that it starts have it
	c := d.run(cmd)
	w.Close()
	c.initialize()
	c.ran(c.thread(`{}`), "hello")
	pools, err := filepath.Glob(filepath.Join(tmp, "codex-mcp-*", "pool"))
	if err != nil || len(pools) != 1 || strings.HasPrefix(pools[0], stale) {
		t.Error(pools, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // until all are gone
		t.Error(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// A server that threads cannot do without, and that does not start, is in the list all the
// same: that is where people look for what is wrong.
func TestRequiredServerInList(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"Done."}`)
	file := filepath.Join(d.home, "config.toml")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(b)+"[mcp_servers.\"a.b\"]\ncommand = \"/proc/absent\"\nrequired = true\n")
	c := d.stdio()
	c.initialize()
	if got := c.call("mcpServerStatus/list", "{}"); got.Get("result.data.0.name").Str != "a.b" {
		t.Error(got.Raw)
	}
	if got := c.call("thread/start", "{}"); got.Get("result").Exists() {
		if got := c.call("turn/start", fmt.Sprintf(`{"threadId":%q,"input":[{"type":"text","text":"hi"}]}`, got.Get("result.thread.id").Str)); !strings.Contains(got.Raw, "required MCP servers failed") {
			t.Error(got.Raw)
		}
	}
	if status := c.leave(); status != 0 {
		t.Errorf("status %d", status)
	}
}

// A thread that is at work when servers change has the new ones at its next turn.
func TestReloadDuringTurn(t *testing.T) {
	d := scripted(t, "mock-model", `{"call":"exec_command","args":{"cmd":"until test -e go; do sleep 0.01; done","yield_time_ms":30000}}`+"\n"+`{"msg":"One."}`+"\n"+
		`{"item":{"type":"function_call","call_id":"c","namespace":"mcp__late__","name":"t","arguments":"{}"}}`+"\n"+`{"msg":"Two."}`)
	c := d.stdio()
	c.initialize()
	id := c.thread(fmt.Sprintf(`{"cwd":%q,"approvalPolicy":"never","sandbox":"danger-full-access"}`, d.work))
	first := c.turn(id, "go").Get("result.turn.id").Str
	c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "item/started" && m.Get("params.item.type").Str == "commandExecution"
	})
	file, script := filepath.Join(d.home, "config.toml"), filepath.Join(d.home, "server.sh")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, script, sharedServer)
	write(t, file, string(b)+fmt.Sprintf("[mcp_servers.late]\ncommand = \"sh\"\nargs = [%q]\n", script))
	c.result("config/mcpServer/reload", "null")
	write(t, filepath.Join(d.work, "go"), "")
	c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "turn/completed" && m.Get("params.turn.id").Str == first
	})
	c.ran(id, "again")
	c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "item/completed" && m.Get("params.item.result.content.0.text").Str == "served"
	})
	if status := c.leave(); status != 0 {
		t.Errorf("status %d", status)
	}
}
