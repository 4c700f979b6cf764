package mcpserver

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/tests/programs"
)

// patience is how long anything may take before a test gives up.
const patience = 60 * time.Second

// client is a client with its server.
type client struct {
	t          *testing.T
	home, work string
	cmd        *exec.Cmd
	stdin      io.WriteCloser
	stderr     programs.Buffer
	lines      *programs.Lines
	exited     chan struct{}
}

// desk makes a home with a scripted model, and a folder to work in.
func desk(t *testing.T, script string) (home, work string) {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home, work = filepath.Join(root, "home"), filepath.Join(root, "work")
	for _, dir := range []string{home, work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(root, "script.jsonl")
	config := fmt.Sprintf("mcp_oauth_credentials_store = \"file\"\nmodel_provider = \"scripted\"\n[model_providers.scripted]\nname = \"scripted\"\ncommand = [%q, \"replay\", %q]\n",
		filepath.Join(binaries, "codex-model"), path)
	for name, text := range map[string]string{path: script, filepath.Join(home, "config.toml"): config} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home, work
}

// environ is the environment of a server.
func environ(home string) []string {
	return append(programs.Environ(), "PATH="+binaries+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+home, "CODEX_HOME="+home, "TERM=xterm",
		"TMPDIR="+filepath.Dir(home), "TZ=UTC", "LC_ALL=C.UTF-8")
}

// start starts a server; args are further options.
func start(t *testing.T, script string, args ...string) *client {
	t.Helper()
	c := &client{t: t, lines: programs.NewLines(), exited: make(chan struct{})}
	c.home, c.work = desk(t, script)
	c.cmd = exec.Command(filepath.Join(binaries, "codex-mcp"), append(args, "server")...)
	c.cmd.Dir, c.cmd.Env, c.cmd.Stderr, c.cmd.WaitDelay = c.work, environ(c.home), &c.stderr, patience
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		c.lines.Read(out)
		_ = c.cmd.Wait() // the status is in ProcessState
		close(c.exited)
	}()
	t.Cleanup(func() {
		c.leave()
		for _, l := range c.lines.All() {
			if !l.IsObject() || !gjson.Valid(l.Raw) {
				t.Errorf("no JSON: %q", l.Raw)
			}
		}
		if t.Failed() {
			t.Logf("stderr: %s\nlines:\n%.20000s\noutputs: %q", c.stderr.String(), c.text(), c.outputs())
		}
	})
	return c
}

// leave closes the client's end and waits for the server.
func (c *client) leave() {
	c.stdin.Close()
	select {
	case <-c.exited:
	case <-time.After(patience):
		_ = c.cmd.Process.Kill()
		c.t.Error("the server does not leave")
	}
}

func (c *client) text() string {
	var b strings.Builder
	for _, l := range c.lines.All() {
		b.WriteString(l.Raw)
	}
	return b.String()
}

func (c *client) send(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// request sends a request; params is JSON, or "" for none.
func (c *client) request(id any, method, params string) {
	c.t.Helper()
	raw, err := json.Marshal(id)
	if err != nil {
		c.t.Fatal(err)
	}
	if params != "" {
		params = `,"params":` + params
	}
	c.send(`{"jsonrpc":"2.0","id":` + string(raw) + `,"method":"` + method + `"` + params + `}`)
}

// hello does the handshake.
func (c *client) hello(capabilities string) gjson.Result {
	c.t.Helper()
	c.request("hello", "initialize", `{"protocolVersion":"2025-06-18","capabilities":`+capabilities+`,"clientInfo":{"name":"drv","version":"9"}}`)
	r := c.answer("hello")
	c.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	return r
}

// call calls a tool.
func (c *client) call(id any, tool, args string) {
	c.t.Helper()
	c.request(id, "tools/call", `{"name":"`+tool+`","arguments":`+args+`}`)
}

// wait waits for a line of which all paths have their values: pairs of a gjson path and a
// text; "" stands for any.
func (c *client) wait(pairs ...string) gjson.Result {
	c.t.Helper()
	return c.seek(fmt.Sprintf("line with %q", pairs), func(l gjson.Result) bool { return fits(l, pairs) })
}

func (c *client) seek(what string, ok func(gjson.Result) bool) gjson.Result {
	c.t.Helper()
	l, i := c.lines.Seek(0, patience, ok)
	if i < 0 {
		c.t.Fatalf("no %s", what)
	}
	return l
}

func fits(l gjson.Result, pairs []string) bool {
	for i := 0; i < len(pairs); i += 2 {
		v := l.Get(pairs[i])
		if !v.Exists() || pairs[i+1] != "" && v.String() != pairs[i+1] {
			return false
		}
	}
	return true
}

// answer waits for the answer to a request.
func (c *client) answer(id string) gjson.Result {
	c.t.Helper()
	return c.seek("answer to "+id, func(l gjson.Result) bool { return l.Get("id").String() == id && !l.Get("method").Exists() })
}

// events are the types of the events of a request, in order, each run of one type once.
func (c *client) events(request string) []string {
	var out []string
	for _, l := range c.lines.All() {
		if l.Get("method").Str == "codex/event" && l.Get("params._meta.requestId").String() == request {
			out = append(out, l.Get("params.msg.type").Str)
		}
	}
	return slices.Compact(out)
}

// say and run are lines of a script.
func say(text string) string { return fmt.Sprintf("{\"msg\":%q}\n", text) }

func run(command string) string {
	args, _ := json.Marshal(map[string]any{"cmd": command, "yield_time_ms": 20000}) // strings are never refused
	return fmt.Sprintf("{\"call\":\"exec_command\",\"args\":%s}\n", args)
}

// ends are both ends of a pipe.
type ends struct{ r, w *os.File }

func pipe(t *testing.T) ends {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return ends{r, w}
}

// server is a server with these files.
func server(home, work string, stdin, stdout *os.File) *exec.Cmd {
	cmd := exec.Command(filepath.Join(binaries, "codex-mcp"), "server")
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout = work, environ(home), stdin, stdout
	return cmd
}

// poll waits until something holds that nobody tells.
func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s", what)
		}
	}
}

// outputs are what the model was told of its calls, from the session files.
func (c *client) outputs() (out []string) {
	files, _ := filepath.Glob(filepath.Join(c.home, "sessions", "*", "*", "*", "*.jsonl")) // the pattern is a good one
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return append(out, err.Error())
		}
		gjson.ForEachLine(string(raw), func(l gjson.Result) bool {
			if o := l.Get("payload.output"); o.Exists() {
				out = append(out, o.String())
			}
			return true
		})
	}
	return out
}
