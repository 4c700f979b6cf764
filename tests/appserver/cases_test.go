package appserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/tidwall/gjson"
)

func (c *client) thread(params string) string {
	c.t.Helper()
	r := c.call("thread/start", params)
	id := r.Get("result.thread.id").Str
	if id == "" {
		c.t.Fatalf("thread/start: %s", r.Raw)
	}
	return id
}

func (c *client) turn(id, text string) gjson.Result {
	c.t.Helper()
	return c.call("turn/start", fmt.Sprintf(`{"threadId":%q,"input":[{"type":"text","text":%q}]}`, id, text))
}

func children(t *testing.T, pid int) []string {
	t.Helper()
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)); err != nil {
		t.Skip("no /proc")
	}
	var all []string
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range tasks {
		b, _ := os.ReadFile(f)
		all = append(all, strings.Fields(string(b))...)
	}
	return all
}

// TestAtRest: a thread is a file until a turn starts its engine.
func TestAtRest(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"hi"}`)
	c.initialize()
	id := c.thread(`{}`)
	if kids := children(t, c.cmd.Process.Pid); len(kids) != 0 {
		t.Errorf("an idle thread has processes: %v", kids)
	}
	if files, _ := filepath.Glob(c.home + "/sessions/*/*/*/*"); len(files) != 0 {
		t.Errorf("an empty thread has files: %v", files)
	}
	c.turn(id, "go")
	c.note("turn/completed")
	path := c.call("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("result.thread.path").Str
	if _, err := os.Stat(path); err != nil || !strings.Contains(path, id) {
		t.Errorf("session file: %v", err)
	}
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestCrash: an engine that is killed fails its turn; the other thread and the next turn
// go on.
func TestCrash(t *testing.T) {
	c := start(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"sleep 30"}}]`)
	c.initialize()
	id := c.thread(`{"approvalPolicy":"never","sandbox":"danger-full-access"}`)
	c.turn(id, "go")
	c.note("item/started")
	c.wait(func(m gjson.Result) bool { return m.Get("params.item.type").Str == "commandExecution" })
	other := c.thread(`{}`)
	for _, pid := range children(t, c.cmd.Process.Pid) {
		var n int
		fmt.Sscan(pid, &n)
		syscall.Kill(n, syscall.SIGKILL)
	}
	done := c.note("turn/completed")
	if done.Get("params.turn.status").Str != "failed" || !strings.Contains(done.Get("params.turn.error.message").Str, "killed by signal 9") {
		t.Errorf("the turn ended as %s", done.Raw)
	}
	if s := c.call("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("result.thread.status.type").Str; s != "systemError" {
		t.Errorf("status %s", s)
	}
	if r := c.turn(other, "go"); r.Get("error").Exists() {
		t.Errorf("the other thread: %s", r.Raw)
	}
	if r := c.turn(id, "again"); r.Get("error").Exists() {
		t.Errorf("the thread itself: %s", r.Raw)
	}
}

// TestEnd: the end of the input interrupts the turn, and the file says so.
func TestEnd(t *testing.T) {
	c := start(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"sleep 30"}}]`)
	c.initialize()
	id := c.thread(`{"approvalPolicy":"never","sandbox":"danger-full-access"}`)
	c.turn(id, "go")
	c.wait(func(m gjson.Result) bool { return m.Get("params.item.type").Str == "commandExecution" })
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	files, _ := filepath.Glob(c.home + "/sessions/*/*/*/*.jsonl")
	if len(files) != 1 {
		t.Fatal(files)
	}
	b, _ := os.ReadFile(files[0])
	if !bytes.Contains(b, []byte(`"turn_aborted"`)) {
		t.Errorf("no turn_aborted in %s", b[max(0, len(b)-600):])
	}
	c.run()
	c.initialize()
	list := c.call("thread/list", `{}`)
	if list.Get("result.data.0.status.type").Str != "notLoaded" || list.Get("result.data.0.id").Str != id {
		t.Errorf("list after a restart: %s", list.Raw)
	}
	r := c.call("thread/resume", fmt.Sprintf(`{"threadId":%q}`, id))
	if r.Get("result.thread.turns.0.status").Str != "interrupted" {
		t.Errorf("resume: %s", r.Raw)
	}
}

// TestManyThreads: turns of fifty threads run at once, and each ends.
func TestManyThreads(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"done"}`)
	c.initialize()
	want := map[string]bool{}
	for range 50 {
		id := c.thread(`{}`)
		c.turn(id, "go")
		want[id] = true
	}
	for len(want) > 0 {
		m := c.note("turn/completed")
		if m.Get("params.turn.status").Str != "completed" {
			t.Errorf("%s", m.Raw)
		}
		delete(want, m.Get("params.threadId").Str)
	}
}

// TestAbuse: what is no message has no answer, and the server stays up.
func TestAbuse(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"x"}`)
	c.cmd.Stderr = nil
	for range 200 {
		c.send("garbage {")
	}
	c.send(`{"method":"thread/list","id":5.5,"params":{}}`)
	c.send(`{"id":7}`)
	c.send(`[1,2]`)
	c.initialize()
	if len(c.got) != 1 {
		t.Errorf("answers to garbage: %v", c.got)
	}
	for i := range 400 {
		c.send(fmt.Sprintf(`{"method":"model/list","id":"a%d","params":{}}`, i))
	}
	over := 0
	for i := range 400 {
		id := fmt.Sprintf(`"a%d"`, i)
		m := c.wait(func(m gjson.Result) bool { return m.Get("id").Raw == id })
		switch code := m.Get("error.code").Int(); code {
		case 0:
		case -32001:
			over++
		default:
			t.Errorf("%s", m.Raw)
		}
	}
	t.Logf("%d of 400 were refused as too many", over)
	big := strings.Repeat("x", 1<<20+1)
	if r := c.call("thread/start", `{}`); !r.Get("result").Exists() {
		t.Error(r.Raw)
	} else if e := c.turn(r.Get("result.thread.id").Str, big); e.Get("error.code").Int() != -32602 || e.Get("error.data.input_error_code").Str != "input_too_large" {
		t.Errorf("too long an input: %.300s", e.Raw)
	}
}

// listen starts a server on a socket and waits until it is there.
func listen(t *testing.T, c *client, dial func() bool, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "codex-app-server"), args...)
	cmd.Dir = c.work
	cmd.Env = []string{"PATH=" + binaries + ":" + os.Getenv("PATH"), "HOME=" + c.home, "CODEX_HOME=" + c.home}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for end := time.Now().Add(patience); !dial(); {
		if time.Now().After(end) {
			t.Fatal("the server does not listen")
		}
	}
	return cmd
}

// peer is a client on a websocket.
type peer struct {
	t *testing.T
	c *websocket.Conn
	n int
}

func (p *peer) send(line string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.c.Write(ctx, websocket.MessageText, []byte(line)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *peer) wait(fits func(gjson.Result) bool) gjson.Result {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		_, b, err := p.c.Read(ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		if m := gjson.ParseBytes(b); fits(m) {
			return m
		}
	}
}

func (p *peer) call(method, params string) gjson.Result {
	p.t.Helper()
	p.n++
	id := fmt.Sprint(p.n)
	p.send(fmt.Sprintf(`{"method":%q,"id":%s,"params":%s}`, method, id, params))
	return p.wait(func(m gjson.Result) bool { return m.Get("id").Raw == id && !m.Get("method").Exists() })
}

func (p *peer) note(method string) gjson.Result {
	p.t.Helper()
	return p.wait(func(m gjson.Result) bool { return m.Get("method").Str == method })
}

func connect(t *testing.T, sock string) *peer {
	t.Helper()
	hc := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", sock)
	}}}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://localhost/", &websocket.DialOptions{HTTPClient: hc})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(64 << 20)
	t.Cleanup(func() { c.CloseNow() })
	p := &peer{t: t, c: c}
	p.call("initialize", `{"clientInfo":{"name":"peer","version":"1"}}`)
	return p
}

// TestTwoClients: the second sees only what goes to all until it resumes the thread; it
// gets the question that waits, and the turn goes on when the first has left. A drain
// waits for the turn, and the last message arrives.
func TestTwoClients(t *testing.T) {
	desk := start(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"touch x","sandbox_permissions":"require_escalated","justification":"j"}}] {"msg":"end"}`)
	sock := filepath.Join(desk.home, "app-server-control", "app-server-control.sock")
	up := func() bool {
		c, err := net.Dial("unix", sock)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	cmd := listen(t, desk, up, "--listen", "unix://")
	if fi, err := os.Stat(sock); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("socket %v %v", fi, err)
	}
	if out, err := exec.Command(filepath.Join(binaries, "codex-app-server"), "--listen", "unix://"+sock).CombinedOutput(); err == nil || !bytes.Contains(out, []byte("already in use")) {
		t.Errorf("a second server: %v %s", err, out)
	}
	a, b := connect(t, sock), connect(t, sock)
	id := a.call("thread/start", fmt.Sprintf(`{"cwd":%q,"approvalPolicy":"on-request","sandbox":"read-only"}`, desk.work)).Get("result.thread.id").Str
	a.call("turn/start", fmt.Sprintf(`{"threadId":%q,"input":[{"type":"text","text":"go"}]}`, id))
	q := a.note("item/commandExecution/requestApproval")
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
	desk := start(t, "mock-model", `{"msg":"x"}`)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	write(t, desk.home+"/token", "secret-token\n")
	listen(t, desk, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, "--listen", "ws://"+addr, "--ws-auth", "capability-token", "--ws-token-file", desk.home+"/token")
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
		{"--ws-auth capability-token --listen ws://127.0.0.1:0", 1, "`--ws-token-file` or `--ws-token-sha256` is required"},
		{"--ws-token-file /x", 1, "websocket auth flags require"},
		{"--ws-auth capability-token --ws-token-file /nonexistent --listen ws://127.0.0.1:0", 1, "failed to read websocket auth secret /nonexistent: No such file or directory (os error 2)"},
		{"--ws-auth capability-token --ws-token-sha256 zz", 1, "must be a 64-character hex"},
	} {
		cmd := exec.Command(filepath.Join(binaries, "codex-app-server"), strings.Fields(tc.args)...)
		cmd.Env = []string{"HOME=" + t.TempDir()}
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != tc.status || !strings.Contains(string(out), tc.text) {
			t.Errorf("%s: %d %s", tc.args, cmd.ProcessState.ExitCode(), out)
		}
	}
}

// TestGenerate: schemas and types come out, the types with a module for each schema.
func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range []string{"json-schema", "ts"} {
		if out, err := exec.Command(filepath.Join(binaries, "codex-app-server"), "generate-"+kind, "--out", dir+"/"+kind, "--experimental").CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	b, err := os.ReadFile(dir + "/json-schema/v2/TurnStartParams.json")
	if err != nil || !json.Valid(b) {
		t.Errorf("TurnStartParams.json: %v", err)
	}
	b, err = os.ReadFile(dir + "/ts/v2/TurnStatus.ts")
	if err != nil || !bytes.Contains(b, []byte(`export type TurnStatus = "completed" | "interrupted" | "failed" | "inProgress";`)) {
		t.Errorf("TurnStatus.ts: %v %s", err, b)
	}
	schemas, _ := filepath.Glob(dir + "/json-schema/v2/*.json")
	for _, s := range schemas {
		name := strings.TrimSuffix(filepath.Base(s), ".json")
		if _, err := os.Stat(dir + "/ts/v2/" + name + ".ts"); err != nil {
			if _, err := os.Stat(dir + "/ts/" + name + ".ts"); err != nil {
				t.Errorf("%s has no type", name)
			}
		}
	}
}
