//go:build linux

package turnwire

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

// live lets an engine tell of agents' threads.
func (e *engine) live() {
	e.t.Helper()
	e.call("initialize", `{"clientInfo":{"name":"test","version":"0"},"capabilities":{"experimentalApi":true,"agentThreads":true}}`)
	e.send(`{"method":"initialized"}`)
}

// of gives the methods of what was told about a thread, without repeats.
func (e *engine) of(thread string) (methods []string) {
	for _, l := range e.lines.All() {
		p, m := l.Get("params"), l.Get("method").Str
		if p.Get("threadId").Str != thread && p.Get("thread.id").Str != thread || strings.HasPrefix(m, "thread/tokenUsage") || strings.HasPrefix(m, "thread/settings") {
			continue
		}
		if t := p.Get("status.type").Str; t != "" {
			m += " " + t + p.Get("status.activeFlags.0").Str
		}
		if t := p.Get("item.type").Str; t != "" {
			m += " " + t
		}
		if n := len(methods); n == 0 || methods[n-1] != m {
			methods = append(methods, m)
		}
	}
	return methods
}

// A client that knows of agents gets what their engines tell, answers what they ask, and may
// write to them itself.
func TestAgentLive(t *testing.T) {
	t.Parallel()
	e := start(t, withAgents(setup{args: []string{"-s", "danger-full-access", "-a", "untrusted", "--source", "exec"},
		script: agentCall("go", "spawn_agent", `{"message":"sub task"}`) +
			agentCall("go", "wait_agent", `{"targets":["AGENT"],"timeout_ms":3600000}`) +
			agentCall("go", "close_agent", `{"target":"AGENT"}`) +
			`{"when":"go","msg":"All done."}` + "\n" +
			`{"when":"sub task","call":"exec_command","args":{"cmd":"touch asked"}}` + "\n" +
			`{"when":"sub task","msg":"Touched."}` + "\n"}))
	e.live()
	e.call("thread/start", `{}`)
	e.call("turn/start", input("go"))
	q := e.next("method", "item/commandExecution/requestApproval")
	started := e.find("method", "thread/started")
	main, agent := started[0].Get("params.thread.id").Str, started[1].Get("params.thread")
	id := agent.Get("id").Str
	if agent.Get("source.subAgent.thread_spawn.parent_thread_id").Str != main || agent.Get("agentNickname").Str == "" || q.Get("params.threadId").Str != id {
		t.Error(agent.Raw, q.Raw)
	}
	e.send(`{"id":` + q.Get("id").Raw + `,"result":{"decision":"accept"}}`)
	if r := e.next("method", "serverRequest/resolved").Get("params"); r.Get("threadId").Str != id || r.Get("requestId").Raw != q.Get("id").Raw {
		t.Error(r.Raw)
	}
	e.next("method", "turn/completed", "params.threadId", main)
	if _, err := os.Stat(filepath.Join(e.work, "asked")); err != nil {
		t.Error(err)
	}
	equal(t, "the agent's", e.of(id), []string{"thread/started", "thread/status/changed active", "turn/started", "item/started userMessage", "item/completed userMessage",
		"thread/status/changed activewaitingOnApproval", "item/started commandExecution", "item/commandExecution/requestApproval", "serverRequest/resolved",
		"thread/status/changed active", "item/completed commandExecution", "item/started agentMessage", "item/agentMessage/delta", "item/completed agentMessage",
		"thread/status/changed idle", "turn/completed", "thread/status/changed notLoaded"})
	if err := e.refused("turn/start", `{"threadId":"`+id+`","input":[{"type":"text","text":"x"}]}`); !strings.Contains(err.Get("message").Str, "is closed") {
		t.Error(err.Raw)
	}
	e.quit()
	e.after("turn/completed", id, "item/completed", "params.item.tool", "wait")
	e.after("thread/status/changed", id, "item/completed", "params.item.tool", "closeAgent")
}

// after holds that a line of a thread came before another line.
func (e *engine) after(method, thread string, then ...string) {
	e.t.Helper()
	first, second := -1, -1
	for i, l := range e.lines.All() {
		if l.Get("method").Str == method && l.Get("params.threadId").Str == thread {
			first = i
		}
		if l.Get("method").Str == then[0] && l.Get(then[1]).Str == then[2] {
			second = i
		}
	}
	if first < 0 || second < first {
		e.t.Errorf("%s of %s is line %d, %v line %d", method, thread, first, then, second)
	}
}

// A client writes to an agent, steers and interrupts it; one whose engine dies is told of.
func TestAgentIsWrittenTo(t *testing.T) {
	t.Parallel()
	e := start(t, withAgents(setup{args: free(),
		script: agentCall("go", "spawn_agent", `{"message":"sub task"}`) + `{"when":"go","msg":"Done."}` + "\n" +
			`{"when":"sub task","msg":"Did it."}` + "\n" + `{"when":"by hand","call":"exec_command","args":{"cmd":"sleep 1013","yield_time_ms":30000}}` + "\n" +
			`{"when":"and more","call":"exec_command","args":{"cmd":"sleep 1019","yield_time_ms":30000}}` + "\n"}))
	e.live()
	e.call("thread/start", `{}`)
	e.call("turn/start", input("go"))
	item := e.next("method", "item/completed", "params.item.tool", "spawnAgent").Get("params.item")
	id := item.Get("receiverThreadIds.0").Str
	e.seek("the end of the agent's turn", 0, func(l gjson.Result) bool {
		return l.Get("method").Str == "turn/completed" && l.Get("params.threadId").Str == id
	})
	of := func(text string) string {
		return `{"threadId":"` + id + `","input":[{"type":"text","text":"` + text + `"}]}`
	}
	turn := e.call("turn/start", of("by hand")).Get("turn.id").Str
	work := e.child("sleep 1013")
	if read := e.call("thread/read", `{"threadId":"`+id+`","includeTurns":true}`).Get("thread"); read.Get("id").Str != id || len(read.Get("turns").Array()) != 2 {
		t.Error(read.Raw)
	}
	e.call("turn/interrupt", `{"threadId":"`+id+`","turnId":"`+turn+`"}`)
	poll(t, "the end of the command", func() bool { return !alive(work) })
	e.call("turn/start", of("and more"))
	e.child("sleep 1019")
	if err := syscall.Kill(e.child("--agent"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	e.next("method", "thread/status/changed", "params.threadId", id, "params.status.type", "notLoaded")
	ends := e.find("method", "turn/completed", "params.threadId", id)
	if last := ends[len(ends)-1].Get("params.turn"); len(ends) != 3 || ends[1].Get("params.turn.status").Str != "interrupted" || last.Get("status").Str != "failed" || last.Get("error.message").Str == "" {
		t.Error(ends)
	}
}

// When the engine of an agent dies, clients are told that the agents of that agent have ended too.
func TestAgentOfAgentGone(t *testing.T) {
	t.Parallel()
	e := start(t, withAgents(setup{args: append(free(), "-c", "agents.max_depth=2"),
		script: agentCall("go", "spawn_agent", `{"message":"sub task"}`) + `{"when":"go","msg":"Done."}` + "\n" +
			agentCall("sub task", "spawn_agent", `{"message":"deep work"}`) + `{"when":"sub task","msg":"Begun."}` + "\n" +
			`{"when":"deep work","call":"exec_command","args":{"cmd":"sleep 1021","yield_time_ms":30000}}` + "\n"}))
	e.live()
	main := e.call("thread/start", `{}`).Get("thread.id").Str
	e.call("turn/start", input("go"))
	seek := func(of string, want ...string) (found gjson.Result) {
		e.seek(fmt.Sprint(want, " of ", of), 0, func(l gjson.Result) bool {
			found = l
			return holds(l, append(want, "params.threadId", of))
		})
		return found
	}
	spawned := func(by string) string {
		return seek(by, "method", "item/completed", "params.item.tool", "spawnAgent").Get("params.item.receiverThreadIds.0").Str
	}
	id := spawned(main)
	deep := spawned(id)
	e.child("sleep 1021")
	if err := syscall.Kill(e.child("--thread-id "+id), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	end := seek(deep, "method", "turn/completed").Get("params.turn")
	if end.Get("status").Str != "failed" || end.Get("error.message").Str == "" {
		t.Error(end.Raw)
	}
	for _, of := range []string{id, deep} {
		seek(of, "method", "thread/status/changed", "params.status.type", "notLoaded")
	}
	e.quit()
}

// An agent's engine that reads nothing holds up nobody: what is written to it waits, and its
// parent goes on.
func TestAgentReadsNothing(t *testing.T) {
	t.Parallel()
	e := start(t, withAgents(setup{args: free(),
		script: agentCall("go", "spawn_agent", `{"message":"sub task"}`) + `{"when":"go","msg":"Done."}` + "\n" +
			agentCall("write", "send_input", `{"target":"AGENT","message":"`+strings.Repeat("y", 200<<10)+`"}`) + `{"when":"write","msg":"never"}` + "\n" +
			`{"when":"sub task","msg":"Did it."}` + "\n" + `{"when":"xxx","msg":"So many."}` + "\n"}))
	e.live()
	main := e.call("thread/start", `{}`).Get("thread.id").Str
	e.call("turn/start", input("go"))
	id := e.next("method", "item/completed", "params.item.tool", "spawnAgent").Get("params.item.receiverThreadIds.0").Str
	for _, of := range []string{main, id} {
		e.seek("the end of the turn of "+of, 0, func(l gjson.Result) bool {
			return holds(l, []string{"method", "turn/completed", "params.threadId", of})
		})
	}
	agent := e.child("--agent")
	if err := syscall.Kill(agent, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	long := e.post("turn/start", `{"threadId":"`+id+`","input":[{"type":"text","text":"`+strings.Repeat("x", 200<<10)+`"}]}`)
	if r := e.call("thread/read", `{"threadId":"`+main+`"}`).Get("thread"); r.Get("id").Str != main {
		t.Error(r.Raw)
	}
	turn := e.call("turn/start", input("write")).Get("turn.id").Str
	e.next("method", "item/started", "params.item.tool", "sendInput")
	e.call("turn/interrupt", `{"threadId":"`+main+`","turnId":"`+turn+`"}`)
	e.next("method", "turn/completed", "params.turn.id", turn, "params.turn.status", "interrupted")
	if err := syscall.Kill(agent, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if r := e.answer(long); r.Get("result.turn.id").Str == "" {
		t.Error(r.Raw)
	}
	e.quit()
}
