//go:build linux

package turnwire

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// refusal holds a request's error against the wanted words.
func (e *engine) refusal(method, params, want string) gjson.Result {
	e.t.Helper()
	err := e.refused(method, params)
	if err.Get("code").Int() != -32600 || err.Get("message").Str != want {
		e.t.Errorf("%s %s: %s, want %q", method, params, err.Raw, want)
	}
	return err
}

const probe = `{"clientInfo":{"name":"probe","title":"Probe","version":"1.0"}}`

// input is the params of a turn/start with a text and more members.
func input(text string, more ...string) string {
	p := `{"input":[{"type":"text","text":` + quote(text) + `}]`
	for _, m := range more {
		p += "," + m
	}
	return p + "}"
}

func TestInitialize(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	e.refusal("initialize", `null`, "Invalid request: missing field `params`")
	e.refusal("initialize", `{"clientInfo":{"name":"a\nb","version":"1"}}`, "Invalid clientInfo.name: 'a\nb'. Must be a valid HTTP header value.")
	r := e.call("initialize", probe)
	if !strings.HasPrefix(r.Get("userAgent").Str, "probe/0.133.0 (") || !strings.HasSuffix(r.Get("userAgent").Str, " xterm (probe; 1.0)") ||
		r.Get("codexHome").Str != e.home || r.Get("platformFamily").Str != "unix" || r.Get("platformOs").Str != "linux" {
		t.Error(r.Raw)
	}
	e.refusal("initialize", `{"clientInfo":{"name":"x","version":"1"}}`, "Already initialized")
	e.send(`{"method":"initialized"}`)
	e.send("go")
	e.turnDone("completed")
	e.quit()
	if got := e.rollout(t)[0].Get("payload.originator").Str; got != "probe" {
		t.Errorf("originator %q", got)
	}
}

// Everything works without initialize, and initialize in a running thread leaves the
// names of the thread alone.
func TestLateInitialize(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("cat gate"), args: free()})
	gate := e.fifo("gate")
	e.call("thread/start", `{}`)
	e.call("turn/start", input("go"))
	e.child("cat gate")
	e.call("initialize", `{"clientInfo":{"name":"late","version":"1"},"capabilities":{"optOutNotificationMethods":["item/completed"]}}`)
	open(t, gate)
	e.turnDone("completed")
	e.quit()
	if n := len(e.find("method", "item/completed", "params.item.type", "agentMessage")); n != 0 {
		t.Error("opted out too late")
	}
	if got := e.rollout(t)[0].Get("payload.originator").Str; got != "codex_cli_rs" {
		t.Errorf("originator %q", got)
	}
}

// Notifications that are not wanted do not come, whoever says so; all others do.
func TestOptOut(t *testing.T) {
	t.Parallel()
	flag := start(t, setup{script: hello, args: []string{"--opt-out", "item/agentMessage/delta", "--opt-out", "thread/started"}})
	flag.send("go")
	flag.turnDone("completed")
	flag.quit()
	e := start(t, setup{script: hello})
	e.call("initialize", `{"clientInfo":{"name":"p","version":"1"},"capabilities":{"optOutNotificationMethods":["item/agentMessage/delta","thread/started","no/such"]}}`)
	e.send("go")
	e.turnDone("completed")
	e.quit()
	for _, e := range []*engine{flag, e} {
		for _, m := range []string{"item/agentMessage/delta", "thread/started"} {
			if n := len(e.find("method", m)); n != 0 {
				t.Errorf("%d of %s", n, m)
			}
		}
		if n := len(e.find("method", "item/completed")); n != 2 {
			t.Errorf("%d items", n)
		}
	}
}

// Params that cannot be read are refused, and nothing is done.
func TestBadParams(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	for _, c := range [][2]string{
		{"turn/start", `{}`}, {"turn/start", `{"input":null}`}, {"turn/start", `[]`}, {"turn/start", `{"input":"text"}`},
		{"turn/start", `{"input":[{"type":"bogus"}]}`}, {"turn/start", `{"input":[{}]}`}, {"turn/start", `{"input":[],"threadId":5}`},
		{"turn/start", `{"input":[],"threadId":"zzz"}`}, {"turn/start", `{"input":[],"cwd":"relative"}`},
		{"turn/start", `{"input":[],"sandboxPolicy":{"type":"bogus"}}`}, {"turn/start", `{"input":[],"approvalPolicy":"bogus"}`},
		{"turn/start", `{"input":[],"effort":"bogus"}`}, {"turn/start", `{"input":[],"summary":7}`},
		{"thread/start", `{"cwd":5}`}, {"thread/start", `{"sandbox":"bogus"}`}, {"thread/start", `{"approvalPolicy":"bogus"}`},
		{"thread/resume", `{"threadId":"not-a-uuid"}`}, {"thread/read", `{"threadId":"not-a-uuid"}`}, {"thread/name/set", `{"name":"  "}`},
		{"turn/steer", `{"input":[]}`}, {"turn/interrupt", `{"turnId":5}`},
	} {
		if err := e.refused(c[0], c[1]); err.Get("code").Int() != -32600 {
			t.Errorf("%s %s: %s", c[0], c[1], err.Raw)
		}
	}
	e.quit()
	if n := len(e.find("method", "turn/started")); n != 0 {
		t.Errorf("%d turns", n)
	}
}

// Too long an input is refused with its length.
func TestLongInput(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	err := e.refused("turn/start", `{"input":[{"type":"text","text":"`+strings.Repeat("ä", 1<<20)+`"},{"type":"text","text":"x"}]}`)
	want := `{"code":-32602,"message":"Input exceeds the maximum length of 1048576 characters.","data":{"input_error_code":"input_too_large","max_chars":1048576,"actual_chars":1048577}}`
	if err.Raw != want {
		t.Error(err.Raw)
	}
	e.call("turn/start", `{"input":[{"type":"text","text":"`+strings.Repeat("ä", 1<<20)+`"}]}`)
	e.turnDone("completed")
	e.quit()
}

// One process, one thread.
func TestSecondThread(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	id := e.call("thread/start", `{}`).Get("thread.id").Str
	e.refusal("thread/start", `{}`, "codex-turn serves one thread, and that is "+id)
	other := "01a202e3-45f4-7342-8d26-58fad816f5a3"
	e.refusal("thread/resume", `{"threadId":"`+other+`"}`, "codex-turn serves one thread, and that is "+id)
	e.refusal("turn/start", input("x", `"threadId":"`+other+`"`), "thread not found: "+other)
	e.refusal("thread/read", `{"threadId":"`+other+`"}`, "thread not loaded: "+other)
	if got := e.call("thread/loaded/list", `{}`).Get("data").Raw; got != `["`+id+`"]` {
		t.Error(got)
	}
	e.call("turn/start", input("go", `"threadId":"`+id+`"`))
	e.turnDone("completed")
	e.quit()
	if n := len(e.find("method", "thread/started")); n != 1 {
		t.Errorf("%d threads", n)
	}
}

// Nothing about turns starts a thread by the way.
func TestNoThread(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	e.refusal("turn/steer", `{"expectedTurnId":"x","input":[]}`, "no active turn to steer")
	e.refusal("turn/interrupt", `{"turnId":"x"}`, "no active turn to interrupt")
	e.call("turn/interrupt", `{"turnId":""}`)
	e.quit()
	if n := len(e.find("method", "thread/started")); n != 0 {
		t.Error("a thread")
	}
}

// Steering: the right turn takes input, everything else is refused.
func TestSteer(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("cat gate") + "\n" + `{"msg":"More."}`, args: free()})
	gate := e.fifo("gate")
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.child("cat gate")
	hurry := `"input":[{"type":"text","text":"hurry"}]`
	e.refusal("turn/steer", `{"expectedTurnId":"nope",`+hurry+`}`, "expected active turn id `nope` but found `"+id+"`")
	e.refusal("turn/steer", `{`+hurry+`}`, "Invalid request: missing field `expectedTurnId`")
	e.refusal("turn/steer", `{"expectedTurnId":"`+id+`","input":[]}`, "input must not be empty")
	if got := e.call("turn/steer", `{"expectedTurnId":"`+id+`",`+hurry+`}`).Get("turnId").Str; got != id {
		t.Errorf("steered %s, not %s", got, id)
	}
	open(t, gate)
	e.turnDone("completed")
	e.refusal("turn/steer", `{"expectedTurnId":"`+id+`",`+hurry+`}`, "no active turn to steer")
	e.quit()
	equal(t, "prompts", e.prompts(), []string{"go", "hurry"})
	for _, l := range e.find("method", "item/completed", "params.item.type", "userMessage") {
		if l.Get("params.turnId").Str != id {
			t.Error(l.Raw)
		}
	}
}

// A turn/start while a turn runs joins it, with an id that no notification names.
func TestJoin(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("cat gate"), args: free()})
	gate := e.fifo("gate")
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.child("cat gate")
	phantom := e.call("turn/start", input("too")).Get("turn.id").Str
	if phantom == id || phantom == "" {
		t.Errorf("id %q", phantom)
	}
	open(t, gate)
	e.turnDone("completed")
	e.quit()
	equal(t, "prompts", e.prompts(), []string{"go", "too"})
	if n := len(e.find("method", "turn/started")); n != 1 {
		t.Errorf("%d turns", n)
	}
	for _, l := range e.lines.All() {
		if l.Get("method").Exists() && strings.Contains(l.Raw, phantom) {
			t.Error(l.Raw)
		}
	}
}

// Interrupts: answered when the turn has stopped, each of them, right before its end.
func TestTurnInterrupt(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript(running), args: free()})
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.started()
	e.refusal("turn/interrupt", `{"turnId":"bogus"}`, "expected active turn id bogus but found "+id)
	first := e.post("turn/interrupt", `{"turnId":"`+id+`"}`)
	e.answer(first)
	e.turnDone("interrupted")
	e.endsAborted(t)
	e.refusal("turn/interrupt", `{"turnId":"`+id+`"}`, "no active turn to interrupt")
	e.call("turn/interrupt", `{"turnId":""}`)
	methods := []string{}
	for _, l := range e.lines.All() {
		switch {
		case !l.Get("method").Exists() && l.Get("id").Raw == first:
			methods = append(methods, "answer")
		case l.Get("method").Str == "thread/status/changed", l.Get("method").Str == "turn/completed":
			methods = append(methods, l.Get("method").Str+" "+l.Get("params.status.type").Str)
		}
	}
	equal(t, "order", methods, []string{"thread/status/changed active", "answer", "thread/status/changed idle", "turn/completed "})
	// A turn that was interrupted on purpose has not failed.
	e.quit()
}

// Several interrupts of one turn, with its id and without, are all answered.
func TestTurnInterruptTwice(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript(running), args: free()})
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.started()
	var ids []string
	for _, p := range []string{`{"turnId":"` + id + `"}`, `{"turnId":""}`, `{"turnId":"` + id + `"}`} {
		ids = append(ids, e.post("turn/interrupt", p))
	}
	for _, id := range ids {
		e.answer(id) // {} or, when the turn has ended already, a refusal
	}
	e.turnDone("interrupted")
	e.quit()
}

// Input right after an interrupt is a turn of its own and is not lost.
func TestStartAfterInterrupt(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript(running), args: free()})
	id := e.call("turn/start", input("go")).Get("turn.id").Str
	e.started()
	stop := e.post("turn/interrupt", `{"turnId":""}`)
	again := e.post("turn/start", input("again"))
	e.answer(stop)
	e.turnDone("interrupted")
	if got := e.answer(again).Get("result.turn.id").Str; got == id {
		t.Error("the same turn")
	}
	e.turnDone("completed")
	e.quit()
	equal(t, "prompts", e.prompts(), []string{"go", "again"})
}

// Settings of a turn/start hold from then on and are told when they change.
func TestSettings(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello, serve: true})
	other, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	start := e.call("thread/start", `{"approvalPolicy":"never","sandbox":"read-only","model":"gpt-5.4"}`)
	for path, want := range map[string]string{"approvalPolicy": "never", "sandbox.type": "readOnly", "model": "gpt-5.4", "cwd": e.work} {
		if got := start.Get(path).Str; got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
	e.call("turn/start", input("one"))
	e.turnDone("completed")
	if n := len(e.find("method", "thread/settings/updated")); n != 0 {
		t.Error("nothing was changed")
	}
	id := e.post("turn/start", input("two", `"model":"gpt-5.5"`, `"effort":"high"`, `"summary":"detailed"`, `"cwd":`+quote(other),
		`"approvalPolicy":"on-request"`, `"sandboxPolicy":{"type":"workspaceWrite","writableRoots":["/opt"],"networkAccess":true}`))
	e.answer(id)
	s := e.next("method", "thread/settings/updated").Get("params.threadSettings")
	for path, want := range map[string]string{"model": "gpt-5.5", "effort": "high", "summary": "detailed", "cwd": other, "approvalPolicy": "on-request",
		"sandboxPolicy.type": "workspaceWrite", "sandboxPolicy.networkAccess": "true", "modelProvider": "scripted", "collaborationMode.mode": "default"} {
		if got := s.Get(path).String(); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	e.next("method", "thread/status/changed", "params.status.type", "active")
	e.turnDone("completed")
	e.call("turn/start", input("three", `"effort":"high"`))
	e.turnDone("completed")
	e.quit()
	if n := len(e.find("method", "thread/settings/updated")); n != 1 {
		t.Errorf("%d changes", n)
	}
	var models, efforts, cwds []string
	for _, r := range e.requests() {
		models, efforts = append(models, r.Get("body.model").Str), append(efforts, r.Get("body.reasoning.effort").Str)
	}
	equal(t, "models", models, []string{"gpt-5.4", "gpt-5.5", "gpt-5.5"})
	if efforts[1] != "high" || efforts[2] != "high" || efforts[0] == "high" {
		t.Errorf("efforts %q", efforts)
	}
	for _, l := range e.rollout(t) {
		if l.Get("type").Str == "turn_context" {
			cwds = append(cwds, l.Get("payload.cwd").Str+" "+l.Get("payload.approval_policy").Str+" "+l.Get("payload.sandbox_policy.type").Str)
		}
	}
	equal(t, "contexts", cwds, []string{e.work + " never read-only", other + " on-request workspace-write", other + " on-request workspace-write"})
}

// requests gives what the served model was sent.
func (d *desk) requests() []gjson.Result {
	var out []gjson.Result
	for line := range strings.Lines(fileText(d.script + ".log")) {
		if r := gjson.Parse(line); r.Get("method").Str == "POST" {
			out = append(out, r)
		}
	}
	return out
}

// An output schema is for one turn.
func TestOutputSchema(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello, serve: true})
	schema := `{"type":"object","properties":{"b":{"type":"string"},"a":{"type":"number"}}}`
	e.call("turn/start", input("one", `"outputSchema":`+schema))
	e.turnDone("completed")
	e.call("turn/start", input("two"))
	e.turnDone("completed")
	e.call("turn/start", input("three", `"outputSchema":null`))
	e.turnDone("completed")
	e.quit()
	r := e.requests()
	want := `{"type":"json_schema","strict":true,"schema":` + schema + `,"name":"codex_output_schema"}`
	if got := r[0].Get("body.text.format").Raw; got != want {
		t.Errorf("format %s", got)
	}
	for _, later := range r[1:] {
		if later.Get("body.text.format").Exists() {
			t.Error(later.Get("body.text").Raw)
		}
	}
}

// thread/read shows what is there, while a turn runs too.
func TestRead(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: execScript("cat gate"), args: free()})
	gate := e.fifo("gate")
	id := e.call("thread/start", `{}`).Get("thread.id").Str
	e.refusal("thread/read", `{"includeTurns":true}`, "thread "+id+" is not materialized yet; includeTurns is unavailable before first user message")
	turn := e.call("turn/start", input("go")).Get("turn.id").Str
	e.child("cat gate")
	th := e.call("thread/read", `{"threadId":"`+id+`","includeTurns":true}`).Get("thread")
	for path, want := range map[string]string{"status.type": "active", "preview": "go", "turns.#": "1", "turns.0.id": turn, "turns.0.status": "inProgress",
		"turns.0.items.0.type": "userMessage", "turns.0.itemsView": "full"} {
		if got := th.Get(path).String(); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	open(t, gate)
	e.turnDone("completed")
	e.call("thread/name/set", `{"name":"A name"}`)
	th = e.call("thread/read", `{"includeTurns":true}`).Get("thread")
	for path, want := range map[string]string{"status.type": "idle", "name": "A name", "turns.0.status": "completed", "turns.0.items.#": "2",
		"turns.0.items.1.text": "All done.", "turns.0.items.1.id": "item-2"} {
		if got := th.Get(path).String(); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	if n := e.call("thread/read", `{}`).Get("thread.turns.#").Int(); n != 0 {
		t.Errorf("%d turns unasked", n)
	}
	e.quit()
}

// An ephemeral thread leaves nothing behind.
func TestEphemeral(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello})
	th := e.call("thread/start", `{"ephemeral":true}`).Get("thread")
	if th.Get("path").Type != gjson.Null || !th.Get("ephemeral").Bool() {
		t.Error(th.Raw)
	}
	e.send("go")
	e.turnDone("completed")
	e.refusal("thread/read", `{"includeTurns":true}`, "ephemeral threads do not support includeTurns")
	e.refusal("thread/name/set", `{"name":"x"}`, "ephemeral thread does not support metadata updates: "+th.Get("id").Str)
	e.quit()
	if files, _ := filepath.Glob(filepath.Join(e.home, "sessions", "*")); len(files) != 0 {
		t.Error(files)
	}
}

// thread/resume goes on with a stored thread, by id or path: the turns are told, the
// token usage restored, the model sees the history, the file grows.
func TestResume(t *testing.T) {
	t.Parallel()
	first := start(t, setup{script: hello})
	first.call("initialize", probe)
	first.send("one")
	first.turnDone("completed")
	first.send("two")
	first.turnDone("completed")
	first.call("thread/name/set", `{"name":"A name"}`)
	first.quit()
	id := first.find("method", "thread/started")[0].Get("params.thread.id").Str
	path := first.find("method", "thread/started")[0].Get("params.thread.path").Str
	last := first.find("method", "turn/completed")[1].Get("params.turn.id").Str
	lines := len(first.rollout(t))

	for i, how := range []string{`{"threadId":"` + id + `"}`, `{"threadId":"","path":` + quote(path) + `}`, `{"path":` + quote(path) + `}`} {
		e := start(t, setup{desk: first.desk, serve: true})
		r := e.call("thread/resume", how)
		for p, want := range map[string]string{"thread.id": id, "thread.path": path, "thread.preview": "one", "thread.status.type": "idle", "thread.name": "A name",
			"thread.turns.0.status": "completed", "thread.turns.1.id": last, "thread.turns.1.items.0.content.0.text": "two", "thread.turns.1.items.1.id": "item-4"} {
			if got := r.Get(p).String(); got != want {
				t.Errorf("%s: %s is %q, not %q", how, p, got, want)
			}
		}
		if got := r.Get("thread.turns.#").Int(); got != int64(2+i) {
			t.Errorf("%d turns", got)
		}
		u := e.next("method", "thread/tokenUsage/updated")
		if got := u.Get("params.tokenUsage.total.totalTokens").Int(); got != int64(240+120*i) || u.Get("params.turnId").Str == "" {
			t.Error(u.Raw)
		}
		var order []string
		for _, l := range e.lines.All() {
			order = append(order, l.Get("method").Str)
		}
		equal(t, "order", order, []string{"thread/status/changed", "", "thread/tokenUsage/updated"})
		// Once more: it is loaded.
		e.call("thread/resume", how)
		e.send("more")
		e.turnDone("completed")
		e.quit()
		reqs := e.requests()
		all := reqs[len(reqs)-1].Get("body.input").Raw
		if !strings.Contains(all, `"one"`) || !strings.Contains(all, `"two"`) || !strings.Contains(all, "Hello there.") {
			t.Error(all)
		}
		if n := len(e.rollout(t)); n <= lines {
			t.Errorf("the session file had %d lines and has %d", lines, n)
		} else {
			lines = n
		}
	}
	e := start(t, setup{desk: first.desk})
	r := e.call("thread/resume", `{"threadId":"`+id+`","excludeTurns":true}`)
	e.quit()
	if r.Get("thread.turns.#").Int() != 0 || len(e.find("method", "thread/tokenUsage/updated")) != 0 {
		t.Error(e.text())
	}
}

// What cannot be resumed is refused.
func TestResumeRefused(t *testing.T) {
	t.Parallel()
	unknown := "01a202e3-45f4-7342-8d26-58fad816f5a3"
	e := start(t, setup{script: hello})
	e.refusal("thread/resume", `{"threadId":"`+unknown+`"}`, "no rollout found for thread id "+unknown)
	e.refused("thread/resume", `{"threadId":"not-a-uuid"}`)
	e.refused("thread/resume", `{"threadId":"`+unknown+`","path":"/no/such/file.jsonl"}`)
	e.refused("thread/resume", `{}`)
	write(t, filepath.Join(e.work, "empty.jsonl"), "")
	e.refused("thread/resume", `{"path":`+quote(filepath.Join(e.work, "empty.jsonl"))+`}`)
	e.eof()
	e.exit(1)
	if n := len(e.find("method", "thread/started")); n != 0 {
		t.Error("a thread")
	}
}

// --resume does the same from the command line, and fails at once when it cannot.
func TestResumeFlag(t *testing.T) {
	t.Parallel()
	first := start(t, setup{script: hello})
	first.send("one")
	first.turnDone("completed")
	first.quit()
	th := first.find("method", "thread/started")[0].Get("params.thread")
	for _, how := range []string{th.Get("id").Str, th.Get("path").Str} {
		e := start(t, setup{desk: first.desk, args: []string{"--resume", how}})
		if got := e.next("method", "thread/started").Get("params.thread.id").Str; got != th.Get("id").Str {
			t.Errorf("%s: thread %s", how, got)
		}
		e.next("method", "thread/tokenUsage/updated")
		e.send("more")
		e.turnDone("completed")
		e.quit()
		if n := len(e.find("method", "thread/started")); n != 1 {
			t.Errorf("%d threads", n)
		}
	}
	for _, how := range []string{"01a202e3-45f4-7342-8d26-58fad816f5a3", "/no/such.jsonl", "nonsense"} {
		e := start(t, setup{desk: first.desk, args: []string{"--resume", how}})
		e.exit(1)
		if n := len(e.find("error.code", "-32600")); n != 1 || !strings.HasPrefix(e.stderr.String(), "codex-turn: ") {
			t.Errorf("%s: %s%s", how, e.text(), e.stderr.String())
		}
	}
}
