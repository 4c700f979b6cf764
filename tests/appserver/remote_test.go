//go:build unix

package appserver

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/tidwall/gjson"

	"codex/tests/programs"
)

// relayed starts a relay, and gives its address and the websockets that are opened to it,
// each as the wire of its first client.
func relayed(t *testing.T) (string, <-chan *wire) {
	t.Helper()
	clients := make(chan *wire, 16)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer own-token" {
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		if r.Method == http.MethodPost {
			fmt.Fprint(w, `{"server_id":"srv","environment_id":"env"}`)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		p := &wire{t: t, lines: make(chan string, 10000), sent: map[string]string{}}
		defer close(p.lines)
		write := func(format string, args ...any) error {
			return c.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, format, args...))
		}
		seq := 0
		p.put = func(line string) error {
			seq++
			return write(`{"type":"client_message","client_id":"phone","stream_id":"s","seq_id":%d,"message":%s}`, seq, line)
		}
		clients <- p
		for {
			_, b, err := c.Read(context.Background())
			if err != nil {
				return
			}
			f := gjson.ParseBytes(b)
			if m := f.Get("message"); m.Exists() {
				p.lines <- m.Raw
			}
			if write(`{"type":"ack","client_id":"phone","stream_id":"s","seq_id":%s}`, f.Get("seq_id").Raw) != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, clients
}

func (d *desk) remote(url, token string, args ...string) *exec.Cmd {
	cmd := d.command(args...)
	cmd.Env = append(cmd.Env, "CODEX_REMOTE_CONTROL_URL="+url, "CODEX_REMOTE_CONTROL_TOKEN="+token)
	return cmd
}

func next(t *testing.T, clients <-chan *wire) *wire {
	t.Helper()
	select {
	case p := <-clients:
		return p
	case <-time.After(patience):
		t.Fatal("the server does not come to the relay")
		return nil
	}
}

// TestRemoteControl: a client behind a relay is one like any other, also where nothing
// listens; at the end of the server it gets the last messages.
func TestRemoteControl(t *testing.T) {
	url, clients := relayed(t)
	d := scripted(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"sleep 30"}}]`)
	cmd := d.remote(url, "own-token", "--remote-control", "--listen", "off")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	phone := next(t, clients)
	phone.initialize()
	if n := phone.note("remoteControl/status/changed").Get("params"); n.Get("status").Str != "connected" || n.Get("environmentId").Str != "env" {
		t.Errorf("status %s", n.Raw)
	}
	id := phone.thread(fmt.Sprintf(`{"cwd":%q,"approvalPolicy":"never","sandbox":"danger-full-access"}`, d.work))
	phone.turn(id, "go")
	phone.wait(func(m gjson.Result) bool { return m.Get("params.item.type").Str == "commandExecution" })
	var done gjson.Result
	for !done.Exists() { // a second signal does not wait for the turn
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		id := phone.request("thread/loaded/list", `{}`)
		m := phone.wait(func(m gjson.Result) bool { return m.Get("id").Raw == id || m.Get("method").Str == "turn/completed" })
		if m.Get("method").Exists() {
			done = m
		}
	}
	if done.Get("params.turn.status").Str != "interrupted" {
		t.Errorf("the turn ended as %s", done.Raw)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server: %v", err)
	}
}

// TestRemoteControlSwitch: remote control is switched on and off while the server runs,
// and everybody is told; without a login the status says so.
func TestRemoteControlSwitch(t *testing.T) {
	url, clients := relayed(t)
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	c := d.run(d.remote(url, "own-token"))
	c.initialize()
	status := func() string { return c.note("remoteControl/status/changed").Get("params.status").Str }
	if got := status(); got != "disabled" {
		t.Errorf("at first %s", got)
	}
	if got := c.result("remoteControl/enable", "").Get("status").Str; got != "connecting" && got != "connected" {
		t.Errorf("enabled: %s", got)
	}
	for status() != "connected" {
	}
	phone := next(t, clients)
	phone.initialize()
	if got := phone.result("remoteControl/disable", "").Get("status").Str; got != "disabled" { // it saws off its branch
		t.Errorf("disabled: %s", got)
	}
	for status() != "disabled" {
	}
	phone.drain()
	if got := c.result("remoteControl/status/read", "").Get("status").Str; got != "disabled" {
		t.Errorf("read: %s", got)
	}
	for _, tc := range []struct{ url, token string }{{"", ""}, {url, ""}, {url, "wrong"}, {"http://relay.example", "own-token"}, {"http://127.0.0.1:1", "own-token"}} {
		c := d.run(d.remote(tc.url, tc.token, "--remote-control"))
		c.cmd.Stderr = nil
		c.initialize()
		for c.note("remoteControl/status/changed").Get("params.status").Str != "errored" {
		}
		if status := c.leave(); status != 0 {
			t.Errorf("%+v: exit status %d", tc, status)
		}
	}
}

// TestRemoteControlForeground: codex remote-control stays while clients can come, and
// takes the server with it.
func TestRemoteControlForeground(t *testing.T) {
	url, clients := relayed(t)
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	start := func(token string) (*exec.Cmd, *bufio.Scanner) {
		cmd := d.remote(url, token)
		cmd.Path, cmd.Args = binaries+"/codex-daemon", []string{"codex-daemon", "remote-control"}
		return cmd, bufio.NewScanner(programs.Start(t, cmd))
	}
	cmd, lines := start("own-token")
	for _, want := range []string{"Starting app-server with remote control enabled...", "Remote control is connected on "} {
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Fatalf("said %q, not %q", lines.Text(), want)
		}
	}
	phone := next(t, clients)
	phone.initialize()
	phone.result("thread/loaded/list", `{}`)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("after ^C: %v", err)
	}
	for range phone.lines { // until the server has gone
	}
	cmd, lines = start("wrong")
	for lines.Scan() {
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("with a wrong token: %v", err)
	}
}
