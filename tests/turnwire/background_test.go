//go:build linux

package turnwire

import (
	"strings"
	"testing"
)

// An interrupt ends the command that the turn waits for, whether it has just begun or is
// polled; one that was left in the background lives on, can be listed, and ended.
func TestInterruptEndsCommands(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"call":"exec_command","args":{"cmd":"sleep 1001","yield_time_ms":250}}
{"call":"exec_command","args":{"cmd":"sleep 1002","yield_time_ms":30000}}
{"msg":"never asked for"}
`, args: free()})
	e.call("turn/start", input("go"))
	background, waited := e.child("sleep 1001"), e.child("sleep 1002")
	e.next("method", "item/started", "params.item.id", "call_resp_2_0") // it runs before the engine has heard so
	e.call("turn/interrupt", `{"turnId":""}`)
	e.next("method", "item/completed", "params.item.status", "failed")
	e.turnDone("interrupted")
	if !alive(background) || alive(waited) {
		t.Errorf("in the background: %v, waited for: %v", alive(background), alive(waited))
	}
	list := e.call("thread/backgroundTerminals/list", `{}`).Get("data")
	if n := len(list.Array()); n != 1 || !strings.HasSuffix(list.Get("0.command").Str, "'sleep 1001'") || list.Get("0.cwd").Str != e.work {
		t.Fatal(list.Raw)
	}
	id := list.Get("0.processId").Str
	end := func(id string) bool {
		return e.call("thread/backgroundTerminals/terminate", `{"processId":"`+id+`"}`).Get("terminated").Bool()
	}
	if end("1") || !end(id) || end(id) {
		t.Error("ended another, not this one, or twice")
	}
	if alive(background) {
		t.Error("it lives")
	}
	e.next("method", "item/completed", "params.item.id", list.Get("0.itemId").Str)
	if got := e.call("thread/backgroundTerminals/list", `{}`).Get("data").Raw; got != "[]" {
		t.Error(got)
	}
	e.quit()
}

// Input that came too late for a request is shown, and the next turn's request has it.
func TestSteerThenInterrupt(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, script: execScript(running) + "\n" + hello, args: free()})
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.started()
	e.call("turn/steer", `{"expectedTurnId":"`+id+`","input":[{"type":"text","text":"hurry"}]}`)
	e.call("turn/interrupt", `{"turnId":""}`)
	e.next("method", "item/completed", "params.item.type", "userMessage", "params.item.content.0.text", "hurry", "params.turnId", id)
	e.turnDone("interrupted")
	e.call("turn/start", input("again"))
	e.turnDone("completed")
	e.quit()
	equal(t, "prompts", e.prompts(), []string{"go", "hurry", "again"})
	reqs := e.requests()
	var users []string
	for _, it := range reqs[len(reqs)-1].Get("body.input").Array() {
		if text := it.Get("content.0.text").Str; it.Get("role").Str == "user" && !strings.HasPrefix(text, "<") {
			users = append(users, text)
		}
	}
	equal(t, "last request", users, []string{"go", "hurry", "again"})
}
