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

// A compaction is a turn that takes no input; input is refused, not lost. Another one
// takes its place.
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
	e.call("thread/compact/start", `{}`)
	e.turnDone("interrupted")
	e.next("method", "item/completed", "params.item.type", "contextCompaction")
	e.next("method", "warning")
	e.turnDone("completed")
	e.send("after")
	e.turnDone("completed")
	e.quit()
	for _, l := range e.rollout(t) {
		if l.Get("payload.type").Str == "turn_aborted" && l.Get("payload.reason").Str != "replaced" {
			t.Error(l.Raw)
		}
	}
}

// Items put into the history are sent with the next turn, and kept; while a turn runs,
// with its next request.
func TestInjectItems(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("cat gate") + hello, serve: true, args: free()})
	gate := e.fifo("gate")
	for items, want := range map[string]string{
		`[]`: "items must not be empty", `["x"]`: "items[0] is not a valid response item: it is no object",
		`[{}]`:                               "items[0] is not a valid response item: missing field `type`",
		`[{"type":"message","role":"user"}]`: "items[0] is not a valid response item: missing field `content`",
		`[{"type":"message","content":[]}]`:  "items[0] is not a valid response item: missing field `role`",
		`[{"type":"nope"},{"type":"function_call_output"}]`:  "items[1] is not a valid response item: missing field `call_id`",
		`[{"type":"custom_tool_call_output","call_id":"c"}]`: "items[0] is not a valid response item: missing field `output`",
	} {
		e.refusal("thread/inject_items", `{"items":`+items+`}`, want)
	}
	item := func(text string) string {
		return `{"type":"message","role":"user","content":[{"type":"input_text","text":` + quote(text) + `}]}`
	}
	e.call("thread/inject_items", `{"items":[{"type":"nope"},{"id":"m","zz":1,"type":"message","role":"user","content":[{"type":"input_text","text":"early","zz":1}]}]}`)
	e.call("turn/start", input("go"))
	e.child("cat gate")
	e.call("thread/inject_items", `{"items":[`+item("meanwhile")+`]}`)
	open(t, gate)
	e.turnDone("completed")
	e.quit()
	reqs := e.requests()
	if got := reqs[0].Get("body.input").Raw; !strings.Contains(got, item("early")) || strings.Contains(got, "nope") {
		t.Error(got)
	}
	if got := reqs[1].Get("body.input").Raw; !strings.Contains(got, item("meanwhile")) {
		t.Error(got)
	}
	kept := ""
	for _, l := range e.rollout(t) {
		if text := l.Get("payload.content.0.text").Str; text == "early" || text == "meanwhile" {
			kept += text + " "
		}
	}
	if kept != "early meanwhile " {
		t.Errorf("kept %s", kept)
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
	e.eof()
	e.exit(1) // not a success: nothing of it can be resumed
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
