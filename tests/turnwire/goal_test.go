//go:build linux

package turnwire

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// goalNotes are the states of the goal that clients were told, in order.
func goalNotes(e *engine) string {
	var out []string
	for _, n := range e.find("method", "thread/goal/updated") {
		g := n.Get("params.goal")
		out = append(out, fmt.Sprintf("%s %d", g.Get("status").Str, g.Get("tokensUsed").Int()))
	}
	return strings.Join(out, ", ")
}

// A goal has turns begin by themselves until it is met; its state is in the session file.
func TestGoal(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"call":"exec_command","args":{"cmd":"true"}}` + "\n" + `{"msg":"first"}` + "\n" +
		`[{"call":"get_goal","args":{}},{"call":"update_goal","args":{"status":"complete"}}]` + "\n" + `{"msg":"done"}` + "\n", serve: true, args: free()})
	e.call("thread/start", `{}`)
	for params, want := range map[string]string{
		`{}`:                                "no goal exists",
		`{"objective":" "}`:                 "must not be empty",
		`{"objective":"x","tokenBudget":0}`: "must be positive",
		`{"objective":"` + strings.Repeat("x", 4001) + `"}`: "at most 4000",
	} {
		if got := e.refused("thread/goal/set", params).Get("message").Str; !strings.Contains(got, want) {
			t.Errorf("%.40s: %s", params, got)
		}
	}
	if got := e.call("thread/goal/get", `{}`).Get("goal"); got.Raw != "null" {
		t.Error(got.Raw)
	}
	e.call("thread/goal/set", `{"objective":"make it so","tokenBudget":100000}`)
	e.turnDone("completed")
	e.turnDone("completed")
	if got := e.call("thread/goal/get", `{}`).Get("goal.status").Str; got != "complete" {
		t.Errorf("it is %s", got)
	}
	if got, want := goalNotes(e), "active 0, active 80, active 160, complete 160, complete 240"; got != want {
		t.Errorf("told %s\nnot  %s", got, want)
	}
	if got := e.call("thread/goal/clear", `{}`).Get("cleared").Bool(); !got {
		t.Error("it was not there")
	}
	if got := e.call("thread/goal/clear", `{}`).Get("cleared").Bool(); got {
		t.Error("it is there again")
	}
	e.quit()
	requests := e.requests()
	if len(requests) != 4 {
		t.Fatalf("%d requests", len(requests))
	}
	for i, want := range []string{"Tokens used so far: 0; budget: 100000", "", "Tokens used so far: 160; budget: 100000", ""} {
		if !strings.Contains(requests[i].Raw, want) || !strings.Contains(requests[i].Raw, `"update_goal"`) {
			t.Errorf("request %d: %s", i, requests[i].Raw)
		}
	}
	last := ""
	for _, l := range e.rollout(t) {
		if typ := l.Get("payload.type").Str; strings.HasPrefix(typ, "thread_goal_") {
			last = typ
		}
	}
	if last != "thread_goal_cleared" {
		t.Errorf("the file ends with %s", last)
	}
}

// A goal whose turns only talk, or look at it, is paused, and so is one whose turn is interrupted.
func TestGoalPaused(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"msg":"1"}` + "\n" + `{"call":"get_goal","args":{}}` + "\n" + `{"msg":"2"}` + "\n" + `{"msg":"3"}` + "\n" + `{"items":[{"msg":"4"}],"cut":2,"hang":true}`, serve: true})
	e.call("thread/start", `{}`)
	e.call("thread/goal/set", `{"objective":"talk"}`)
	e.turnDone("completed")
	e.turnDone("completed")
	e.next("method", "thread/goal/updated", "params.goal.status", "paused")
	e.turnDone("completed")
	e.call("thread/goal/set", `{"status":"active"}`)
	id := e.next("method", "turn/started").Get("params.turn.id").Str
	poll(t, "the request to come", func() bool { return len(e.requests()) == 5 })
	e.call("turn/interrupt", `{"turnId":"`+id+`"}`)
	e.next("method", "thread/goal/updated", "params.goal.status", "paused")
	e.turnDone("interrupted")
	e.quit()
}

// A goal outlives its engine: it is there when the session is resumed, even where the history was
// made shorter, goes on after the next turn, and is no part of what a rollback takes back.
func TestGoalResumed(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"items":[{"msg":"1"}],"cut":2,"hang":true}` + "\n" + `{"msg":"sum"}` + "\n" + `{"items":[{"msg":"1"}],"cut":2,"hang":true}`, serve: true})
	id := e.call("thread/start", `{}`).Get("thread.id").Str
	e.call("thread/goal/set", `{"objective":"last"}`)
	poll(t, "the request of its turn", func() bool { return len(e.requests()) == 1 })
	e.call("thread/compact/start", `{}`)
	e.turnDone("interrupted")
	e.turnDone("completed")
	poll(t, "the request of its next turn", func() bool { return len(e.requests()) == 3 })
	e.signal(syscall.SIGKILL)
	e.exit(1000 + int(syscall.SIGKILL))
	again := start(t, setup{desk: e.desk, serve: true, args: free("--resume", id), script: `{"msg":"hello"}` + "\n" + `[{"call":"update_goal","args":{"status":"complete"}}]` + "\n" + `{"msg":"met"}` + "\n"})
	if g := again.call("thread/goal/get", `{}`).Get("goal"); g.Get("status").Str != "active" || g.Get("objective").Str != "last" {
		t.Errorf("it is %s", g.Raw)
	}
	again.call("turn/start", input("hello"))
	again.turnDone("completed")
	again.turnDone("completed")
	again.call("thread/rollback", `{"numTurns":1}`)
	if got := again.call("thread/goal/get", `{}`).Get("goal.status").Str; got != "complete" {
		t.Errorf("after a rollback it is %s", got)
	}
	again.quit()
}

// A goal whose turn ends since its frontend has gone is not paused: nobody stopped it.
func TestGoalLeft(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"items":[{"msg":"1"}],"cut":2,"hang":true}`, serve: true})
	id := e.call("thread/start", `{}`).Get("thread.id").Str
	e.call("thread/goal/set", `{"objective":"last"}`)
	poll(t, "the request of its turn", func() bool { return len(e.requests()) == 1 })
	e.signal(syscall.SIGTERM)
	e.exit(143)
	again := start(t, setup{desk: e.desk, serve: true, args: []string{"--resume", id}})
	if got := again.call("thread/goal/get", `{}`).Get("goal.status").Str; got != "active" {
		t.Errorf("it is %s", got)
	}
	again.quit()
}
