//go:build unix

package appserver

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// TestLaterMethods: what 0.171.0 has and this server has not is refused by its name, and
// the server goes on.
func TestLaterMethods(t *testing.T) {
	l, err := readLater()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range append(protocol.Methods(), protocol.Later()...) {
		known[m.Name] = true
	}
	c := start(t, "mock-model", `{"msg":"hello"}`)
	c.initialize()
	refused, same := 0, 0
	for _, method := range l.Methods {
		if known[method] {
			same++
			continue
		}
		refused++
		if text := c.call(method, "{}").Get("error.message").Str; !strings.Contains(text, method) {
			t.Errorf("%s: %q does not name it", method, text)
		}
	}
	t.Logf("of %d methods of 0.171.0 %d are known here, %d refused", len(l.Methods), same, refused)
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// talk is a thread with three turns.
func talk(t *testing.T) (c *client, id string, turns []string) {
	t.Helper()
	c = start(t, "mock-model", `{"msg":"one"} {"msg":"two"} {"msg":"three"}`)
	c.initialize()
	id = c.thread(`{}`)
	for _, text := range []string{"a", "b", "c"} {
		turns = append(turns, c.ran(id, text).Get("params.turn.id").Str)
	}
	return c, id, turns
}

func texts(items gjson.Result) (out []string) {
	for _, e := range items.Array() {
		out = append(out, e.Get("item.text").Str+e.Get("item.content.0.text").Str)
	}
	return out
}

// TestItemsList: items come in pages, from either end, of one turn or of all.
func TestItemsList(t *testing.T) {
	c, id, turns := talk(t)
	page := func(more string) gjson.Result {
		return c.result("thread/items/list", fmt.Sprintf(`{"threadId":%q%s}`, id, more))
	}
	first := page(`,"limit":4`)
	if got := texts(first.Get("data")); !slices.Equal(got, []string{"a", "one", "b", "two"}) || first.Get("data.2.turnId").Str != turns[1] {
		t.Errorf("first page: %s", first.Raw)
	}
	next := page(`,"limit":4,"cursor":` + first.Get("nextCursor").Raw)
	if got := texts(next.Get("data")); !slices.Equal(got, []string{"c", "three"}) || next.Get("nextCursor").Type != gjson.Null {
		t.Errorf("second page: %s", next.Raw)
	}
	back := page(`,"sortDirection":"desc","cursor":` + next.Get("backwardsCursor").Raw)
	if got := texts(back.Get("data")); !slices.Equal(got, []string{"c", "two", "b", "one", "a"}) {
		t.Errorf("backwards: %v", got)
	}
	if got := texts(page(fmt.Sprintf(`,"turnId":%q`, turns[1])).Get("data")); !slices.Equal(got, []string{"b", "two"}) {
		t.Errorf("of one turn: %v", got)
	}
	behind := page(fmt.Sprintf(`,"cursor":{"type":"item","itemId":%q}`, first.Get("data.3.item.id").Str))
	if got := texts(behind.Get("data")); !slices.Equal(got, []string{"c", "three"}) {
		t.Errorf("behind an item: %v", got)
	}
	one := c.result("thread/items/read", fmt.Sprintf(`{"threadId":%q,"turnId":%q,"itemIds":[%q,"none"]}`, id, turns[1], first.Get("data.3.item.id").Str))
	if got := texts(one.Get("data")); !slices.Equal(got, []string{"two"}) {
		t.Errorf("read: %v", got)
	}
	for cursor, says := range map[string]string{`"x"`: "x", `1`: "1", `[]`: "[]"} {
		if got := c.call("thread/items/list", fmt.Sprintf(`{"threadId":%q,"cursor":%s}`, id, cursor)).Get("error.message").Str; got != "invalid cursor: "+says {
			t.Error(got)
		}
	}
}

// TestResumePages: what a client of 0.171.0 asks for when it resumes, instead of all turns.
func TestResumePages(t *testing.T) {
	c, id, turns := talk(t)
	check := func() {
		t.Helper()
		got := c.result("thread/resume", fmt.Sprintf(`{"threadId":%q,"excludeTurns":true,"initialTurnsPage":{"limit":2,"itemsView":"full"}}`, id))
		if got.Get("thread.turns.#").Int() != 0 || got.Get("initialTurnsPage.data.#").Int() != 2 || got.Get("initialTurnsPage.data.0.id").Str != turns[2] {
			t.Errorf("resume: %s", got.Raw)
		}
		more := c.result("thread/turns/list", fmt.Sprintf(`{"threadId":%q,"sortDirection":"desc","cursor":%s}`, id, got.Get("turnsBackwardsCursor").Raw))
		if more.Get("data.#").Int() != 3 || more.Get("data.0.id").Str != turns[2] {
			t.Errorf("turns: %s", more.Raw)
		}
		items := c.result("thread/items/list", fmt.Sprintf(`{"threadId":%q,"sortDirection":"desc","limit":1,"cursor":%s}`, id, got.Get("itemsBackwardsCursor").Raw))
		if got := texts(items.Get("data")); !slices.Equal(got, []string{"three"}) {
			t.Errorf("items: %v", got)
		}
	}
	check() // while it is loaded
	c.leave()
	c = c.desk.stdio()
	c.initialize()
	check()
}

// TestRevert: a turn and all behind it go, and the next one stands on what is left.
func TestRevert(t *testing.T) {
	c, id, turns := talk(t)
	got := c.result("thread/revert", fmt.Sprintf(`{"threadId":%q,"beforeTurnId":%q}`, id, turns[1]))
	if got.Get("thread.turns.#").Int() != 0 || !strings.Contains(got.Get("turnsBackwardsCursor").Str, turns[0]) {
		t.Errorf("revert: %s", got.Raw)
	}
	if note := c.note("thread/reverted"); note.Get("params.threadId").Str != id {
		t.Errorf("told: %s", note.Raw)
	}
	if left := c.result("thread/turns/list", fmt.Sprintf(`{"threadId":%q}`, id)); left.Get("data.#").Int() != 1 || left.Get("data.0.id").Str != turns[0] {
		t.Errorf("left: %s", left.Raw)
	}
	if got := c.call("thread/revert", fmt.Sprintf(`{"threadId":%q,"beforeTurnId":%q}`, id, turns[1])).Get("error.message").Str; got != "turn not found: "+turns[1] {
		t.Error(got)
	}
}

// TestRevertCommand: a turn without a message of the user counts for the model as it does for
// clients: no more goes than what was said.
func TestRevertCommand(t *testing.T) {
	d := empty(t)
	asked := filepath.Join(filepath.Dir(d.home), "asked")
	script := filepath.Join(filepath.Dir(d.home), "script.jsonl")
	write(t, script, `{"msg":"one"} {"msg":"two"} {"msg":"three"} {"msg":"four"}`)
	d.config("mock-model", fmt.Sprintf("command = [\"sh\", \"-c\", '''tee '%s' | codex-model replay '%s' ''']\n", asked, script))
	c := d.stdio()
	c.initialize()
	id := c.thread(`{"sandbox":"danger-full-access"}`)
	c.ran(id, "first words")
	c.result("thread/shellCommand", fmt.Sprintf(`{"threadId":%q,"command":"echo by hand"}`, id))
	c.note("turn/completed")
	c.ran(id, "last words")
	for _, step := range []struct {
		back      int
		has, gone string
	}{{2, "by hand", "last words"}, {1, "first words", "by hand"}} {
		turns := c.result("thread/turns/list", fmt.Sprintf(`{"threadId":%q,"sortDirection":"asc"}`, id)).Get("data")
		if turns.Get("#").Int() <= int64(step.back) {
			t.Fatalf("turns: %s", turns.Raw)
		}
		c.result("thread/revert", fmt.Sprintf(`{"threadId":%q,"beforeTurnId":%q}`, id, turns.Get(fmt.Sprint(step.back, ".id")).Str))
		c.ran(id, "and now")
		b, err := os.ReadFile(asked)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(b); !strings.Contains(text, "first words") || !strings.Contains(text, step.has) || strings.Contains(text, step.gone) {
			t.Errorf("before turn %d the model is asked: %s", step.back, text)
		}
	}
}

// TestForkPart: a copy ends behind a turn, or before one.
func TestForkPart(t *testing.T) {
	c, id, turns := talk(t)
	for _, f := range []struct {
		more string
		want int64
	}{{fmt.Sprintf(`,"lastTurnId":%q`, turns[1]), 2}, {fmt.Sprintf(`,"beforeTurnId":%q`, turns[1]), 1}, {fmt.Sprintf(`,"lastTurnId":%q`, turns[2]), 3}} {
		if got := c.result("thread/fork", fmt.Sprintf(`{"threadId":%q%s}`, id, f.more)); got.Get("thread.turns.#").Int() != f.want {
			t.Errorf("%s: %s", f.more, got.Raw)
		}
	}
	had := c.result("thread/list", `{}`).Get("data.#").Int()
	if got := c.call("thread/fork", fmt.Sprintf(`{"threadId":%q,"lastTurnId":"none"}`, id)).Get("error.message").Str; got != "turn not found: none" {
		t.Error(got)
	}
	if now := c.result("thread/list", `{}`).Get("data.#").Int(); now != had {
		t.Errorf("a copy that nobody was told of stays: %d, %d", had, now)
	}
}

// TestDelete: a thread goes for good, loaded or archived, and everybody is told.
func TestDelete(t *testing.T) {
	c, id, _ := talk(t)
	path := c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread.path").Str
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	c.result("thread/name/set", fmt.Sprintf(`{"threadId":%q,"name":"short-lived"}`, id))
	c.result("thread/delete", fmt.Sprintf(`{"threadId":%q}`, id))
	if b, err := os.ReadFile(filepath.Join(c.desk.home, "session_index.jsonl")); err != nil || strings.Contains(string(b), "short-lived") {
		t.Errorf("its name stays: %q, %v", b, err)
	}
	if note := c.note("thread/deleted"); note.Get("params.threadId").Str != id {
		t.Errorf("told: %s", note.Raw)
	}
	if _, err := os.Stat(path); err == nil {
		t.Errorf("%s is still there", path)
	}
	if got := c.call("thread/delete", fmt.Sprintf(`{"threadId":%q}`, id)).Get("error.message").Str; got != "no rollout found for thread id "+id {
		t.Error(got)
	}
	archived := c.thread(`{}`)
	c.ran(archived, "x")
	c.result("thread/archive", fmt.Sprintf(`{"threadId":%q}`, archived))
	c.result("thread/delete", fmt.Sprintf(`{"threadId":%q}`, archived))
	if got := c.result("thread/list", `{"archived":true}`); got.Get("data.#").Int() != 0 {
		t.Errorf("archived: %s", got.Raw)
	}
}

// TestLaterWords: what clients of 0.171.0 say otherwise, or more of.
func TestLaterWords(t *testing.T) {
	c := start(t, "mock-model", `[{"item":{"type":"function_call","call_id":"c1","namespace":"desk","name":"look","arguments":"{}"}}] {"msg":"seen"}`, "--stdio")
	c.initialize()
	id := c.thread(strings.Join(strings.Fields(`{"threadSource":"nightly","historyMode":"paginated","multiAgentMode":"explicitRequestOnly","dynamicTools":[
		{"type":"function","name":"alone","description":"d","inputSchema":{"type":"object"},"deferLoading":true},
		{"type":"namespace","name":"desk","description":"d","tools":[{"type":"function","name":"look","description":"d","inputSchema":{"type":"object"},"deferLoading":true}]}]}`), ""))
	begun := c.turn(id, "go")
	turn := begun.Get("result.turn.id").Str
	if got := begun.Get("result.turn.rootTurnId").Str; got != turn {
		t.Errorf("root: %q", got)
	}
	ask := c.note("item/tool/call")
	if ask.Get("params.tool").Str != "look" || ask.Get("params.namespace").Str != "desk" {
		t.Errorf("asked: %s", ask.Raw)
	}
	c.send(fmt.Sprintf(`{"id":%s,"result":{"success":true,"contentItems":[{"type":"inputText","text":"a desk"}]}}`, ask.Get("id").Raw))
	done := c.wait(func(m gjson.Result) bool {
		return m.Get("method").Str == "turn/completed" && m.Get("params.turn.id").Str == turn
	})
	if done.Get("params.turn.status").Str != "completed" {
		t.Errorf("%s", done.Raw)
	}
	got := c.result("thread/list", `{"sortKey":"recency_at"}`)
	if got.Get("data.0.id").Str != id || got.Get("data.0.threadSource").Type != gjson.Null {
		t.Errorf("list: %s", got.Raw)
	}
	for _, th := range []gjson.Result{got.Get("data.0"), c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread")} {
		if th.Get("model").Str != "mock-model" || !th.Get("canAcceptDirectInput").Bool() || th.Get("originator").Str == "" {
			t.Errorf("loaded: %s", th.Raw)
		}
	}
	if text := c.call("thread/list", `{"sortKey":"colour"}`).Get("error.message").Str; !strings.Contains(text, "unknown variant `colour`") {
		t.Error(text)
	}
}
