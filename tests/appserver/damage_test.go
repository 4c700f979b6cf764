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
