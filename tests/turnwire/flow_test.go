//go:build linux

package turnwire

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
	"golang.org/x/sys/unix"
)

// free is how a test runs commands that are not about the sandbox.
func free(more ...string) []string {
	return append([]string{"-s", "danger-full-access", "-a", "never"}, more...)
}

// exec is a script whose first answer runs a command for as long as it wants.
func execScript(command string) string {
	return `{"call":"exec_command","args":{"cmd":` + quote(command) + `,"yield_time_ms":30000}}` + "\n" + `{"msg":"All done."}`
}

// A message is one write: on a socket that keeps writes apart, each is one line.
func TestOneWrite(t *testing.T) {
	t.Parallel()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	e := start(t, setup{script: execScript("head -c 70000 /dev/zero | tr '\\0' x"), args: free(), stdout: theirs})
	theirs.Close()
	e.send("go")
	e.eof()
	buf := make([]byte, 1<<20)
	largest, messages := 0, 0
	for {
		n, err := ours.Read(buf)
		if n == 0 || err != nil {
			break
		}
		line := string(buf[:n])
		if !gjson.Valid(line) || strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
			t.Errorf("a write of %d bytes that is not one line: %.200q", n, line)
		}
		largest, messages = max(largest, n), messages+1
	}
	e.exit(0)
	if messages < 10 || largest < 70000 {
		t.Errorf("%d messages, the largest of %d bytes", messages, largest)
	}
}

// flood is a script whose answer is n deltas of 4 KB that its last item does not repeat.
func flood(n int) string {
	var b strings.Builder
	b.WriteString(`[{"item":{"type":"reasoning","id":"rs_1","summary":[]},"added":true},` +
		`{"event":{"type":"response.output_item.added","item":{"type":"message","role":"assistant","id":"msg_1","content":[]}}}`)
	delta := `,{"event":{"type":"response.output_text.delta","item_id":"msg_1","delta":"` + strings.Repeat("abcdefgh", 512) + `"}}`
	for range n {
		b.WriteString(delta)
	}
	b.WriteString(`,{"event":{"type":"response.output_item.done","item":{"type":"message","role":"assistant","id":"msg_1","content":[{"type":"output_text","text":"short"}]}}}]`)
	return b.String()
}

// full says whether there is no room in the pipe that a process has as its stdin (0) or
// stdout (1).
func full(pid, fd int) bool {
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%d", pid, fd), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	c, err := f.SyscallConn()
	if err != nil {
		return false
	}
	writable := true
	err = c.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(p, 0)
		writable = err != nil || n > 0
	})
	return err == nil && !writable
}

// stuck waits until the engine has filled the pipe to its face.
func (e *engine) stuck() {
	e.t.Helper()
	poll(e.t, "a full pipe", func() bool { return full(e.cmd.Process.Pid, 1) })
}

// peak is the most memory that the engine has had so far, in MB.
func (e *engine) peak() int64 { return e.memory("VmHWM") >> 20 }

// A face that does not read holds up the engine, and the engine the model: neither pipe
// is emptied into memory. When it reads again nothing is lost.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const n = 4000 // 16 MB
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	e := start(t, setup{script: flood(n), stdout: w})
	w.Close()
	e.send("go")
	e.stuck()
	model := e.child("codex-model")
	poll(t, "the model's pipe to be full", func() bool { return full(model, 1) })
	// Requests are taken meanwhile, and their answers wait in line.
	e.send(`{"method":"thread/loaded/list","id":1}`)
	if peak := e.peak(); peak > 26 {
		t.Errorf("%d MB of memory", peak)
	}
	deltas, answers, last := 0, 0, ""
	for r := bufio.NewReader(out); last != "turn/completed"; {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		last = gjson.Get(line, "method").Str
		switch {
		case last == "item/agentMessage/delta" && strings.Count(line, "abcdefgh") == 512:
			deltas++
		case gjson.Get(line, "id").Int() == 1:
			answers++
		}
	}
	if deltas != n || answers != 1 {
		t.Errorf("%d deltas, %d answers", deltas, answers)
	}
	// The text of the deltas is kept until the item itself is there, once.
	if peak := e.peak(); peak > 26+2*16 {
		t.Errorf("%d MB of memory", peak)
	}
	e.quit()
}

// Nothing is read of stdin either while the face does not take what is written.
func TestSlowReaderOfAnswers(t *testing.T) {
	t.Parallel()
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	e := start(t, setup{script: hello, stdout: w})
	w.Close()
	const n = 20000
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i := range n {
			fmt.Fprintf(e.stdin, `{"method":"nope/%s","id":%d}`+"\n", strings.Repeat("x", 50), i)
		}
	}()
	e.stuck()
	poll(t, "a full pipe of requests", func() bool { return full(e.cmd.Process.Pid, 0) })
	select {
	case <-sent:
		t.Error("the engine has read everything")
	default:
	}
	r := bufio.NewReader(out)
	for i := range n {
		line, err := r.ReadString('\n')
		if err != nil || gjson.Get(line, "id").Int() != int64(i) {
			t.Fatalf("answer %d: %v %s", i, err, line)
		}
	}
	<-sent
	e.quit()
}

// A face that goes away ends the engine, the turn and all that it runs; the session file
// says so.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	e := start(t, setup{script: execScript("echo running; sleep 1000"), args: free(), stdout: w})
	w.Close()
	e.send("go")
	e.child("sleep 1000")
	out.Close()
	e.send(`{"method":"thread/loaded/list","id":1}`) // the answer finds nobody
	e.exit(141)
	e.endsAborted(t)
}

// One that goes away when it has asked for a turn, and before it is answered.
func TestReaderGoneAtStart(t *testing.T) {
	t.Parallel()
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	e := start(t, setup{script: hello, stdout: w})
	w.Close()
	e.send(`{"method":"thread/start","id":1,"params":{}}`)
	for in := bufio.NewScanner(out); in.Scan() && gjson.GetBytes(in.Bytes(), "method").Str != "thread/started"; {
	}
	out.Close()
	e.send(`{"method":"turn/start","id":2,"params":{"input":[{"type":"text","text":"go"}]}}`)
	e.exit(141)
}

// The same in the middle of a flood, as in codex-turn | head.
func TestReaderGoneInFlood(t *testing.T) {
	t.Parallel()
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	e := start(t, setup{script: flood(2000), stdout: w})
	w.Close()
	e.send("go")
	e.stuck()
	out.Close()
	e.exit(141)
	e.endsAborted(t)
}

// The end of input finishes the running turn, and the prompts that wait.
func TestEOFInTurn(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("echo running; cat gate"), args: free()})
	gate := e.fifo("gate")
	e.send("one")
	e.send("two")
	e.next("method", "item/commandExecution/outputDelta", "params.delta", "running\n")
	e.eof()
	open(t, gate)
	e.exit(0)
	equal(t, "prompts", e.prompts(), []string{"one", "two"})
	if n := len(e.find("method", "turn/completed", "params.turn.status", "completed")); n != 2 {
		t.Errorf("%d turns", n)
	}
}

// open lets a command go on that reads a named pipe.
func open(t *testing.T, gate string) {
	t.Helper()
	f, err := os.OpenFile(gate, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// Nothing in, nothing out.
func TestEmptyInput(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	e.quit()
	if n := len(e.lines.All()); n != 0 || e.stderr.String() != "" {
		t.Errorf("%d lines, stderr %q", n, e.stderr.String())
	}
	if _, err := os.Stat(e.home + "/sessions"); err == nil {
		t.Error("a session was made")
	}
}

const escalation = `{"call":"exec_command","args":{"cmd":"touch f","sandbox_permissions":"require_escalated","justification":"need it"}}` + "\n" + `{"msg":"On it goes."}`

// At the end of input an open question is declined, and the turn goes on to its end.
func TestEOFInApproval(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: escalation, args: []string{"-a", "on-request"}})
	e.send("go")
	e.next("method", "item/commandExecution/requestApproval")
	e.eof()
	e.exit(0)
	e.next("method", "serverRequest/resolved", "params.requestId", "0")
	e.next("method", "item/completed", "params.item.status", "declined")
	e.next("method", "item/completed", "params.item.text", "On it goes.")
	e.turnDone("completed")
}

// A question after the end of input is declined without being asked.
func TestApprovalAfterEOF(t *testing.T) {
	t.Parallel()
	e := start(t, setup{args: []string{"-a", "untrusted"}, script: `{"call":"exec_command","args":{"cmd":"cat gate","yield_time_ms":30000}}` + "\n" +
		`{"custom":"apply_patch","input":"*** Begin Patch\n*** Add File: /nowhere/x\n+x\n*** End Patch\n"}` + "\n" + `{"msg":"On it goes."}`})
	gate := e.fifo("gate")
	e.send("go")
	e.child("cat gate")
	e.eofSeen()
	open(t, gate)
	e.exit(0)
	e.turnDone("completed")
	if n := len(e.find("method", "item/fileChange/requestApproval")); n != 0 {
		t.Error("nobody was there to answer")
	}
	if n := len(e.find("method", "item/completed", "params.item.type", "fileChange", "params.item.status", "declined")); n != 1 {
		t.Errorf("%d declined patches", n)
	}
}

// Prompts that fill the queue while a question is open cannot hide that there is no
// answer among them.
func TestPromptsInsteadOfAnswer(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"when":"ask","call":"exec_command","args":{"cmd":"touch f","sandbox_permissions":"require_escalated"}}` + "\n" +
		`{"when":"ask","msg":"Well."}` + "\n" + hello, args: []string{"-a", "on-request", "--ephemeral"}})
	e.send("ask")
	for range 30 {
		e.send("prompt")
	}
	e.quit()
	if n := len(e.find("method", "turn/completed", "params.turn.status", "completed")); n != 31 {
		t.Errorf("%d turns", n)
	}
}

// A face that does not read cannot keep the engine from leaving when it is told to.
func TestStuckReader(t *testing.T) {
	t.Parallel()
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	e := start(t, setup{script: flood(2000), stdout: w})
	w.Close()
	e.send("go")
	e.stuck()
	e.signal(syscall.SIGTERM)
	e.exit(143)
	e.endsAborted(t)
}
