//go:build unix

package appserver

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// much is how much abuse a test makes: little, or with CODEX_ABUSE set a lot.
func much(little, lot int) int {
	if os.Getenv("CODEX_ABUSE") != "" {
		return lot
	}
	return little
}

// memory is what a process has in memory, in MiB.
func memory(t *testing.T, pid int) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("no /proc")
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// settles waits until a process has at most so many MiB in memory.
func settles(t *testing.T, pid, most int, after string, work func()) {
	t.Helper()
	var have int
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if have = memory(t, pid); have <= most {
			t.Logf("%d MiB after %s", have, after)
			return
		}
		work()
	}
	t.Errorf("%d MiB after %s, more than %d", have, after, most)
}

// TestAbuse: what is no message has no answer, a request whose id is none is refused, and the
// server stays up.
func TestAbuse(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"x"}`)
	for range much(200, 10000) {
		c.send("garbage {")
	}
	c.send(`{"method":"thread/list","id":5.5,"params":{}}`)
	c.send(`{"id":7}`)
	c.send(`[1,2]`)
	c.initialize()
	if len(c.got) != 2 || c.got[0].Get("id").Raw != "null" || c.got[0].Get("error.code").Int() != -32700 {
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

// TestHalf: what is cut off in the middle, a line or a frame, is no message.
func TestHalf(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"x"}`)
	c.initialize()
	if err := c.put(`{"method":"thread/loaded/list","id":"half"`); err != nil {
		t.Fatal(err)
	}
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, m := range c.got {
		if m.Get("id").Raw == `"half"` {
			t.Errorf("half a message was answered: %s", m.Raw)
		}
	}
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	_, sock := d.unix()
	for _, bytes := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\xff\x00\x00\x00\x00\x7f\xff\xff\xff", "\x00\xff\x16\x03\x01"} {
		n, err := net.Dial("unix", sock)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Write([]byte(bytes)); err != nil {
			t.Fatal(err)
		}
		n.Close()
	}
	connect(t, sock).result("thread/loaded/list", `{}`)
}

// TestBig: a huge message is answered or ends its connection, and its memory is given
// back.
func TestBig(t *testing.T) {
	size := much(17, 100) << 20
	c := start(t, "mock-model", `{"msg":"x"}`)
	c.initialize()
	id := c.thread(`{}`)
	big := strings.Repeat("x", size)
	if e := c.turn(id, big); e.Get("error.data.input_error_code").Str != "input_too_large" {
		t.Errorf("%.300s", e.Raw)
	}
	c.send(big)
	if e := c.call("thread/start", `{"cwd":"`+big+`"}`); !e.Get("error").Exists() || len(e.Raw) > 1<<20 {
		t.Errorf("%.300s", e.Raw)
	}
	file := c.work + "/big"
	c.result("fs/writeFile", fmt.Sprintf(`{"path":%q,"dataBase64":%q}`, file, base64.StdEncoding.EncodeToString([]byte(big))))
	if fi, err := os.Stat(file); err != nil || fi.Size() != int64(size) {
		t.Errorf("written: %v %v", fi, err)
	}
	settles(t, c.cmd.Process.Pid, 60, "huge lines", func() { c.result("thread/loaded/list", `{}`) })
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	cmd, sock := d.unix()
	p, other := connect(t, sock), connect(t, sock)
	if e := p.call("turn/start", fmt.Sprintf(`{"threadId":"x","input":[{"type":"text","text":%q}]}`, big)); !e.Get("error").Exists() {
		t.Errorf("%.300s", e.Raw)
	}
	settles(t, cmd.Process.Pid, 60, "a huge frame", func() { other.result("thread/loaded/list", `{}`) })
}

// TestConnections: many clients at once are served, and leave nothing behind.
func TestConnections(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	cmd, sock := d.unix()
	first := connect(t, sock)
	before := memory(t, cmd.Process.Pid)
	n := much(50, 1000)
	all := make([]*peer, n)
	for i := range all {
		all[i] = connect(t, sock)
	}
	id := first.thread(`{}`)
	for _, p := range all {
		if got := p.note("thread/started").Get("params.thread.id").Str; got != id {
			t.Fatalf("a client was told of %s", got)
		}
	}
	t.Logf("%d MiB with one client, %d with %d more", before, memory(t, cmd.Process.Pid), n)
	for _, p := range all {
		p.c.CloseNow()
	}
	settles(t, cmd.Process.Pid, before+40, "they left", func() { first.result("thread/loaded/list", `{}`) })
}

// TestOrderOfThings: before initialize nothing is answered but by an error, initialize
// counts once, and an id that is in use is refused.
func TestOrderOfThings(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"x"}`)
	for _, method := range []string{"thread/list", "fs/remove", "nope"} {
		if got := c.call(method, `{}`).Get("error.message").Str; got != "Not initialized" {
			t.Errorf("%s: %s", method, got)
		}
	}
	c.initialize()
	if got := c.call("initialize", `{"clientInfo":{"name":"x","version":"1"}}`).Get("error.message").Str; got != "Already initialized" {
		t.Error(got)
	}
	c.send(`{"method":"command/exec","id":"twice","params":{"command":["cat"],"processId":"p","streamStdin":true,"sandboxPolicy":{"type":"dangerFullAccess"}}}`)
	c.send(`{"method":"thread/loaded/list","id":"twice","params":{}}`)
	if got := c.answer(`"twice"`).Get("error.message").Str; !strings.Contains(got, `request id "twice" is that of a request that has no answer yet`) {
		t.Error(got)
	}
	for { // until it runs
		if got := c.call("command/exec/write", `{"processId":"p","closeStdin":true}`); got.Get("result").Exists() {
			break
		}
	}
	c.sent[`"twice"`] = "command/exec"
	if got := c.answer(`"twice"`); got.Get("result.exitCode").Raw != "0" {
		t.Error(got.Raw)
	}
	c.send(`{"method":"thread/loaded/list","id":"twice","params":{}}`) // free again
	if got := c.answer(`"twice"`); !got.Get("result").Exists() {
		t.Error(got.Raw)
	}
}

// TestDeaf: a client that stops reading loses its connection; the others get everything,
// and memory stays bounded.
func TestDeaf(t *testing.T) {
	d := scripted(t, "mock-model", `{"msg":"x"}`)
	cmd, sock := d.unix()
	deaf, good := dialDeaf(t, sock), connect(t, sock)
	write(t, d.work+"/big", strings.Repeat("x", 3<<20))
	deaf.send(`{"method":"initialize","id":1,"params":{"clientInfo":{"name":"deaf","version":"1"}}}`)
	most := 0
	for end, i := time.Now().Add(patience), 0; ; i++ { // each answer has 4 MiB
		if deaf.send(fmt.Sprintf(`{"method":"fs/readFile","id":"r%d","params":{"path":%q}}`, i, d.work+"/big")) != nil {
			break
		}
		most = max(most, memory(t, cmd.Process.Pid))
		good.result("thread/loaded/list", `{}`)
		if time.Now().After(end) {
			t.Fatal("a client that does not read keeps its connection")
		}
	}
	if t.Logf("%d MiB at most", most); most > 400 {
		t.Errorf("%d MiB for one client that does not read", most)
	}
	id := good.thread(`{}`)
	if done := good.ran(id, "go"); done.Get("params.turn.status").Str != "completed" {
		t.Error(done.Raw)
	}
}

// deafPeer is a websocket client that never reads.
type deafPeer struct{ c net.Conn }

func dialDeaf(t *testing.T, sock string) *deafPeer {
	t.Helper()
	c, err := net.Dial("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	if n, err := c.Read(buf); err != nil || !bytes.Contains(buf[:n], []byte(" 101 ")) {
		t.Fatalf("upgrade: %s %v", buf[:n], err)
	}
	return &deafPeer{c}
}

// send writes a text frame with a mask of zeros.
func (d *deafPeer) send(line string) error {
	head := []byte{0x81, 0x80 | 126, byte(len(line) >> 8), byte(len(line)), 0, 0, 0, 0}
	_, err := d.c.Write(append(head, line...))
	return err
}
