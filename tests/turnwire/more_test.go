//go:build linux

package turnwire

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A compaction is a turn that takes no input; input is refused, not lost.
func TestCompaction(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"msg":"Hello there."}` + "\n" + `{"items":[{"msg":"sum"}],"cut":2,"hang":true}` + "\n" + hello, serve: true})
	e.call("thread/start", `{}`)
	e.call("turn/start", input("go"))
	e.turnDone("completed")
	e.call("thread/compact/start", `{}`)
	id := e.next("method", "turn/started").Get("params.turn.id").Str
	e.next("method", "item/started", "params.item.type", "contextCompaction")
	for _, err := range []string{
		e.refusal("turn/start", input("more"), "cannot steer a compact turn").Get("data.codexErrorInfo").Raw,
		e.refusal("turn/steer", `{"expectedTurnId":"`+id+`","input":[{"type":"text","text":"x"}]}`, "cannot steer a compact turn").Get("data.codexErrorInfo").Raw,
	} {
		if err != `{"activeTurnNotSteerable":{"turnKind":"compact"}}` {
			t.Error(err)
		}
	}
	poll(t, "the request to come", func() bool { return len(e.requests()) == 2 })
	e.refusal("thread/compact/start", `{}`, "cannot compact while a turn is running")
	e.call("turn/interrupt", `{"turnId":"`+id+`"}`)
	e.turnDone("interrupted")
	e.call("thread/compact/start", `{}`)
	e.next("method", "item/completed", "params.item.type", "contextCompaction")
	e.next("method", "thread/compacted")
	e.turnDone("completed")
	e.send("after")
	e.turnDone("completed")
	e.quit()
}

// Items put into the history are sent with the next turn, and kept.
func TestInjectItems(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello, serve: true})
	item := `{"type":"message","role":"user","content":[{"type":"input_text","text":"by the way"}]}`
	e.call("thread/inject_items", `{"items":[`+item+`]}`)
	e.send("go")
	e.turnDone("completed")
	e.quit()
	if got := e.requests()[0].Get("body.input").Raw; !strings.Contains(got, item) {
		t.Error(got)
	}
	kept := 0
	for _, l := range e.rollout(t) {
		if l.Get("payload.content.0.text").Str == "by the way" {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("kept %d times", kept)
	}
}

// Background terminals end when they are told to.
func TestCleanTerminals(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"call":"exec_command","args":{"cmd":"echo running; sleep 1000","yield_time_ms":250}}` + "\n" + hello, args: free()})
	e.send("go")
	e.turnDone("completed")
	pid := e.child("sleep 1000")
	e.call("thread/backgroundTerminals/clean", `{}`)
	poll(t, "the end of the command", func() bool { return !alive(pid) })
	e.next("method", "item/completed", "params.item.type", "commandExecution")
	e.quit()
}

// Settings that cannot be read are told, to people and to the face, and no turn begins.
func TestBrokenConfig(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello, top: "approval_policy = 7"})
	e.send("go")
	e.next("error.code", "-32603", "id", "")
	if err := e.refused("thread/start", `{}`); err.Get("code").Int() != -32603 || !strings.Contains(err.Get("message").Str, "approval_policy") {
		t.Error(err.Raw)
	}
	e.eof()
	e.exit(1)
	if !strings.Contains(e.stderr.String(), "approval_policy") {
		t.Errorf("stderr %q", e.stderr.String())
	}
}

// A session file that cannot be written is told once; the turn goes on.
func TestNoSessionFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	write(t, filepath.Join(d.home, "sessions"), "a file, not a folder")
	e := start(t, setup{script: hello, desk: d})
	e.send("one")
	e.turnDone("completed")
	e.send("two")
	e.turnDone("completed")
	e.quit()
	if n := len(e.find("method", "warning")); n != 1 || !strings.Contains(e.stderr.String(), "session file") {
		t.Errorf("%d warnings, stderr %q", n, e.stderr.String())
	}
}

// Standard input that cannot be read is a failure, not the end of input.
func TestUnreadableInput(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello, launch: []string{"/bin/sh", "-c", `exec "$@" </`, "sh"}})
	e.exit(1)
	if !strings.Contains(e.stderr.String(), "read stdin") {
		t.Errorf("stderr %q", e.stderr.String())
	}
}

// More input than a turn can keep waiting is refused, not queued without bound.
func TestTooMuchSteering(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("cat gate"), args: free()})
	gate := e.fifo("gate")
	e.call("turn/start", input("go"))
	e.child("cat gate")
	n := 0
	for ; n < 10000; n++ {
		l := e.answer(e.post("turn/start", input("x")))
		if l.Get("error").Exists() {
			if l.Get("error.code").Int() != -32001 {
				t.Error(l.Raw)
			}
			break
		}
	}
	if n == 10000 {
		t.Error("all taken")
	}
	open(t, gate)
	e.turnDone("completed")
	e.quit()
	if got := len(e.prompts()); got != n+1 {
		t.Errorf("%d prompts of %d", got, n+1)
	}
}

// A command that floods a face that does not read cannot keep the engine from leaving.
func TestStuckReaderOfOutput(t *testing.T) {
	t.Parallel()
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	e := start(t, setup{script: execScript("yes"), args: free(), stdout: w})
	w.Close()
	e.send("go")
	e.stuck()
	e.child("yes")
	e.signal(syscall.SIGTERM)
	e.exit(143)
	e.endsAborted(t)
}

// An executor that does not answer cannot either.
func TestStoppedExecutor(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript(running), args: free()})
	e.send("go")
	e.started()
	if err := syscall.Kill(e.child("codex-sandbox"), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	e.signal(syscall.SIGTERM)
	e.exit(143)
	e.endsAborted(t)
}

// An executor that has gone between turns is replaced before it is missed.
func TestExecutorGoneIdle(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("echo one") + execScript("echo two"), args: free()})
	e.send("go")
	e.turnDone("completed")
	pid := e.child("codex-sandbox")
	pipe, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", pid))
	if err != nil {
		t.Fatal(err)
	}
	kill(t, pid)
	poll(t, "the engine to see it", func() bool { return !e.has(pipe) })
	write(t, e.script, execScript("echo two")+execScript("echo two"))
	e.send("again")
	e.next("method", "item/completed", "params.item.aggregatedOutput", "two\n")
	e.turnDone("completed")
	e.quit()
}
