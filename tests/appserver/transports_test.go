//go:build unix

package appserver

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
	"github.com/tidwall/gjson"
)

// TestTwoClients: the second sees only what goes to all, and may not answer, until it
// resumes the thread; it gets the question that waits, and the turn goes on when the
// first has left. A drain waits for the turn, and the last message arrives.
func TestTwoClients(t *testing.T) {
	d := scripted(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"touch x","sandbox_permissions":"require_escalated","justification":"j"}}] {"msg":"end"}`)
	cmd, sock := d.unix()
	if fi, err := os.Stat(sock); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("socket %v %v", fi, err)
	}
	if out, err := exec.Command(filepath.Join(binaries, "codex-app-server"), "--listen", "unix://"+sock).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("already in use")) {
		t.Errorf("a second server: %v %s", err, out)
	}
	a, b := connect(t, sock), connect(t, sock)
	id := a.call("thread/start", fmt.Sprintf(`{"cwd":%q,"approvalPolicy":"on-request","sandbox":"read-only"}`, d.work)).Get("result.thread.id").Str
	a.call("turn/start", fmt.Sprintf(`{"threadId":%q,"input":[{"type":"text","text":"go"}]}`, id))
	q := a.note("item/commandExecution/requestApproval")
	b.send(fmt.Sprintf(`{"id":%s,"result":{"decision":"accept"}}`, q.Get("id").Raw)) // nobody asked it
	var seen []string
	b.send(fmt.Sprintf(`{"method":"thread/resume","id":50,"params":{"threadId":%q}}`, id))
	r := b.wait(func(m gjson.Result) bool {
		seen = append(seen, m.Get("method").Str)
		return m.Get("id").Raw == "50"
	})
	for _, m := range seen {
		switch m {
		case "", "thread/started", "thread/status/changed", "remoteControl/status/changed":
		default:
			t.Errorf("before it subscribed the second client saw %s", m)
		}
	}
	if r.Get("result.thread.turns.0.status").Str != "inProgress" || r.Get("result.thread.status.activeFlags.0").Str != "waitingOnApproval" {
		t.Errorf("resume: %s", r.Raw)
	}
	if again := b.note("item/commandExecution/requestApproval"); again.Get("id").Raw != q.Get("id").Raw {
		t.Errorf("the question came again as %s, was %s", again.Get("id").Raw, q.Get("id").Raw)
	}
	a.c.CloseNow()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	b.send(fmt.Sprintf(`{"id":%s,"result":{"decision":"accept"}}`, q.Get("id").Raw))
	b.note("serverRequest/resolved")
	if done := b.note("turn/completed"); done.Get("params.turn.status").Str != "completed" {
		t.Errorf("the turn ended as %s", done.Raw)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the drained server: %v", err)
	}
	if _, err := os.Stat(sock); err == nil {
		t.Error("the socket is left")
	}
}

// TestTokens: only the right token gets in, and pages of the web never.
func TestTokens(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	write(t, d.home+"/token", "secret-token\n")
	addr := strings.TrimPrefix(d.listen(d.command("--listen", "ws://127.0.0.1:0", "--ws-auth", "capability-token", "--ws-token-file", d.home+"/token")), "ws://")
	for _, tc := range []struct {
		path, header, value string
		status              int
		body                string
	}{
		{"/", "", "", 401, "missing websocket bearer token"},
		{"/", "Authorization", "Bearer nope", 401, "invalid websocket bearer token"},
		{"/", "Authorization", "Basic x", 401, "invalid authorization header"},
		{"/", "Authorization", "Bearer secret-token", 101, ""},
		{"/readyz", "", "", 200, ""},
		{"/healthz", "", "", 200, ""},
		{"/healthz", "Origin", "http://x", 403, ""},
		{"/other", "Authorization", "Bearer secret-token", 400, "Connection header did not include 'upgrade'\n"},
		{"/", "Origin", "http://x", 403, ""},
	} {
		req, err := http.NewRequest("GET", "http://"+addr+tc.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tc.path == "/" {
			for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
				req.Header.Set(k, v)
			}
		}
		if tc.header != "" {
			req.Header.Set(tc.header, tc.value)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		if tc.status != 101 {
			_, _ = body.ReadFrom(res.Body)
		}
		res.Body.Close()
		if res.StatusCode != tc.status || body.String() != tc.body {
			t.Errorf("%+v: %d %q", tc, res.StatusCode, body.String())
		}
	}
}

// TestCommandLine: wrong URLs and options have the original's words and statuses.
func TestCommandLine(t *testing.T) {
	for _, tc := range []struct {
		args   string
		status int
		text   string
	}{
		{"--listen http://x", 2, "unsupported --listen URL `http://x`"},
		{"--listen ws://localhost:1", 2, "invalid websocket --listen URL `ws://localhost:1`"},
		{"--listen off", 1, "no transport configured"},
		{"--listen ws://0.0.0.0:0", 1, "ws://0.0.0.0:0 can be reached from other machines"},
		{"--listen ws://[::]:0", 1, "can be reached from other machines"},
		{"--ws-auth capability-token --listen ws://127.0.0.1:0", 1, "`--ws-token-file` or `--ws-token-sha256` is required"},
		{"--ws-token-file /x", 1, "websocket auth flags require"},
		{"--ws-auth capability-token --ws-token-file MISSING --listen ws://127.0.0.1:0", 1, "failed to read websocket auth secret MISSING: No such file or directory (os error 2)"},
		{"--ws-auth capability-token --ws-token-sha256 zz", 1, "must be a 64-character hex"},
		{"--ws-auth signed-bearer-token --ws-shared-secret-file rel --listen ws://127.0.0.1:0", 1, "/rel: No such file or directory (os error 2)"},
		{"--listen unix:///proc/version", 1, "app-server control socket path exists and is not a socket: /proc/version"},
	} {
		cmd := exec.Command(filepath.Join(binaries, "codex-app-server"), strings.Fields(tc.args)...)
		home := t.TempDir()
		cmd.Env = []string{"HOME=" + home}
		missing := filepath.Join(home, "missing")
		if i := slices.Index(cmd.Args, "MISSING"); i > 0 {
			cmd.Args[i] = missing
		}
		tc.text = strings.ReplaceAll(tc.text, "MISSING", missing)
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != tc.status || !strings.Contains(string(out), tc.text) {
			t.Errorf("%s: %d %s", tc.args, cmd.ProcessState.ExitCode(), out)
		}
	}
}

// TestBanner: a socket server says where it listens, and leaves with status 0 at a signal.
func TestBanner(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	cmd := d.command("--listen", "ws://127.0.0.1:0")
	cmd.Stderr = nil
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	r := bufio.NewReader(out)
	var lines []string
	for range 5 {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err, lines)
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	addr, ok := strings.CutPrefix(lines[1], "listening on: ws://")
	want := []string{"codex app-server (WebSockets)", "listening on: ws://" + addr, "readyz: http://" + addr + "/readyz", "healthz: http://" + addr + "/healthz",
		"note: binds localhost only (use SSH port-forwarding for remote access)"}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") || !ok {
		t.Errorf("banner:\n%s", strings.Join(lines, "\n"))
	}
	p := upgrade(t, "ws://"+addr+"/any/path", nil)
	p.initialize()
	if err := p.c.Write(context.Background(), websocket.MessageBinary, []byte(`{"method":"thread/loaded/list","id":"b","params":{}}`)); err != nil {
		t.Fatal(err)
	}
	if err := p.c.Ping(context.Background()); err != nil {
		t.Error(err)
	}
	p.result("thread/loaded/list", `{}`) // the frame with bytes had no answer
	for _, m := range p.got {
		if m.Get("id").Raw == `"b"` {
			t.Errorf("a binary frame was answered: %s", m.Raw)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the interrupted server: %v", err)
	}
}

// TestNames: the first client names the process, later ones add themselves, and the
// daemon's probe counts for neither.
func TestNames(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	_, sock := d.unix()
	for _, tc := range []struct{ name, begins, ends string }{
		{"codex_app_server_daemon", "codex_cli_rs/0.133.0", "(codex_app_server_daemon; 1)"},
		{"first", "first/0.133.0", "(first; 1)"},
		{"second", "first/0.133.0", "(second; 1)"},
	} {
		got := dial(t, sock).result("initialize", fmt.Sprintf(`{"clientInfo":{"name":%q,"version":"1"}}`, tc.name)).Get("userAgent").Str
		if !strings.HasPrefix(got, tc.begins) || !strings.HasSuffix(got, tc.ends) {
			t.Errorf("%s: %s", tc.name, got)
		}
	}
	p := dial(t, sock)
	if got := p.call("initialize", `{"clientInfo":{"name":"bad\nname","version":"1"}}`); got.Get("error.message").Str != "Invalid clientInfo.name: 'bad\nname'. Must be a valid HTTP header value." {
		t.Error(got.Raw)
	}
	p.initialize() // it may try again
	p.result("thread/loaded/list", `{}`)
}

// TestBadConfig: a configuration that is none does not stop the server; threads say why
// they cannot start.
func TestBadConfig(t *testing.T) {
	d := empty(t)
	write(t, d.home+"/config.toml", "model = \"x\"\nnotify = [\n")
	c := d.stdio()
	c.initialize()
	warning := c.note("configWarning").Get("params")
	where := d.home + "/config.toml:"
	if warning.Get("summary").Str != "Invalid configuration; using defaults." || !strings.HasPrefix(warning.Get("details").Str, where) || warning.Get("path").Str != d.home+"/config.toml" ||
		warning.Get("range.start.line").Int() == 0 {
		t.Error(warning.Raw)
	}
	c.note("remoteControl/status/changed")
	if got := c.call("thread/start", `{}`).Get("error.message").Str; got != "failed to load configuration: "+warning.Get("details").Str {
		t.Errorf("thread/start: %s", got)
	}
}

// TestTerm: a server on stdio dies of SIGTERM, after its turn was ended in good order.
func TestTerm(t *testing.T) {
	c := start(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"sleep 30"}}]`)
	c.initialize()
	id := c.thread(`{"approvalPolicy":"never","sandbox":"danger-full-access"}`)
	c.turn(id, "go")
	c.wait(func(m gjson.Result) bool { return m.Get("params.item.type").Str == "commandExecution" })
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if done := c.note("turn/completed"); done.Get("params.turn.status").Str != "interrupted" {
		t.Errorf("the turn ended as %s", done.Raw)
	}
	c.drain()
	_ = c.cmd.Wait()
	if ws, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGTERM {
		t.Errorf("the server ended with %v", c.cmd.ProcessState)
	}
}
