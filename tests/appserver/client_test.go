package appserver

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol/schema"
)

// patience is how long anything may take before a test gives up. Nothing that works
// comes near it.
const patience = 20 * time.Second

// client is a running server and its client on stdio.
type client struct {
	t          *testing.T
	home, work string
	cmd        *exec.Cmd
	in         io.WriteCloser
	lines      chan string
	got        []gjson.Result // received, in order
	used       []bool
	sent       map[string]string // method by id
	n          int
}

// start runs the server in a home with a scripted model.
func start(t *testing.T, model, script string, args ...string) *client {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, home: filepath.Join(root, "home"), work: filepath.Join(root, "work"), lines: make(chan string, 10000), sent: map[string]string{}}
	for _, dir := range []string{c.home, c.work, filepath.Join(c.work, ".git")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(root, "script.jsonl")
	write(t, file, script)
	write(t, filepath.Join(c.home, "config.toml"), fmt.Sprintf("model = %q\nmodel_provider = \"mock\"\n[model_providers.mock]\nname = \"mock\"\ncommand = [%q, \"replay\", %q]\nrequest_max_retries = 0\nstream_max_retries = 0\n",
		model, filepath.Join(binaries, "codex-model"), file))
	c.run(args...)
	return c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts the server, again if need be, in the same home.
func (c *client) run(args ...string) {
	c.t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "codex-app-server"), args...)
	cmd.Dir = c.work
	cmd.Env = []string{"PATH=" + binaries + ":" + os.Getenv("PATH"), "HOME=" + c.home, "CODEX_HOME=" + c.home, "TERM=xterm", "TZ=UTC"}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.cmd, c.in, c.lines = cmd, in, make(chan string, 10000)
	lines := c.lines
	go func() { // ends with the server's output
		defer close(lines)
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	c.t.Cleanup(func() {
		in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func (c *client) send(line string) {
	c.t.Helper()
	m := gjson.Parse(line)
	if id := m.Get("id"); id.Exists() && m.Get("method").Exists() {
		c.sent[id.Raw] = m.Get("method").Str
	}
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// call sends a request and gives the answer.
func (c *client) call(method, params string) gjson.Result {
	c.t.Helper()
	c.n++
	id := strconv.Itoa(c.n)
	c.send(fmt.Sprintf(`{"method":%q,"id":%s,"params":%s}`, method, id, params))
	return c.wait(func(m gjson.Result) bool { return m.Get("id").Raw == id && !m.Get("method").Exists() })
}

func (c *client) note(method string) gjson.Result {
	c.t.Helper()
	return c.wait(func(m gjson.Result) bool { return m.Get("method").Str == method })
}

func (c *client) initialize() {
	c.t.Helper()
	c.call("initialize", `{"clientInfo":{"name":"probe","version":"1.0"},"capabilities":{"experimentalApi":true}}`)
}

// wait gives the first message that fits and was not given before.
func (c *client) wait(fits func(gjson.Result) bool) gjson.Result {
	c.t.Helper()
	_, m := c.find(fits)
	return m
}

func (c *client) find(fits func(gjson.Result) bool) (int, gjson.Result) {
	c.t.Helper()
	for i, m := range c.got {
		if !c.used[i] && fits(m) {
			c.used[i] = true
			return i, m
		}
	}
	late := time.After(patience)
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				c.t.Fatalf("the server's output ended; so far:\n%s", c.tail())
			}
			m := gjson.Parse(line)
			c.check(m, line)
			c.got, c.used = append(c.got, m), append(c.used, fits(m))
			if n := len(c.got) - 1; c.used[n] {
				return n, m
			}
		case <-late:
			c.t.Fatalf("what was expected did not come; so far:\n%s", c.tail())
		}
	}
}

// check holds a message of the server against the schema.
func (c *client) check(m gjson.Result, line string) {
	c.t.Helper()
	method := m.Get("method").Str
	if method == "" {
		method = c.sent[m.Get("id").Raw]
	}
	if m.Get("error").Exists() {
		return
	}
	if err := schema.Validate(method, []byte(strings.TrimSpace(line))); err != nil {
		c.t.Errorf("%v\n%s", err, line)
	}
}

func (c *client) tail() string {
	var b strings.Builder
	for i, m := range c.got[max(0, len(c.got)-12):] {
		fmt.Fprintf(&b, "%d %.300s\n", i, m.Raw)
	}
	return b.String()
}

// leave ends the input and gives the status of the server.
func (c *client) leave() int {
	c.t.Helper()
	c.in.Close()
	_ = c.cmd.Wait()
	return c.cmd.ProcessState.ExitCode()
}
