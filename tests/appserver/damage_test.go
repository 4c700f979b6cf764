//go:build unix

package appserver

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDeepLine: a line of millions of brackets in a session file is left out, and harms
// neither who reads the thread, nor who lists it, nor who goes on with it; they hear of it.
func TestDeepLine(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`+"\n"+`{"msg":"two"}`)
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "go")
	path := c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread.path").Str
	c.leave()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Repeat("[", 12<<20) + "\n"); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	c = c.desk.stdio()
	c.initialize()
	for _, method := range []string{"thread/read", "thread/resume", "thread/turns/list", "thread/fork"} {
		c.result(method, fmt.Sprintf(`{"threadId":%q,"includeTurns":true}`, id))
	}
	if got := c.result("thread/list", `{}`).Get(`data.#(id="` + id + `").preview`).Str; got != "go" {
		t.Errorf("listed with %q", got)
	}
	c.request("turn/start", fmt.Sprintf(`{"threadId":%q,"input":[{"type":"text","text":"more"}]}`, id))
	if said := c.note("configWarning").Get("params"); said.Get("path").Str != path || !strings.Contains(said.Get("summary").Str, "left out") {
		t.Errorf("warned %s", said.Raw)
	}
	if got := c.note("turn/completed").Get("params.turn.status").Str; got != "completed" {
		t.Error(got)
	}
	if status := c.leave(); status != 0 {
		t.Errorf("status %d", status)
	}
}

// TestRollbackAtWork: turns are not taken back from a session that somebody else is at work on.
func TestRollbackAtWork(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "go")
	f, err := os.Open(c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread.path").Str)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	rollback := fmt.Sprintf(`{"threadId":%q,"numTurns":1}`, id)
	if got := c.call("thread/rollback", rollback).Get("error.message").Str; !strings.Contains(got, "another codex is at work on it") {
		t.Errorf("at work: %q", got)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if got := c.result("thread/rollback", rollback).Get("thread.turns.#").Int(); got != 0 {
		t.Errorf("%d turns are left", got)
	}
}

// TestWatchSudden: who watches a path hears of it also when the folders above it come at
// the same moment.
func TestWatchSudden(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	for i := range 20 {
		path := filepath.Join(c.work, fmt.Sprintf("made%d", i), "below", "it", "file")
		c.result("fs/watch", fmt.Sprintf(`{"watchId":"%d","path":%q}`, i, path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, "x")
		if got := c.note("fs/changed").Get("params"); got.Get("changedPaths.0").Str != path {
			t.Errorf("told %s", got.Raw)
		}
		c.result("fs/unwatch", fmt.Sprintf(`{"watchId":"%d"}`, i))
	}
}

// TestRepeatedTurn: pages of a file that names turns again and again have an end, both ways.
func TestRepeatedTurn(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	id := c.thread(`{}`)
	c.ran(id, "go")
	path := c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("thread.path").Str
	c.leave()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		_, err = fmt.Fprintf(f, `{"timestamp":"2026-11-29T08:49:38.254Z","type":"event_msg","payload":{"type":"task_started","turn_id":"turn-%d","started_at":1}}`+"\n"+
			`{"timestamp":"2026-11-29T08:49:38.254Z","type":"event_msg","payload":{"type":"agent_message","message":"%d"}}`+"\n", i%2, i)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	c = c.desk.stdio()
	c.initialize()
	for _, list := range []struct {
		method string
		want   int
	}{{"thread/turns/list", 7}, {"thread/items/list", 8}} {
		for _, dir := range []string{"asc", "desc"} {
			cursor, pages := "null", 0
			for cursor != "" {
				if pages++; pages > list.want {
					t.Fatalf("%s %s does not end", list.method, dir)
				}
				res := c.result(list.method, fmt.Sprintf(`{"threadId":%q,"limit":1,"sortDirection":%q,"cursor":%s}`, id, dir, cursor))
				cursor = res.Get("nextCursor").Raw
				if res.Get("nextCursor").Type == 0 { // null
					cursor = ""
				}
			}
			if pages != list.want {
				t.Errorf("%s %s: %d pages", list.method, dir, pages)
			}
		}
	}
}

// TestListFilters: filters of releases after 0.133.0.
func TestListFilters(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	one, two := c.thread(`{}`), c.thread(`{}`)
	c.ran(one, "go")
	c.ran(two, "go")
	listed := func(params string) string {
		var ids []string
		for _, th := range c.result("thread/list", params).Get("data.#.id").Array() {
			ids = append(ids, th.Str)
		}
		return strings.Join(ids, " ")
	}
	path := c.result("thread/read", fmt.Sprintf(`{"threadId":%q}`, two)).Get("thread.path").Str
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	child, grandchild := strings.Replace(two, two[:13], "01a22a00-0000", 1), strings.Replace(two, two[:13], "01a22a00-0001", 1)
	for _, f := range []struct{ id, parent string }{{child, one}, {grandchild, child}} {
		text := strings.ReplaceAll(string(b), two, f.id)
		text = strings.Replace(text, `"source":"vscode"`, fmt.Sprintf(`"source":{"subagent":{"thread_spawn":{"parent_thread_id":%q,"depth":1}}}`, f.parent), 1)
		write(t, strings.Replace(path, two, f.id, 1), text)
	}
	for _, f := range []struct{ params, want string }{
		{`{}`, two + " " + one},
		{fmt.Sprintf(`{"includedThreadIds":[%q]}`, one), one},
		{`{"includedThreadIds":[]}`, ""},
		{fmt.Sprintf(`{"excludedThreadIds":[%q]}`, one), two},
		{fmt.Sprintf(`{"parentThreadId":%q}`, one), child},
		{fmt.Sprintf(`{"ancestorThreadId":%q,"sortDirection":"asc"}`, one), child + " " + grandchild},
		{fmt.Sprintf(`{"ancestorThreadId":%q}`, two), ""},
		{`{"sectionId":"x"}`, ""},
		{`{"sortKey":"section_position"}`, two + " " + one},
	} {
		if got := listed(f.params); got != f.want {
			t.Errorf("%s: %s, not %s", f.params, got, f.want)
		}
	}
	for params, want := range map[string]string{
		`{"originators":["x"]}`:         "not supported",
		`{"projectId":"x"}`:             "project not found: x",
		`{"excludedThreadIds":["bad"]}`: "invalid excluded thread id",
		fmt.Sprintf(`{"parentThreadId":%q,"ancestorThreadId":%[1]q}`, one): "mutually exclusive",
	} {
		if got := c.call("thread/list", params).Get("error.message").Str; !strings.Contains(got, want) {
			t.Errorf("%s: %q", params, got)
		}
	}
}
