//go:build unix

package appserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// TestResumeHistory: items of the Responses API become a thread of its own, which is
// written down at once and goes on from them.
func TestResumeHistory(t *testing.T) {
	d := served(t, "mock-model", `{"msg":"after"}`)
	c := d.stdio()
	c.initialize()
	const history = `[{"type":"message","role":"user","content":[{"type":"input_text","text":"from history"}]},{"type":"message","role":"assistant","content":[{"type":"output_text","text":"yes"}]}]`
	const none = "00000000-0000-0000-0000-000000000000"
	if got := c.call("thread/resume", `{"threadId":"`+none+`","history":[]}`).Get("error.message").Str; got != "history must not be empty" {
		t.Error(got)
	}
	r := c.result("thread/resume", `{"threadId":"`+none+`","history":`+history+`}`)
	id, path := r.Get("thread.id").Str, r.Get("thread.path").Str
	if id == none || r.Get("thread.preview").Str != "from history" || len(r.Get("thread.turns").Array()) != 0 {
		t.Errorf("resumed as %s", r.Raw)
	}
	if b, err := os.ReadFile(path); err != nil || !strings.Contains(string(b), "from history") {
		t.Errorf("session file: %v", err)
	}
	if got := c.result("thread/list", `{}`).Get("data.#").Int(); got != 0 {
		t.Errorf("%d threads are listed before the first message", got)
	}
	c.ran(id, "and now")
	b, err := os.ReadFile(d.log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), "from history") || !strings.Contains(string(b), "and now") {
		t.Error("the model was not sent the history")
	}
	if got := c.call("thread/resume", fmt.Sprintf(`{"threadId":%q,"history":%s}`, id, history)).Get("error.message").Str; !strings.Contains(got, "with history while it is already running") {
		t.Error(got)
	}
}

// TestResumePath: a session file is resumed by its name, wherever it is, and joined when
// its thread is loaded.
func TestResumePath(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"hi"}`)
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "go")
	path := c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread.path").Str
	joined := c.result("thread/resume", fmt.Sprintf(`{"threadId":"00000000-0000-0000-0000-000000000000","path":%q}`, path))
	if joined.Get("thread.id").Str != id || len(joined.Get("thread.turns").Array()) != 1 {
		t.Errorf("joined %s", joined.Raw)
	}
	if got := c.result("thread/resume", fmt.Sprintf(`{"threadId":%q,"excludeTurns":true}`, id)); len(got.Get("thread.turns").Array()) != 0 {
		t.Errorf("turns that were to be left out: %s", got.Raw)
	}
	missing := filepath.Join(t.TempDir(), "missing.jsonl")
	if got := c.call("thread/resume", fmt.Sprintf(`{"threadId":"x","path":%q}`, missing)).Get("error.message").Str; got != "failed to resolve rollout path `"+missing+"`: No such file or directory (os error 2)" {
		t.Error(got)
	}
	elsewhere := filepath.Join(c.work, filepath.Base(path))
	c = c.again()
	if err := os.Rename(path, elsewhere); err != nil {
		t.Fatal(err)
	}
	if got := c.result("thread/resume", fmt.Sprintf(`{"threadId":%q,"path":%q}`, id, elsewhere)); got.Get("thread.path").Str != elsewhere || len(got.Get("thread.turns").Array()) != 1 {
		t.Errorf("resumed %s", got.Raw)
	}
	c.ran(id, "more")
	if got := c.result("thread/read", fmt.Sprintf(`{"threadId":%q,"includeTurns":true}`, id)); len(got.Get("thread.turns").Array()) != 2 {
		t.Errorf("read %s", got.Raw)
	}
}

// again ends the server and starts it anew.
func (c *client) again() *client {
	c.wire.t.Helper()
	if status := c.leave(); status != 0 {
		c.wire.t.Errorf("exit status %d", status)
	}
	c = c.desk.stdio()
	c.initialize()
	return c
}

// TestForks: a fork is a file of its own, or with ephemeral none at all; both know what
// was said before.
func TestForks(t *testing.T) {
	d := served(t, "mock-model", `{"msg":"first answer"} {"msg":"second answer"} {"msg":"third answer"}`)
	c := d.stdio()
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "first prompt")
	f := c.result("thread/fork", fmt.Sprintf(`{"threadId":%q,"ephemeral":true}`, id)).Get("thread")
	if f.Get("forkedFromId").Str != id || !f.Get("ephemeral").Bool() || f.Get("path").Type != gjson.Null || len(f.Get("turns").Array()) != 1 || f.Get("preview").Str != "first prompt" {
		t.Errorf("forked as %s", f.Raw)
	}
	if got := c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "thread/started" && m.Get("params.thread.ephemeral").Bool()
	}); got.Get("params.thread.id").Str != f.Get("id").Str {
		t.Error(got.Raw)
	}
	c.ran(f.Get("id").Str, "in the fork")
	b, err := os.ReadFile(d.log)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	for _, want := range []string{"first prompt", "first answer", "in the fork"} {
		if !strings.Contains(lines[len(lines)-1], want) {
			t.Errorf("the fork's model was not sent %q", want)
		}
	}
	if files, _ := filepath.Glob(c.home + "/sessions/*/*/*/*"); len(files) != 1 {
		t.Errorf("an ephemeral fork has a file: %v", files)
	}
	for _, tc := range []struct{ method, params, want string }{
		{"thread/read", `{"threadId":%q,"includeTurns":true}`, "ephemeral threads do not support includeTurns"},
		{"thread/rollback", `{"threadId":%q,"numTurns":1}`, "thread rollback requires persisted thread history"},
		{"thread/resume", `{"threadId":%q}`, "no rollout found for thread id"},
		{"thread/fork", `{"threadId":%q}`, "no rollout found for thread id"},
		{"thread/memoryMode/set", `{"threadId":%q,"mode":"enabled"}`, "ephemeral thread does not support metadata updates"},
	} {
		if got := c.call(tc.method, fmt.Sprintf(tc.params, f.Get("id").Str)).Get("error.message").Str; !strings.HasPrefix(got, tc.want) {
			t.Errorf("%s: %s", tc.method, got)
		}
	}
	g := c.result("thread/fork", fmt.Sprintf(`{"threadId":%q,"excludeTurns":true}`, id)).Get("thread")
	if len(g.Get("turns").Array()) != 0 || g.Get("path").Str == "" {
		t.Errorf("forked as %s", g.Raw)
	}
	c.ran(g.Get("id").Str, "in the other")
	for id, n := range map[string]int{id: 1, g.Get("id").Str: 2} {
		if got := c.result("thread/read", fmt.Sprintf(`{"threadId":%q,"includeTurns":true}`, id)); len(got.Get("thread.turns").Array()) != n {
			t.Errorf("read %s", got.Raw)
		}
	}
}

// TestForkWhileRunning: the copy of a running turn is an interrupted one, and its file
// has whole lines.
func TestForkWhileRunning(t *testing.T) {
	c := start(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"sleep 30"}}]`)
	c.initialize()
	id := c.thread(`{"approvalPolicy":"never","sandbox":"danger-full-access"}`)
	turn := c.turn(id, "go").Get("result.turn.id").Str
	c.wait(func(m gjson.Result) bool { return m.Get("params.item.type").Str == "commandExecution" })
	f := c.result("thread/fork", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread")
	if f.Get("turns.0.status").Str != "interrupted" {
		t.Errorf("forked as %s", f.Raw)
	}
	b, err := os.ReadFile(f.Get("path").Str)
	if err != nil || !strings.HasSuffix(string(b), "\n") {
		t.Errorf("the fork's file ends with %q (%v)", b[max(0, len(b)-40):], err)
	}
	c.result("turn/interrupt", fmt.Sprintf(`{"threadId":%q,"turnId":%q}`, id, turn))
}

// TestDetachedReview: a review apart from its thread runs in a copy of it.
func TestDetachedReview(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"} {"msg":"Looks fine."} {"msg":"two"}`)
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "go")
	r := c.result("review/start", fmt.Sprintf(`{"threadId":%q,"delivery":"detached","target":{"type":"custom","instructions":"look"}}`, id))
	review := r.Get("reviewThreadId").Str
	started := c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "thread/started" && m.Get("params.thread.id").Str == review
	})
	if review == id || started.Get("params.thread.forkedFromId").Str != id {
		t.Errorf("review in %s, of %s", review, started.Raw)
	}
	done := c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "turn/completed" && m.Get("params.threadId").Str == review
	})
	if done.Get("params.turn.status").Str != "completed" || done.Get("params.turn.id").Str != r.Get("turn.id").Str {
		t.Errorf("the review ended as %s", done.Raw)
	}
	if got := c.result("thread/read", fmt.Sprintf(`{"threadId":%q,"includeTurns":true}`, id)); len(got.Get("thread.turns").Array()) != 1 {
		t.Errorf("the thread itself has %s", got.Raw)
	}
}

// TestFacts: what is noted about a thread after its turns stays, however much is written
// behind it.
func TestFacts(t *testing.T) {
	c := start(t, "mock-model", fmt.Sprintf(`{"msg":"hi"} {"msg":"%s"} {"msg":"end"}`, strings.Repeat("long answer ", 12000)))
	c.initialize()
	id := c.thread(`{}`)
	c.result("thread/memoryMode/set", fmt.Sprintf(`{"threadId":%q,"mode":"disabled"}`, id)) // there is no file yet
	c.ran(id, "go")
	c.result("thread/metadata/update", fmt.Sprintf(`{"threadId":%q,"gitInfo":{"sha":"abc","branch":"b"}}`, id))
	c.ran(id, "more")
	c.result("thread/metadata/update", fmt.Sprintf(`{"threadId":%q,"gitInfo":{"sha":null}}`, id))
	c.ran(id, "and more")
	for _, thread := range []gjson.Result{c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread"), c.result("thread/list", `{}`).Get("data.0")} {
		if g := thread.Get("gitInfo"); g.Get("branch").Str != "b" || g.Get("sha").Type != gjson.Null {
			t.Errorf("git facts: %s", g.Raw)
		}
	}
	b, err := os.ReadFile(c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread.path").Str)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n")[1:] {
		if gjson.Get(line, "type").Str == "session_meta" && gjson.Get(line, "payload.memory_mode").Str != "disabled" {
			t.Errorf("a later line forgets: %.300s", line)
		}
	}
	if got := c.call("thread/metadata/update", fmt.Sprintf(`{"threadId":%q,"gitInfo":{}}`, id)).Get("error.message").Str; got != "gitInfo must include at least one field" {
		t.Error(got)
	}
}

// TestGoalStaysCleared: a turn that begins for a goal reads what was added to the session
// meanwhile, and does not bring back a goal that is cleared while it reads.
func TestGoalStaysCleared(t *testing.T) {
	c := start(t, "mock-model", fmt.Sprintf(`{"msg":"%s"} {"msg":"hi"}`, strings.Repeat("long answer ", 20000)))
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "go")
	of := fmt.Sprintf(`{"threadId":%q}`, id)
	for i := range 5 {
		c.result("thread/metadata/update", fmt.Sprintf(`{"threadId":%q,"gitInfo":{"branch":"b%d"}}`, id, i))
		c.result("thread/goal/set", fmt.Sprintf(`{"threadId":%q,"objective":"work"}`, id))
		c.result("thread/goal/clear", of)
		for end := time.Now().Add(patience); c.result("thread/read", of).Get("thread.status.type").Str != "idle"; {
			if time.Now().After(end) {
				t.Fatal("the thread does not rest")
			}
		}
		if g := c.result("thread/goal/get", of).Get("goal"); g.Type != gjson.Null {
			t.Fatalf("round %d: it is back: %s", i, g.Raw)
		}
	}
}

// TestTurnsList: turns come in pages, from either end, with as much of their items as is
// asked for.
func TestTurnsList(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"} {"msg":"two"} {"msg":"three"}`)
	c.initialize()
	id := c.thread(`{}`)
	var ids []string
	for _, text := range []string{"a", "b", "c"} {
		ids = append(ids, c.ran(id, text).Get("params.turn.id").Str)
	}
	page := func(more string) gjson.Result {
		return c.result("thread/turns/list", fmt.Sprintf(`{"threadId":%q%s}`, id, more))
	}
	first := page(`,"limit":2`)
	if first.Get("data.0.id").Str != ids[2] || first.Get("data.1.id").Str != ids[1] || first.Get("data.#").Int() != 2 || first.Get("data.0.itemsView").Str != "summary" {
		t.Errorf("first page: %s", first.Raw)
	}
	next := page(`,"limit":2,"cursor":` + first.Get("nextCursor").Raw)
	if next.Get("data.0.id").Str != ids[0] || next.Get("data.#").Int() != 1 || next.Get("nextCursor").Type != gjson.Null {
		t.Errorf("second page: %s", next.Raw)
	}
	back := page(`,"sortDirection":"asc","itemsView":"full","cursor":` + next.Get("backwardsCursor").Raw)
	if back.Get("data.#").Int() != 3 || back.Get("data.0.items.#").Int() != 2 || back.Get("data.0.items.1.text").Str != "one" {
		t.Errorf("back: %s", back.Raw)
	}
	if got := page(`,"itemsView":"notLoaded"`); got.Get("data.0.items.#").Int() != 0 {
		t.Errorf("without items: %s", got.Raw)
	}
	if got := c.call("thread/turns/list", fmt.Sprintf(`{"threadId":%q,"cursor":"x"}`, id)).Get("error.message").Str; got != "invalid cursor: x" {
		t.Error(got)
	}
}

// TestUnsubscribe: who has left a thread hears no more of its turns.
func TestUnsubscribe(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	id := c.thread(`{}`)
	for _, want := range []string{"unsubscribed", "notSubscribed"} {
		if got := c.result("thread/unsubscribe", fmt.Sprintf(`{"threadId":%q}`, id)).Get("status").Str; got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
	if got := c.result("thread/unsubscribe", `{"threadId":"00000000-0000-0000-0000-000000000000"}`).Get("status").Str; got != "notLoaded" {
		t.Error(got)
	}
	c.turn(id, "go")
	idle := func(m gjson.Result) bool { return m.Get("params.status.type").Str == "idle" }
	c.wait(idle)
	for _, m := range c.got {
		if method := m.Get("method").Str; strings.HasPrefix(method, "turn/") || strings.HasPrefix(method, "item/") {
			t.Errorf("told to who has left: %s", m.Raw)
		}
	}
}

// TestElicitationCount: what a helper asks beside the protocol is counted.
func TestElicitationCount(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	id := c.thread(`{}`)
	for _, tc := range []struct {
		method string
		count  int64
	}{{"increment", 1}, {"increment", 2}, {"decrement", 1}, {"decrement", 0}} {
		got := c.result("thread/"+tc.method+"_elicitation", fmt.Sprintf(`{"threadId":%q}`, id))
		if got.Get("count").Int() != tc.count || got.Get("paused").Bool() != (tc.count > 0) {
			t.Errorf("%s: %s", tc.method, got.Raw)
		}
	}
}

// TestLeftovers: the methods of the protocol's first version that clients still send.
func TestLeftovers(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git")
	}
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "hello")
	path := c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread.path").Str
	for _, params := range []string{fmt.Sprintf(`{"conversationId":%q}`, id), fmt.Sprintf(`{"rolloutPath":%q}`, path)} {
		s := c.result("getConversationSummary", params).Get("summary")
		if s.Get("conversationId").Str != id || s.Get("preview").Str != "hello" || s.Get("path").Str != path || s.Get("source").Str != "vscode" || s.Get("modelProvider").Str != "mock" {
			t.Errorf("summary %s", s.Raw)
		}
	}
	if got := c.call("getConversationSummary", `{"conversationId":"00000000-0000-0000-0000-000000000000"}`).Get("error.message").Str; got != "no rollout found for conversation id 00000000-0000-0000-0000-000000000000" {
		t.Error(got)
	}
	if got := c.result("getAuthStatus", `{"includeToken":true}`); got.Raw != `{"authMethod":null,"authToken":null,"requiresOpenaiAuth":false}` {
		t.Error(got.Raw)
	}
	run := func(dir string, args ...string) {
		t.Helper()
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	far, near := filepath.Join(c.work, "far"), filepath.Join(c.work, "near")
	run(c.work, "init", "-q", far)
	write(t, far+"/file", "one\n")
	run(far, "add", ".")
	run(far, "commit", "-qm", "one")
	run(c.work, "clone", "-q", far, near)
	diff := func() gjson.Result { return c.result("gitDiffToRemote", fmt.Sprintf(`{"cwd":%q}`, near)) }
	clean := diff()
	if clean.Get("diff").Str != "" || len(clean.Get("sha").Str) != 40 {
		t.Errorf("clean: %s", clean.Raw)
	}
	write(t, near+"/file", "two\n")
	run(near, "commit", "-qam", "two")
	write(t, near+"/new", "new\n")
	got := diff()
	for _, want := range []string{"-one", "+two", "+new", "new file mode"} {
		if !strings.Contains(got.Get("diff").Str, want) {
			t.Errorf("the diff lacks %q: %s", want, got.Raw)
		}
	}
	if got.Get("sha").Str != clean.Get("sha").Str {
		t.Errorf("a commit that no remote has: %s", got.Get("sha").Str)
	}
	if got := c.call("gitDiffToRemote", fmt.Sprintf(`{"cwd":%q}`, far)).Get("error.message").Str; !strings.HasPrefix(got, "failed to compute git diff to remote") {
		t.Error(got)
	}
}

// TestFeedback: what the user says is kept, and sent nowhere.
func TestFeedback(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	c.result("feedback/upload", `{"classification":"bug","reason":"it is slow","includeLogs":false}`)
	b, err := os.ReadFile(c.home + "/feedback.jsonl")
	if err != nil || gjson.GetBytes(b, "feedback.reason").Str != "it is slow" {
		t.Errorf("kept: %s %v", b, err)
	}
	if fi, err := os.Stat(c.home + "/feedback.jsonl"); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi, err)
	}
}
