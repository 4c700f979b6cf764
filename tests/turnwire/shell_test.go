//go:build linux

package turnwire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// shellRecords gives what the model is told of the user's commands, times aside.
func shellRecords(items gjson.Result) []string {
	var out []string
	for _, item := range items.Array() {
		text := item.Get("content.0.text").Str
		if !strings.HasPrefix(text, "<user_shell_command>\n<command>\n") {
			continue
		}
		_, text, _ = strings.Cut(text, "<command>\n")
		command, rest, _ := strings.Cut(text, "\n</command>\n<result>\nExit code: ")
		code, rest, _ := strings.Cut(rest, "\nDuration: ")
		_, output, _ := strings.Cut(rest, " seconds\nOutput:\n")
		out = append(out, command+" | "+code+" | "+strings.TrimSuffix(output, "\n</result>\n</user_shell_command>"))
	}
	return out
}

// A command of the user is a turn of its own, outside of the sandbox, and the model hears
// of it with the next prompt.
func TestShellCommand(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, script: hello, args: []string{"-s", "read-only"}})
	e.refusal("thread/shellCommand", `{"command":"  "}`, "command must not be empty")
	e.refusal("thread/shellCommand", `{}`, "Invalid request: missing field `command`")
	e.call("thread/shellCommand", `{"command":" touch made; echo out; echo $TERM; exit 3 "}`)
	id := e.next("method", "turn/started").Get("params.turn.id").Str
	begun := e.next("method", "item/started", "params.turnId", id).Get("params.item")
	if begun.Get("command").Str != "/bin/bash -lc 'touch made; echo out; echo $TERM; exit 3'" || begun.Get("source").Str != "userShell" || begun.Get("processId").Type != gjson.Null {
		t.Error(begun.Raw)
	}
	done := e.next("method", "item/completed", "params.turnId", id).Get("params.item")
	if done.Get("id").Str != begun.Get("id").Str || done.Get("status").Str != "failed" || done.Get("exitCode").Int() != 3 || done.Get("aggregatedOutput").Str != "out\nxterm\n" {
		t.Error(done.Raw)
	}
	e.turnDone("completed")
	e.send("go")
	e.turnDone("completed")
	e.quit()
	if _, err := os.Stat(filepath.Join(e.work, "made")); err != nil {
		t.Error(err)
	}
	reqs := e.requests()
	if len(reqs) != 1 {
		t.Fatalf("%d requests", len(reqs))
	}
	equal(t, "records", shellRecords(reqs[0].Get("body.input")), []string{"touch made; echo out; echo $TERM; exit 3 | 3 | out\nxterm\n"})
}

// One that comes while a turn runs belongs to that turn: the model hears of it with the
// next request, and it lives on after the turn.
func TestShellCommandBeside(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, script: execScript("cat gate") + "\n" + hello, args: free()})
	gate, later := e.fifo("gate"), e.fifo("later")
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.child("cat gate")
	e.call("thread/shellCommand", `{"command":"echo beside"}`)
	e.next("method", "item/completed", "params.item.source", "userShell", "params.turnId", id)
	e.call("thread/shellCommand", `{"command":"cat later"}`)
	e.child("cat later")
	open(t, gate)
	e.turnDone("completed")
	e.call("turn/start", input("more"))
	e.turnDone("completed")
	open(t, later)
	e.next("method", "item/completed", "params.item.source", "userShell", "params.turnId", id)
	e.send("last")
	e.turnDone("completed")
	e.quit()
	reqs := e.requests()
	equal(t, "second request", shellRecords(reqs[1].Get("body.input")), []string{"echo beside | 0 | beside\n"})
	equal(t, "last request", shellRecords(reqs[len(reqs)-1].Get("body.input")), []string{"echo beside | 0 | beside\n", "cat later | 0 | "})
}

// Input that comes while one runs is answered after it; an interrupt ends it.
func TestShellCommandTurn(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, script: hello, args: free()})
	gate := e.fifo("gate")
	e.call("thread/shellCommand", `{"command":"cat gate"}`)
	id := e.next("method", "turn/started").Get("params.turn.id").Str
	e.child("cat gate")
	e.call("turn/steer", `{"expectedTurnId":"`+id+`","input":[{"type":"text","text":"and?"}]}`)
	open(t, gate)
	e.next("method", "item/completed", "params.item.type", "agentMessage", "params.turnId", id)
	e.turnDone("completed")
	e.call("thread/shellCommand", `{"command":"`+running+`"}`)
	id = e.next("method", "turn/started").Get("params.turn.id").Str
	e.started()
	pid := e.child("sleep 1000")
	e.call("turn/interrupt", `{"turnId":"`+id+`"}`)
	item := e.next("method", "item/completed", "params.item.source", "userShell").Get("params.item")
	if item.Get("status").Str != "failed" || item.Get("exitCode").Int() != -1 || item.Get("aggregatedOutput").Str != "command aborted by user" {
		t.Error(item.Raw)
	}
	e.turnDone("interrupted")
	poll(t, "the end of the command", func() bool { return !alive(pid) })
	e.quit()
}
