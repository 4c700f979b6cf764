//go:build linux

package turnwire

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

const findings = `{"findings":[{"title":"[P1] Bug","body":"It is bad.\nVery.","confidence_score":0.9,"priority":1,` +
	`"code_location":{"absolute_file_path":"/x/f.txt","line_range":{"start":1,"end":2}}}],` +
	`"overall_correctness":"patch is incorrect","overall_explanation":"Because.","overall_confidence_score":0.8}`

const reviewText = "Because.\n\nReview comment:\n\n- [P1] Bug — /x/f.txt:1-2\n  It is bad.\n  Very."

// sessions gives the lines of every session file, by the source of its thread.
func (d *desk) sessions(t *testing.T) map[string][]gjson.Result {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.home, "sessions", "*", "*", "*", "rollout-*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]gjson.Result{}
	for _, f := range files {
		lines := []gjson.Result{}
		for line := range strings.Lines(read(t, f)) {
			lines = append(lines, gjson.Parse(line))
		}
		out[lines[0].Get("payload.source").Raw] = lines
	}
	return out
}

// outline names lines of a session file.
func outline(lines []gjson.Result) []string {
	var out []string
	for _, l := range lines {
		switch p := l.Get("payload"); p.Get("type").Str {
		case "message":
			out = append(out, p.Get("role").Str+" "+strings.SplitN(p.Get("content.0.text").Str, "\n", 2)[0])
		case "token_count":
		case "":
			out = append(out, l.Get("type").Str)
		default:
			out = append(out, p.Get("type").Str)
		}
	}
	return out
}

// A review is the work of another thread, shown as the turn that asked for it; what comes
// of it is in the history of both.
func TestReview(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, args: []string{"-s", "danger-full-access", "-a", "untrusted", "--source", "exec"},
		top: `review_model = "gpt-5.4"`,
		script: `[{"call":"exec_command","args":{"cmd":"touch looked"}},{"call":"request_user_input","args":{"questions":[]}}]` + "\n" +
			`[{"reason":"**Think**"},{"msg":` + quote("Here: "+findings) + `}]` + "\n" + `{"when":"after","msg":"Hello there."}`})
	r := e.call("review/start", `{"target":{"type":"uncommittedChanges"}}`)
	id := r.Get("turn.id").Str
	if got := r.Get("turn.items.0.content.0.text").Str; got != "current changes" || r.Get("turn.items.0.id").Str != id || r.Get("reviewThreadId").Str == "" {
		t.Error(r.Raw)
	}
	e.turnDone("completed")
	var story []string
	for _, l := range e.lines.All() {
		p, method := l.Get("params"), l.Get("method").Str
		switch {
		case strings.HasPrefix(method, "item/") && p.Get("item").Exists():
			story = append(story, method+" "+p.Get("item.type").Str)
			if p.Get("turnId").Str != id || p.Get("threadId").Str != r.Get("reviewThreadId").Str {
				t.Errorf("not this turn's: %s", l.Raw)
			}
		case strings.HasPrefix(method, "turn/") || method == "thread/status/changed" || strings.HasPrefix(method, "item/agentMessage") || method == "thread/tokenUsage/updated":
			story = append(story, method)
		}
	}
	equal(t, "story", story, []string{"item/started enteredReviewMode", "item/completed enteredReviewMode", "thread/status/changed", "turn/started",
		"item/started userMessage", "item/completed userMessage", "item/started commandExecution", "item/completed commandExecution",
		"item/started reasoning", "item/completed reasoning", "item/started agentMessage", "item/started exitedReviewMode", "item/completed exitedReviewMode",
		"item/started agentMessage", "item/completed agentMessage", "thread/status/changed", "turn/completed"})
	if l := e.find("method", "item/completed", "params.item.id", "review_rollout_assistant"); len(l) != 1 || l[0].Get("params.item.text").Str != reviewText {
		t.Errorf("answer: %v", l)
	}
	e.send("after")
	e.turnDone("completed")
	shown := e.call("thread/read", `{"includeTurns":true}`).Get("thread.turns.0")
	var items []string
	for _, item := range shown.Get("items").Array() {
		items = append(items, item.Get("type").Str)
	}
	equal(t, "items", items, []string{"enteredReviewMode", "userMessage", "reasoning", "exitedReviewMode", "agentMessage"})
	if shown.Get("id").Str != id || shown.Get("items.3.review").Str != reviewText {
		t.Error(shown.Raw)
	}
	e.quit()

	reqs := e.requests()
	if len(reqs) != 3 {
		t.Fatalf("%d requests", len(reqs))
	}
	h, body := reqs[0].Get("headers"), reqs[0].Get("body")
	if h.Get("x-openai-subagent").Str != "review" || h.Get("session-id").Str != r.Get("reviewThreadId").Str || h.Get("thread-id").Str == r.Get("reviewThreadId").Str ||
		gjson.Get(h.Get("x-codex-turn-metadata").Str, "thread_source").Str != "subagent" {
		t.Error(h.Raw)
	}
	var tools []string
	for _, tool := range body.Get("tools").Array() {
		tools = append(tools, tool.Get("name").Str)
	}
	equal(t, "tools", tools, []string{"exec_command", "write_stdin", "update_plan", "request_user_input", "apply_patch", "view_image"})
	if body.Get("model").Str != "gpt-5.4" || !strings.HasPrefix(body.Get("instructions").Str, "You review") {
		t.Errorf("%.300s", body.Raw)
	}
	if got := reqs[1].Get(`body.input.#(output%"request_user_input*").output`).Str; got != "request_user_input can only be used by the root thread" {
		t.Errorf("question: %q", got)
	}
	last := reqs[2]
	if last.Get("headers.x-openai-subagent").Exists() || !strings.Contains(last.Get("body.input.0.content.0.text").Str, reviewText) || last.Get("body.input.1.content.0.text").Str != reviewText {
		t.Errorf("%.900s", last.Get("body.input").Raw)
	}

	files := e.sessions(t)
	equal(t, "session", outline(files[`"exec"`])[:9], []string{"session_meta", "task_started", "entered_review_mode", "user_message", "agent_reasoning",
		"user <user_action>", "exited_review_mode", "assistant Because.", "agent_message"})
	sub := files[`{"subagent":"review"}`]
	if meta := sub[0].Get("payload"); meta.Get("thread_source").Str != "subagent" {
		t.Error(meta.Raw)
	}
	names := outline(sub)
	equal(t, "session of the reviewer", names[len(names)-3:], []string{"agent_message", "assistant Here: " + findings, "task_complete"})
}

// A review that is interrupted, or fails, says so, and leaves the thread usable. Nothing
// can be added to one that runs, but another turn of its kind takes its place.
func TestReviewEnds(t *testing.T) {
	t.Parallel()
	e := start(t, setup{serve: true, args: free(),
		script: `{"when":"one","call":"exec_command","args":{"cmd":"` + running + `","yield_time_ms":30000}}` + "\n" +
			`{"when":"two","status":400,"body":"no"}` + "\n" + `{"when":"three","msg":"fine"}` + "\n" + hello})
	missing := func() {
		t.Helper()
		if got := e.next("method", "item/completed", "params.item.type", "exitedReviewMode").Get("params.item.review").Str; got != "Reviewer failed to output a response." {
			t.Errorf("%q", got)
		}
	}
	custom := func(text string) string { return `{"target":{"type":"custom","instructions":` + quote(text) + `}}` }
	id := e.call("review/start", custom("one")).Get("turn.id").Str
	e.started()
	for method, params := range map[string]string{"turn/start": input("x"), "turn/steer": `{"expectedTurnId":"` + id + `","input":[{"type":"text","text":"x"}]}`} {
		if err := e.refusal(method, params, "cannot steer a review turn"); err.Get("data.codexErrorInfo.activeTurnNotSteerable.turnKind").Str != "review" {
			t.Error(err.Raw)
		}
	}
	e.call("turn/interrupt", `{"turnId":"`+id+`"}`)
	missing()
	e.turnDone("interrupted")
	e.call("review/start", custom("two"))
	e.next("method", "error", "params.error.message", "no")
	missing()
	e.turnDone("failed")
	e.call("review/start", custom("one"))
	e.started()
	e.call("review/start", custom("three"))
	missing()
	e.turnDone("interrupted")
	e.next("method", "item/completed", "params.item.type", "exitedReviewMode", "params.item.review", "fine")
	e.turnDone("completed")
	e.send("after")
	e.turnDone("completed")
	e.eof()
	e.exit(1) // one has failed
	var ends []string
	for _, l := range e.sessions(t)[`"cli"`] {
		if p := l.Get("payload"); p.Get("type").Str == "turn_aborted" {
			ends = append(ends, p.Get("reason").Str)
		}
	}
	equal(t, "ends", ends, []string{"interrupted", "replaced"})
}

// What the reviewer is asked for each kind of target.
func TestReviewTargets(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
	}
	e := start(t, setup{serve: true, args: free(), script: `{"msg":"fine"}`})
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", e.work, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "-b", "main")
	git("commit", "-q", "--allow-empty", "-m", "one")
	base := git("rev-parse", "HEAD")
	git("checkout", "-q", "-b", "feature")
	git("commit", "-q", "--allow-empty", "-m", "two")
	head := git("rev-parse", "HEAD")
	for i, c := range []struct{ target, hint, prompt string }{
		{`{"type":"uncommittedChanges"}`, "current changes", "uncommitted"},
		{`{"type":"baseBranch","branch":" main "}`, "changes against 'main'", base},
		{`{"type":"baseBranch","branch":"nosuch"}`, "changes against 'nosuch'", "git merge-base HEAD 'nosuch'"},
		{`{"type":"baseBranch","branch":"--help"}`, "changes against '--help'", "git merge-base HEAD"},
		{`{"type":"commit","sha":"` + head + `"}`, "commit " + head[:7], "commit " + head},
		{`{"type":"commit","sha":"abc","title":" Fix \"it\" "}`, `commit abc: Fix "it"`, `commit abc ("Fix "it"")`},
		{`{"type":"custom","instructions":"  look at it "}`, "look at it", "look at it"},
	} {
		e.call("review/start", `{"target":`+c.target+`}`)
		if l := e.next("method", "item/completed", "params.item.type", "enteredReviewMode"); l.Get("params.item.review").Str != c.hint {
			t.Errorf("%s: hint %s", c.target, l.Raw)
		}
		if l := e.next("method", "item/completed", "params.item.type", "userMessage"); !strings.Contains(l.Get("params.item.content.0.text").Str, c.prompt) {
			t.Errorf("%s: prompt %s", c.target, l.Raw)
		}
		e.turnDone("completed")
		if n := len(e.requests()); n != i+1 {
			t.Errorf("%d requests", n)
		}
	}
	for params, want := range map[string]string{
		`{"target":{"type":"custom","instructions":" "}}`:                "instructions must not be empty",
		`{"target":{"type":"baseBranch","branch":""}}`:                   "branch must not be empty",
		`{"target":{"type":"commit"}}`:                                   "Invalid request: missing field `sha`",
		`{"target":{"type":"x"}}`:                                        "Invalid request: unknown variant `x`, expected one of `uncommittedChanges`, `baseBranch`, `commit`, `custom`",
		`{}`:                                                             "Invalid request: missing field `target`",
		`{"target":{"type":"uncommittedChanges"},"delivery":"x"}`:        "Invalid request: unknown variant `x`, expected one of `inline`, `detached`",
		`{"target":{"type":"uncommittedChanges"},"delivery":"detached"}`: "codex-turn serves one thread: a detached review needs an app-server",
	} {
		e.refusal("review/start", params, want)
	}
	e.quit()
}

// A thread that keeps no session file keeps none of its reviews either.
func TestReviewEphemeral(t *testing.T) {
	t.Parallel()
	e := start(t, setup{script: `{"msg":"fine"}`, args: free("--ephemeral")})
	e.call("review/start", `{"target":{"type":"uncommittedChanges"}}`)
	e.turnDone("completed")
	e.quit()
	if len(e.sessions(t)) != 0 {
		t.Error("a session file")
	}
}
