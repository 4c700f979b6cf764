package mcpserver

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilters lists and calls the tools of a server by hand. The server is codex-mcp itself.
func TestFilters(t *testing.T) {
	home, work := desk(t, say("hello there"))
	config := filepath.Join(home, "config.toml")
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(f, "[mcp_servers.self]\ncommand = %q\nargs = [\"server\"]\nenv_vars = [\"CODEX_HOME\", \"CODEX_CLOCK\"]\n[mcp_servers.none]\ncommand = \"/proc/absent\"\n",
		filepath.Join(binaries, "codex-mcp"))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		stdin  string
		args   []string
		status int
		out    string // in stdout
		say    string // in stderr
	}{
		{"", []string{"tools", "self"}, 0, "codex-reply\tGo on with a Codex thread", ""},
		{"", []string{"tools", "self", "--json"}, 0, `"inputSchema":{`, ""},
		{"", []string{"call", "self", "codex", `{"prompt":"p"}`}, 0, "hello there\n", ""},
		{`{"prompt":` + "\n" + `"p"}`, []string{"call", "self", "codex", "-"}, 0, "hello there\n", ""},
		{"", []string{"call", "self", "codex", "--json", `{"prompt":"p"}`}, 0, `"structuredContent":{"threadId":"`, ""},
		{"", []string{"call", "self", "codex"}, 1, "the `prompt` field is required", ""},
		{"", []string{"call", "self", "codex", "[1]"}, 2, "", "must be a JSON object"},
		{"", []string{"call", "self", "codex", "{"}, 2, "", "no JSON"},
		{"", []string{"call", "nosuch", "x"}, 1, "", "No MCP server named 'nosuch' found."},
		{"", []string{"tools", "none"}, 1, "", "MCP server 'none': No such file or directory (os error 2)"},
	} {
		var stdout, stderr bytes.Buffer
		cmd := exec.Command(filepath.Join(binaries, "codex-mcp"), c.args...)
		cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = work, environ(home), strings.NewReader(c.stdin), &stdout, &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if cmd.ProcessState.ExitCode() != c.status || !strings.Contains(stdout.String(), c.out) || !strings.Contains(stderr.String(), c.say) {
			t.Errorf("%q: %v\n%s\n%s", c.args, cmd.ProcessState, stdout.String(), stderr.String())
		}
	}
}
