//go:build linux

package turnwire

import (
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// Settings that change while a turn runs are for the next one; only what is another value
// is told.
func TestSettingsUpdate(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, top: `model = "gpt-5.5"`, script: execScript("cat gate") + "\n" + hello, args: free()})
	gate := e.fifo("gate")
	e.call("thread/settings/update", `{}`)
	e.call("thread/settings/update", `{"model":"gpt-5.5"}`)
	e.call("turn/start", input("go"))
	e.child("cat gate")
	e.call("thread/settings/update", `{"model":"gpt-5.4","effort":"high","serviceTier":"fast","summary":"detailed","personality":"friendly"}`)
	now := e.next("method", "thread/settings/updated").Get("params.threadSettings")
	for path, want := range map[string]string{"model": "gpt-5.4", "effort": "high", "serviceTier": "priority", "summary": "detailed", "personality": "friendly",
		"approvalsReviewer": "user", "collaborationMode.mode": "default", "collaborationMode.settings.model": "gpt-5.4", "collaborationMode.settings.reasoning_effort": "high"} {
		if got := now.Get(path).Str; got != want {
			t.Errorf("%s is %q", path, got)
		}
	}
	e.call("turn/start", input("joins", `"effort":"low"`)) // for later turns too
	if got := e.next("method", "thread/settings/updated").Get("params.threadSettings.effort").Str; got != "low" {
		t.Error(got)
	}
	open(t, gate)
	e.turnDone("completed")
	e.send("next")
	e.turnDone("completed")
	e.call("turn/start", input("last", `"serviceTier":null`))
	if got := e.next("method", "thread/settings/updated").Get("params.threadSettings.serviceTier").Str; got != "default" {
		t.Error(got)
	}
	e.turnDone("completed")
	for params, want := range map[string]string{
		`{"approvalsReviewer":"x"}`: "Invalid request: unknown variant `x`, expected one of `user`, `auto_review`, `guardian_subagent`",
		`{"effort":"x"}`:            "Invalid request: unknown variant `x`, expected one of `none`, `minimal`, `low`, `medium`, `high`, `xhigh`",
		`{"collaborationMode":{"mode":"x","settings":{"model":"m"}}}`: "Invalid request: unknown variant `x`, expected one of `plan`, `default`",
	} {
		e.refusal("thread/settings/update", params, want)
		e.refusal("turn/start", strings.Replace(params, "{", `{"input":[],`, 1), want)
	}
	for range 2 { // who answers requests for approval is the user, and that is said once
		e.call("thread/settings/update", `{"approvalsReviewer":"auto_review"}`)
	}
	if n := len(e.find("method", "warning")); n != 1 {
		t.Errorf("warned %d times", n)
	}
	if n := len(e.find("method", "thread/settings/updated")); n != 3 {
		t.Errorf("told %d times", n)
	}
	e.quit()
	var seen []string
	for _, r := range e.requests() {
		b := r.Get("body")
		seen = append(seen, strings.TrimSpace(b.Get("model").Str+" "+b.Get("reasoning.effort").Str+" "+b.Get("service_tier").Str))
	}
	equal(t, "requests", seen, []string{"gpt-5.5 medium", "gpt-5.5 medium", "gpt-5.4 low priority", "gpt-5.4 low"})
}

// A service tier that the model does not have is not sent, which is said once for each model
// and tier, whoever named it.
func TestUnknownTier(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, top: "model = \"gpt-5.5\"\nservice_tier = \"turbo\"", script: hello, args: free()})
	for _, more := range []string{"", `"effort":"low"`, `"serviceTier":"warp"`, `"serviceTier":"fast"`, `"serviceTier":null`} {
		e.call("turn/start", input("go", slices.DeleteFunc([]string{more}, func(s string) bool { return s == "" })...))
		e.turnDone("completed")
	}
	var said []string
	for _, w := range e.find("method", "configWarning") {
		said = append(said, w.Get("params.summary").Str)
	}
	equal(t, "warnings", said, []string{"service_tier `turbo` is not sent: the model `gpt-5.5` is not known to have it",
		"service_tier `warp` is not sent: the model `gpt-5.5` is not known to have it"})
	e.quit()
	var sent []string
	for _, r := range e.requests() {
		sent = append(sent, r.Get("body.service_tier").Str)
	}
	equal(t, "tiers", sent, []string{"", "", "", "priority", ""})
}

// A tier that a thread began with is sent once its model has it. A mode's model is none where it
// is empty, and refused where it is blank.
func TestLateTier(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, script: hello, args: free()})
	e.call("thread/start", `{"model":"gpt-5.3-codex-spark","serviceTier":"priority"}`)
	e.call("turn/start", input("go"))
	e.turnDone("completed")
	e.refusal("turn/start", input("go", `"collaborationMode":{"mode":"default","settings":{"model":" ","reasoning_effort":null,"developer_instructions":null}}`), "Invalid request: model is blank")
	e.call("turn/start", input("go", `"model":"gpt-5.5"`, `"collaborationMode":{"mode":"default","settings":{"model":"","reasoning_effort":null,"developer_instructions":null}}`))
	e.turnDone("completed")
	e.quit()
	var sent []string
	for _, r := range e.requests() {
		sent = append(sent, r.Get("body.model").Str+" "+r.Get("body.service_tier").Str)
	}
	equal(t, "tiers", sent, []string{"gpt-5.3-codex-spark ", "gpt-5.5 priority"})
}

// Turns that are taken back are gone from the history and from the thread, over a
// compaction and an end of the process as well.
func TestRollback(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := start(t, setup{desk: d, serve: true, script: hello, args: free("--source", "exec")})
	e.refusal("thread/rollback", `{"numTurns":1}`, "thread rollback requires persisted thread history")
	for _, text := range []string{"one", "two", "three"} {
		e.send(text)
		e.turnDone("completed")
	}
	e.refusal("thread/rollback", `{"numTurns":0}`, "numTurns must be >= 1")
	users := func(items gjson.Result) string {
		var out []string
		for _, item := range items.Array() {
			if text := item.Get("content.0.text").Str; item.Get("role").Str == "user" && !strings.HasPrefix(text, "<") {
				out = append(out, strings.SplitN(text, " ", 2)[0])
			}
		}
		return strings.Join(out, " ")
	}
	turns := func(r gjson.Result) string {
		var out []string
		for _, turn := range r.Get("thread.turns").Array() {
			out = append(out, turn.Get("items.0.content.0.text").Str+turn.Get(`items.#(type=="contextCompaction").type`).Str)
		}
		return strings.Join(out, " ")
	}
	last := func() string {
		reqs := d.requests()
		return users(reqs[len(reqs)-1].Get("body.input"))
	}
	if got := turns(e.call("thread/rollback", `{"numTurns":1}`)); got != "one two" {
		t.Error(got)
	}
	e.send("four")
	e.turnDone("completed")
	if got := last(); got != "one two four" {
		t.Error(got)
	}
	e.call("thread/compact/start", `{}`)
	e.turnDone("completed")
	e.send("five")
	e.turnDone("completed")
	if got := last(); got != "one two four Another five" {
		t.Error(got)
	}
	if got := turns(e.call("thread/rollback", `{"numTurns":3}`)); got != "one two" {
		t.Error(got)
	}
	id := e.call("thread/read", `{}`).Get("thread.id").Str
	e.quit()
	again := start(t, setup{desk: d, serve: true, script: hello, args: free("--resume", id)})
	again.send("six")
	again.turnDone("completed")
	if got := last(); got != "one two six" {
		t.Error(got)
	}
	again.call("thread/rollback", `{"numTurns":9}`)
	again.send("seven")
	again.turnDone("completed")
	if got := last(); got != "seven" {
		t.Error(got)
	}
	again.quit()
}

// A turn that runs is not taken back.
func TestRollbackRunning(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: hello + "\n" + execScript("cat gate"), args: free()})
	gate := e.fifo("gate")
	e.send("one")
	e.turnDone("completed")
	e.send("two")
	e.child("cat gate")
	e.refusal("thread/rollback", `{"numTurns":1}`, "Cannot rollback while a turn is in progress.")
	open(t, gate)
	e.turnDone("completed")
	e.quit()
}

// A thread that begins with a history of the client's.
func TestResumeHistory(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, script: hello})
	item := `{"type":"message","role":"user","content":[{"type":"input_text","text":"old"}]}`
	e.refusal("thread/resume", `{"threadId":"x","history":[]}`, "history must not be empty")
	r := e.call("thread/resume", `{"threadId":"x","history":[{"type":"mystery"},`+item+`]}`).Get("thread")
	if r.Get("id").Str == "" || len(r.Get("turns").Array()) != 0 || r.Get("forkedFromId").Str != "" {
		t.Error(r.Raw)
	}
	e.send("go")
	e.turnDone("completed")
	e.eof()
	e.exit(1) // one resume has failed
	if got := e.requests()[0].Get("body.input.0").Raw; got != item {
		t.Error(got)
	}
	if got := e.rollout(t)[1].Get("payload").Raw; got != item {
		t.Error(got)
	}
}
