//go:build linux

package turnwire

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol/schema"
	"codex/tests/programs"
)

// patience is how long anything may take before a test gives up. Nothing that works
// comes near it.
const patience = 60 * time.Second

// setup says how to start an engine.
type setup struct {
	script string   // what the model says, in the words of codex-model(1)
	serve  bool     // the model is an HTTP server, not a command
	args   []string // further options
	env    []string
	config string   // further lines of config.toml, after the provider's
	top    string   // further lines before the first table
	named  string   // of the provider; "" is scripted
	desk   *desk    // a home and a folder to go on with; nil for new ones
	stdout *os.File // where lines go, when the test does not read them
	launch []string // what starts codex-turn: argv that it is added to
}

// desk is a home and a folder to work in.
type desk struct{ home, work, script string }

func newDesk(t *testing.T) *desk {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{home: filepath.Join(root, "home"), work: filepath.Join(root, "work"), script: filepath.Join(root, "script.jsonl")}
	for _, dir := range []string{d.home, d.work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// engine is a running codex-turn.
type engine struct {
	t *testing.T
	*desk
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr programs.Buffer
	lines  *programs.Lines
	exited chan struct{}
	silent bool // nobody reads its lines here

	mu     sync.Mutex
	cursor int
	nextID int
	sent   map[string]string // id of a request: its method
}

// start starts an engine. At the end of the test it must be gone, with everything that
// it started, and all its lines must be what the protocol allows.
func start(t *testing.T, o setup) *engine {
	t.Helper()
	e := &engine{t: t, desk: o.desk, lines: programs.NewLines(), exited: make(chan struct{}), sent: map[string]string{}}
	if e.desk == nil {
		e.desk = newDesk(t)
	}
	if o.script != "" {
		write(t, e.script, o.script)
	}
	provider := fmt.Sprintf("command = [%q, \"replay\", %q]\n", filepath.Join(binaries, "codex-model"), e.script)
	if o.serve {
		provider = fmt.Sprintf("base_url = %q\nwire_api = \"responses\"\nrequest_max_retries = 0\nstream_max_retries = 0\n", serveModel(t, e.script))
	}
	name := o.named
	if name == "" {
		name = "scripted"
	}
	write(t, filepath.Join(e.home, "config.toml"), fmt.Sprintf("model_provider = %q\n%s\n[model_providers.%s]\nname = %q\n%s%s", name, o.top, name, name, provider, o.config))
	argv := append(append(append([]string{}, o.launch...), filepath.Join(binaries, "codex-turn"), "-C", e.work), o.args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = e.work
	cmd.Env = append([]string{"PATH=" + binaries + ":" + os.Getenv("PATH"), "HOME=" + e.home, "CODEX_HOME=" + e.home, "TERM=xterm",
		"TMPDIR=" + filepath.Dir(e.home), "TZ=UTC", e.mark()}, append(programs.Environ(), o.env...)...)
	cmd.Stderr = &e.stderr
	cmd.WaitDelay = patience
	var err error
	if e.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	var out *os.File
	if cmd.Stdout = o.stdout; o.stdout == nil {
		var w *os.File
		if out, w, err = os.Pipe(); err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		cmd.Stdout = w
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e.cmd, e.silent = cmd, out == nil
	go func() {
		defer close(e.exited)
		_ = cmd.Wait() // the status is in ProcessState
	}()
	if out != nil {
		go func() {
			defer out.Close()
			e.lines.Read(out)
		}()
	}
	t.Cleanup(e.finish)
	return e
}

// mark is in the environment of the engine and of all that it starts.
func (e *engine) mark() string { return "TURNWIRE=" + e.home }

// finish is the end of every test.
func (e *engine) finish() {
	e.stdin.Close()
	select {
	case <-e.exited:
	case <-time.After(patience):
		e.dump("does not leave")
	}
	for _, pid := range e.marked() {
		poll(e.t, fmt.Sprintf("the end of process %d (%s)", pid, cmdline(pid)), func() bool { return !alive(pid) })
	}
	if !e.silent {
		e.lines.Drain()
	}
	e.validate()
	if e.t.Failed() {
		e.t.Logf("stderr: %s\nlines:\n%s", e.stderr.String(), e.text())
	}
}

// dump fails the test and ends the engine. TURNWIRE_TRACE=1 shows what it was doing.
func (e *engine) dump(why string) {
	if os.Getenv("TURNWIRE_TRACE") != "" {
		_ = e.cmd.Process.Signal(syscall.SIGQUIT) // a Go program prints its goroutines
	} else {
		_ = e.cmd.Process.Kill()
	}
	<-e.exited
	e.t.Errorf("codex-turn %s\nlines:\n%s\nstderr: %s", why, e.text(), e.stderr.String())
}

// text shows the latest lines.
func (e *engine) text() string {
	var b strings.Builder
	all := e.lines.All()
	for _, l := range all[max(0, len(all)-30):] {
		fmt.Fprintf(&b, "%.230s\n", strings.TrimSuffix(l.Raw, "\n"))
	}
	return b.String()
}

// validate holds every line against the schema.
func (e *engine) validate() {
	seen := map[string]int{} // deltas look the same: a few of each will do
	for _, l := range e.lines.All() {
		method, id := l.Get("method").Str, l.Get("id")
		if seen[method]++; method != "" && seen[method] > 200 {
			continue
		}
		raw := []byte(l.Raw)
		if !json.Valid(raw) || !l.IsObject() || !strings.HasSuffix(l.Raw, "\n") || l.Get("jsonrpc").Exists() {
			e.t.Errorf("no message: %.300s", l.Raw)
			continue
		}
		if method == "" {
			method = e.sent[id.Raw]
			if id.Type == gjson.Null && l.Get("error.code").Int() != 0 && l.Get("error.message").Str != "" {
				continue // the answer to a line without an id
			}
		}
		if l.Get("error").Exists() && strings.HasPrefix(l.Get("error.message").Str, "Invalid request: unknown variant") {
			continue
		}
		if strings.HasPrefix(method, "codexTurn/") { // our own, in no schema of the original's
			if l.Get("params.threadId").Str == "" || l.Get("params.turnId").Str == "" || l.Get("params.message").Str == "" {
				e.t.Errorf("incomplete: %.500s", l.Raw)
			}
			continue
		}
		if err := schema.Validate(method, raw); err != nil {
			e.t.Errorf("%v: %.500s", err, l.Raw)
		}
	}
}

// send writes a line.
func (e *engine) send(line string) {
	e.t.Helper()
	if _, err := io.WriteString(e.stdin, line+"\n"); err != nil {
		e.t.Fatalf("send %.80s: %v", line, err)
	}
}

// post sends a request and gives its id, raw.
func (e *engine) post(method, params string) string {
	e.t.Helper()
	e.mu.Lock()
	e.nextID++
	id := strconv.Itoa(e.nextID)
	e.sent[id] = method
	e.mu.Unlock()
	e.send(fmt.Sprintf(`{"method":%q,"id":%s,"params":%s}`, method, id, params))
	return id
}

// call sends a request and gives its result.
func (e *engine) call(method, params string) gjson.Result {
	e.t.Helper()
	l := e.answer(e.post(method, params))
	if !l.Get("result").Exists() {
		e.t.Fatalf("%s %.200s: %s", method, params, l.Raw)
	}
	return l.Get("result")
}

// refused sends a request and gives the error that it must get.
func (e *engine) refused(method, params string) gjson.Result {
	e.t.Helper()
	l := e.answer(e.post(method, params))
	if !l.Get("error").Exists() {
		e.t.Fatalf("%s %.200s is not refused: %s", method, params, l.Raw)
	}
	return l.Get("error")
}

// answer waits for the answer to a request, wherever it is among the lines.
func (e *engine) answer(id string) gjson.Result {
	e.t.Helper()
	l, _ := e.seek("an answer to "+id, 0, func(l gjson.Result) bool {
		return !l.Get("method").Exists() && l.Get("id").Raw == id
	})
	return l
}

// next waits for the next line after the one that was found last which holds the paths
// and values, such as next("method", "item/started", "params.item.type", "userMessage").
func (e *engine) next(pathsAndValues ...string) gjson.Result {
	e.t.Helper()
	e.mu.Lock()
	from := e.cursor
	e.mu.Unlock()
	l, i := e.seek(strings.Join(pathsAndValues, " "), from, func(l gjson.Result) bool { return holds(l, pathsAndValues) })
	e.mu.Lock()
	e.cursor = i + 1
	e.mu.Unlock()
	return l
}

func holds(l gjson.Result, pathsAndValues []string) bool {
	for i := 0; i+1 < len(pathsAndValues); i += 2 {
		if v := l.Get(pathsAndValues[i]); !v.Exists() || v.String() != pathsAndValues[i+1] {
			return false
		}
	}
	return true
}

// seek waits for a line from the given one on, and gives its number as well.
func (e *engine) seek(what string, from int, ok func(gjson.Result) bool) (gjson.Result, int) {
	e.t.Helper()
	if l, i := e.lines.Seek(from, patience, ok); i >= 0 {
		return l, i
	}
	e.dump("gives no line for " + what)
	e.t.FailNow()
	return gjson.Result{}, 0
}

// find gives the lines so far that hold the paths and values.
func (e *engine) find(pathsAndValues ...string) []gjson.Result {
	var out []gjson.Result
	for _, l := range e.lines.All() {
		if holds(l, pathsAndValues) {
			out = append(out, l)
		}
	}
	return out
}

// turnDone waits for the end of a turn.
func (e *engine) turnDone(status string) gjson.Result {
	e.t.Helper()
	l := e.next("method", "turn/completed")
	if got := l.Get("params.turn.status").Str; got != status {
		e.t.Errorf("turn is %s, not %s: %s", got, status, l.Raw)
	}
	return l
}

// eof ends the engine's input.
func (e *engine) eof() { e.stdin.Close() }

// eofSeen ends the engine's input and waits until it knows: no thread of it reads there, or
// is still busy with what it has read.
func (e *engine) eofSeen() {
	e.t.Helper()
	e.eof()
	reads := fmt.Sprintf("%d 0x0 ", syscall.SYS_READ)
	poll(e.t, "the engine to see the end of its input", func() bool {
		files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", e.cmd.Process.Pid))
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil && (strings.HasPrefix(string(b), reads) || strings.HasPrefix(string(b), "running")) {
				return false
			}
		}
		return true
	})
}

func (e *engine) signal(s os.Signal) {
	e.t.Helper()
	if err := e.cmd.Process.Signal(s); err != nil {
		e.t.Fatal(err)
	}
}

// exit waits for the end of the process and holds its status.
func (e *engine) exit(want int) {
	e.t.Helper()
	select {
	case <-e.exited:
	case <-time.After(patience):
		e.dump("does not leave")
		return
	}
	if !e.silent {
		e.lines.Drain()
	}
	ps := e.cmd.ProcessState
	got := ps.ExitCode()
	if ws, ok := ps.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		got = 1000 + int(ws.Signal())
	}
	if got != want {
		e.t.Errorf("status %d, want %d\nstderr: %s", got, want, e.stderr.String())
	}
}

// quit ends the input and waits for a good end.
func (e *engine) quit() {
	e.t.Helper()
	e.eof()
	e.exit(0)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// quote is s as JSON.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be encoded
	}
	return string(b)
}

// serveModel starts codex-model serve and gives its address.
func serveModel(t *testing.T, script string) string {
	t.Helper()
	return programs.ServeModel(t, binaries, script, "--log", script+".log")
}
