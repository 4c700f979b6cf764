//go:build unix

package appserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/tidwall/gjson"
)

func children(t *testing.T, pid int) []string {
	t.Helper()
	if _, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)); err != nil {
		t.Skip("no /proc")
	}
	var all []string
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range tasks {
		b, _ := os.ReadFile(f)
		all = append(all, strings.Fields(string(b))...)
	}
	return all
}

// TestAtRest: a thread is a file until a turn starts its engine.
func TestAtRest(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"hi"}`)
	c.initialize()
	id := c.thread(`{}`)
	if kids := children(t, c.cmd.Process.Pid); len(kids) != 0 {
		t.Errorf("an idle thread has processes: %v", kids)
	}
	if files, _ := filepath.Glob(c.home + "/sessions/*/*/*/*"); len(files) != 0 {
		t.Errorf("an empty thread has files: %v", files)
	}
	c.turn(id, "go")
	c.note("turn/completed")
	path := c.call("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("result.thread.path").Str
	if _, err := os.Stat(path); err != nil || !strings.Contains(path, id) {
		t.Errorf("session file: %v", err)
	}
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// TestCrash: an engine that is killed fails its turn; the other thread and the next turn
// go on.
func TestCrash(t *testing.T) {
	c := start(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"sleep 30"}}]`)
	c.initialize()
	id := c.thread(`{"approvalPolicy":"never","sandbox":"danger-full-access"}`)
	c.turn(id, "go")
	c.note("item/started")
	c.wait(func(m gjson.Result) bool { return m.Get("params.item.type").Str == "commandExecution" })
	other := c.thread(`{}`)
	for _, pid := range children(t, c.cmd.Process.Pid) {
		var n int
		fmt.Sscan(pid, &n)
		syscall.Kill(n, syscall.SIGKILL)
	}
	done := c.note("turn/completed")
	if done.Get("params.turn.status").Str != "failed" || !strings.Contains(done.Get("params.turn.error.message").Str, "killed by signal 9") {
		t.Errorf("the turn ended as %s", done.Raw)
	}
	if s := c.call("thread/read", fmt.Sprintf(`{"threadId":%q}`, id)).Get("result.thread.status.type").Str; s != "systemError" {
		t.Errorf("status %s", s)
	}
	if r := c.turn(other, "go"); r.Get("error").Exists() {
		t.Errorf("the other thread: %s", r.Raw)
	}
	if r := c.turn(id, "again"); r.Get("error").Exists() {
		t.Errorf("the thread itself: %s", r.Raw)
	}
	if got := c.result("thread/resume", fmt.Sprintf(`{"threadId":%q}`, id)); got.Get("thread.turns.0.items.0.content.0.text").Str != "go" {
		t.Errorf("resumed as %s", got.Raw)
	}
}

// TestEnd: the end of the input interrupts the turn, and the file says so, and the client
// is told if it still reads.
func TestEnd(t *testing.T) {
	c := start(t, "mock-model", `[{"call":"exec_command","args":{"cmd":"sleep 30"}}]`)
	c.initialize()
	id := c.thread(`{"approvalPolicy":"never","sandbox":"danger-full-access"}`)
	c.turn(id, "go")
	c.wait(func(m gjson.Result) bool { return m.Get("params.item.type").Str == "commandExecution" })
	if status := c.leave(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if !slices.ContainsFunc(c.got, func(m gjson.Result) bool {
		return m.Get("method").Str == "turn/completed" && m.Get("params.turn.status").Str == "interrupted"
	}) {
		t.Errorf("the end of the turn was not told:\n%s", c.tail())
	}
	files, _ := filepath.Glob(c.home + "/sessions/*/*/*/*.jsonl")
	if len(files) != 1 {
		t.Fatal(files)
	}
	b, _ := os.ReadFile(files[0])
	if !bytes.Contains(b, []byte(`"turn_aborted"`)) {
		t.Errorf("no turn_aborted in %s", b[max(0, len(b)-600):])
	}
	c = c.desk.stdio()
	c.initialize()
	list := c.call("thread/list", `{}`)
	if list.Get("result.data.0.status.type").Str != "notLoaded" || list.Get("result.data.0.id").Str != id {
		t.Errorf("list after a restart: %s", list.Raw)
	}
	r := c.call("thread/resume", fmt.Sprintf(`{"threadId":%q}`, id))
	if r.Get("result.thread.turns.0.status").Str != "interrupted" {
		t.Errorf("resume: %s", r.Raw)
	}
}

// TestManyThreads: turns of fifty threads run at once, and each ends.
func TestManyThreads(t *testing.T) {
	c := start(t, "mock-model", `{"msg":"done"}`)
	c.initialize()
	want := map[string]bool{}
	for range 50 {
		id := c.thread(`{}`)
		c.turn(id, "go")
		want[id] = true
	}
	for len(want) > 0 {
		m := c.note("turn/completed")
		if m.Get("params.turn.status").Str != "completed" {
			t.Errorf("%s", m.Raw)
		}
		delete(want, m.Get("params.threadId").Str)
	}
}

// TestGenerate: schemas and types come out, the types with a module for each schema.
func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range []string{"json-schema", "ts"} {
		if out, err := exec.Command(filepath.Join(binaries, "codex-app-server"), "generate-"+kind, "--out", dir+"/"+kind, "--experimental").CombinedOutput(); err != nil {
			t.Fatalf("%v %s", err, out)
		}
	}
	b, err := os.ReadFile(dir + "/json-schema/v2/TurnStartParams.json")
	if err != nil || !json.Valid(b) {
		t.Errorf("TurnStartParams.json: %v", err)
	}
	b, err = os.ReadFile(dir + "/ts/v2/TurnStatus.ts")
	if err != nil || !bytes.Contains(b, []byte(`export type TurnStatus = "completed" | "interrupted" | "failed" | "inProgress";`)) {
		t.Errorf("TurnStatus.ts: %v %s", err, b)
	}
	schemas, _ := filepath.Glob(dir + "/json-schema/v2/*.json")
	for _, s := range schemas {
		name := strings.TrimSuffix(filepath.Base(s), ".json")
		if _, err := os.Stat(dir + "/ts/v2/" + name + ".ts"); err != nil {
			if _, err := os.Stat(dir + "/ts/" + name + ".ts"); err != nil {
				t.Errorf("%s has no type", name)
			}
		}
	}
}
