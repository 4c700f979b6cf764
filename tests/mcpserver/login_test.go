package mcpserver

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/tests/mcpauth"
)

// TestLoginOnTheWire logs in at a server through the app-server: mcpServer/oauth/login gives
// the address, and a notification tells how it ended.
func TestLoginOnTheWire(t *testing.T) {
	home, work := desk(t, "")
	url := mcpauth.Start(t)
	f, err := os.OpenFile(filepath.Join(home, "config.toml"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "[mcp_servers.s]\nurl = %q\n[mcp_servers.p]\ncommand = \"x\"\n", url+"/mcp")
	f.Close()
	cmd := exec.Command(filepath.Join(binaries, "codex-app-server"))
	cmd.Dir, cmd.Env, cmd.WaitDelay = work, environ(home), patience
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	var seen []gjson.Result
	wait := func(path, want string) gjson.Result { // takes the line away
		t.Helper()
		for i, l := range seen {
			if l.Get(path).String() == want {
				seen = slices.Delete(seen, i, i+1)
				return l
			}
		}
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("no line with %s = %s: %v", path, want, err)
			}
			l := gjson.Parse(line)
			if l.Get(path).String() == want {
				return l
			}
			seen = append(seen, l)
		}
	}
	ask := func(id int, method, params string) gjson.Result {
		t.Helper()
		fmt.Fprintf(in, `{"id":%d,"method":%q,"params":%s}`+"\n", id, method, params)
		return wait("id", fmt.Sprint(id))
	}
	ask(1, "initialize", `{"clientInfo":{"name":"t","version":"1"}}`)
	if r := ask(2, "mcpServer/oauth/login", `{"name":"nosuch"}`); r.Get("error.message").Str != "No MCP server named 'nosuch' found." {
		t.Error(r.Raw)
	}
	if r := ask(3, "mcpServer/oauth/login", `{"name":"p"}`); r.Get("error.message").Str != "OAuth login is only supported for streamable HTTP servers." {
		t.Error(r.Raw)
	}
	// A second login takes the place of the first.
	first := ask(4, "mcpServer/oauth/login", `{"name":"s"}`)
	second := ask(5, "mcpServer/oauth/login", `{"name":"s","scopes":["a"]}`)
	if first.Get("result.authorizationUrl").Str == "" {
		t.Fatal(first.Raw)
	}
	if n := wait("method", "mcpServer/oauthLogin/completed"); n.Get("params.success").Bool() || n.Get("params.name").Str != "s" {
		t.Error(n.Raw)
	}
	resp, err := http.Get(second.Get("result.authorizationUrl").Str)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if n := wait("method", "mcpServer/oauthLogin/completed"); n.Get("params").Raw != `{"name":"s","success":true,"threadId":null}` {
		t.Error(n.Raw)
	}
	if b, err := os.ReadFile(filepath.Join(home, ".credentials.json")); err != nil || !gjson.ValidBytes(b) {
		t.Error(string(b), err)
	}
	// What is under way ends with the server.
	ask(6, "mcpServer/oauth/login", `{"name":"s"}`)
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
