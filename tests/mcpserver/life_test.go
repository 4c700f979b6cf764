//go:build linux

package mcpserver

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// long is a command that says that it runs, and does so until it is ended. Its words tell it
// from all others.
func long() (command, words string) {
	words = fmt.Sprintf("sleep 1000.%d%d", os.Getpid(), rand.Uint32())
	return "touch begun; exec " + words, words
}

// TestCancel holds that a call that is cancelled ends its command, and is answered.
func TestCancel(t *testing.T) {
	command, words := long()
	c := start(t, run(command)+say("after"))
	c.hello(`{}`)
	c.call(7, "codex", `{"prompt":"p","sandbox":"workspace-write","approval-policy":"never"}`)
	c.begun()
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"enough"}}`)
	c.wait("params.msg.type", "turn_aborted", "params.msg.reason", "interrupted", "params.msg.turn_id", "7")
	r := c.answer("7")
	if !r.Get("result.isError").Bool() {
		t.Error(r.Raw)
	}
	gone(t, words)
	// The thread goes on.
	thread := c.wait("params.msg.type", "session_configured").Get("params.msg.thread_id").Str
	c.call(8, "codex-reply", `{"prompt":"more","threadId":"`+thread+`"}`)
	if r := c.answer("8"); r.Get("result.content.0.text").Str != "after" {
		t.Error(r.Raw)
	}
}

// TestCancelQuestion holds that a question is taken back with its call.
func TestCancelQuestion(t *testing.T) {
	c := start(t, run("touch made")+say("done"))
	c.hello(`{"elicitation":{}}`)
	c.call("x", "codex", `{"prompt":"p","approval-policy":"untrusted"}`)
	q := c.wait("method", "elicitation/create")
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}`)
	c.wait("method", "notifications/cancelled", "params.requestId", q.Get("id").Raw)
	c.answer("x")
}

// TestEnd holds that the end of the client's lines ends everything, whatever runs.
func TestEnd(t *testing.T) {
	for _, how := range []string{"eof", "term", "int", "kill"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			command, words := long()
			c := start(t, run(command)+say("after"))
			c.hello(`{}`)
			c.call(1, "codex", `{"prompt":"p","sandbox":"workspace-write","approval-policy":"never"}`)
			c.begun()
			switch how {
			case "eof":
				c.stdin.Close()
			case "term":
				c.signal(syscall.SIGTERM)
			case "int":
				c.signal(syscall.SIGINT)
			case "kill":
				c.signal(syscall.SIGKILL)
			}
			<-c.exited
			gone(t, words)
			if how == "eof" && !c.answer("1").Get("result.isError").Bool() {
				t.Error("the call has no error")
			}
			want := map[string]string{"eof": "exit status 0", "term": "signal: terminated", "int": "signal: interrupt", "kill": "signal: killed"}[how]
			if got := c.cmd.ProcessState.String(); got != want {
				t.Errorf("%s, not %s", got, want)
			}
		})
	}
}

// TestPipe holds that what was asked before the end of the lines is answered.
func TestPipe(t *testing.T) {
	home, work := desk(t, say("hello"))
	var lines strings.Builder
	fmt.Fprintln(&lines, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"d","version":"9"}}}`)
	for id := 2; id < 100; id++ {
		fmt.Fprintf(&lines, `{"jsonrpc":"2.0","id":%d,"method":"tools/list"}`+"\n", id)
	}
	fmt.Fprint(&lines, `{"jsonrpc":"2.0","id":100,"method":"tools/call","params":{"name":"codex","arguments":{"prompt":"p"}}}`)
	var out bytes.Buffer
	cmd := server(home, work, nil, nil)
	cmd.Stdin, cmd.Stdout = strings.NewReader(lines.String()), &out
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte(`"codex-close"`)); n != 98 || !strings.Contains(out.String(), `"id":100,`) {
		t.Errorf("%d lists of 98: %.2000s", n, out.String())
	}
}

// TestUnread holds that a client that reads nothing cannot keep the server.
func TestUnread(t *testing.T) {
	home, work := desk(t, `{"msg":"x","times":30000000}`+"\n")
	in, out := pipe(t), pipe(t)
	cmd := server(home, work, in.r, out.w)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.r.Close()
	out.w.Close()
	fmt.Fprintln(in.w, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"d","version":"9"}}}`)
	fmt.Fprintln(in.w, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"codex","arguments":{"prompt":"p"}}}`)
	one := make([]byte, 1)
	if _, err := out.r.Read(one); err != nil {
		t.Fatal(err)
	}
	in.w.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestCrash holds that the death of an engine is its thread's own affair, and that the
// thread goes on with another one.
func TestCrash(t *testing.T) {
	c := start(t, `{"call":"exec_command","args":{"cmd":"echo $$ >pid$PPID; exec sleep 1000","yield_time_ms":20000}}`+"\n"+say("after"))
	c.hello(`{}`)
	const args = `{"prompt":"p","sandbox":"danger-full-access","approval-policy":"never"}`
	c.call(1, "codex", args)
	one := c.wait("params._meta.requestId", "1", "params.msg.type", "exec_command_begin").Get("params._meta.threadId").Str
	c.call(2, "codex", args)
	two := c.wait("params._meta.requestId", "2", "params.msg.type", "exec_command_begin").Get("params._meta.threadId").Str
	first := c.engineOf(one)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r := c.answer("1")
	if !r.Get("result.isError").Bool() || !strings.Contains(r.Get("result.content.0.text").Str, "codex-turn was killed by signal 9") {
		t.Error(r.Raw)
	}
	c.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}`)
	c.answer("2")
	for i, thread := range []string{two, one} {
		c.call(3+i, "codex-reply", `{"prompt":"more","threadId":"`+thread+`"}`)
		if r := c.answer(strconv.Itoa(3 + i)); r.Get("result.content.0.text").Str != "after" {
			t.Error(r.Raw)
		}
	}
}

// TestClose holds that closing a thread ends what runs in it.
func TestClose(t *testing.T) {
	command, words := long()
	c := start(t, run(command)+say("after"))
	c.hello(`{}`)
	c.call(1, "codex", `{"prompt":"p","sandbox":"workspace-write","approval-policy":"never"}`)
	c.begun()
	thread := c.wait("params.msg.type", "session_configured").Get("params.msg.thread_id").Str
	c.call(2, "codex-close", `{"threadId":"`+thread+`"}`)
	if r := c.answer("2"); r.Get("result.isError").Bool() {
		t.Error(r.Raw)
	}
	if r := c.answer("1"); !r.Get("result.isError").Bool() {
		t.Error(r.Raw)
	}
	gone(t, words)
}

// TestMany holds that calls of different threads do not wait for each other, and those of
// one thread do.
func TestMany(t *testing.T) {
	c := start(t, say("one")+say("two")+say("three"))
	c.hello(`{}`)
	const n = 12
	for i := range n {
		c.call(i, "codex", `{"prompt":"p"}`)
	}
	threads := map[string]bool{}
	var last string
	for i := range n {
		r := c.answer(strconv.Itoa(i)).Get("result")
		if r.Get("content.0.text").Str != "one" {
			t.Error(r.Raw)
		}
		last = r.Get("structuredContent.threadId").Str
		threads[last] = true
	}
	if len(threads) != n {
		t.Errorf("%d threads", len(threads))
	}
	c.call("a", "codex-reply", `{"prompt":"p","threadId":"`+last+`"}`)
	c.call("b", "codex-reply", `{"prompt":"p","threadId":"`+last+`"}`)
	got := c.answer("a").Get("result.content.0.text").Str + c.answer("b").Get("result.content.0.text").Str
	if got != "twothree" && got != "threetwo" {
		t.Error(got)
	}
}

// TestTooMany holds that a client cannot start processes without end, and can still close
// what it has.
func TestTooMany(t *testing.T) {
	const n = 100
	c := start(t, run("touch made")+say("done"))
	c.hello(`{"elicitation":{}}`)
	for i := range n {
		c.call(i, "codex", `{"prompt":"p","approval-policy":"untrusted"}`)
	}
	poll(t, "the refusals", func() bool { return strings.Count(c.text(), "calls are running already") == n-64 })
	thread := c.wait("method", "elicitation/create").Get("params.threadId").Str
	c.call("close", "codex-close", `{"threadId":"`+thread+`"}`)
	if r := c.answer("close"); r.Get("result.isError").Bool() {
		t.Error(r.Raw)
	}
}

// begun waits until the long command runs.
func (c *client) begun() {
	c.t.Helper()
	poll(c.t, "the command's beginning", func() bool {
		_, err := os.Stat(filepath.Join(c.work, "begun"))
		return err == nil
	})
}

func (c *client) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// engineOf finds the engine that has the recording of a thread open, or is its child.
func (c *client) engineOf(thread string) int {
	c.t.Helper()
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // only our own can be read
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.Contains(to, thread) {
			pid, err := strconv.Atoi(strings.Split(l, "/")[2])
			if err == nil {
				return pid
			}
		}
	}
	c.t.Fatalf("nobody has %s open", thread)
	return 0
}

// gone waits until no process has these words as its command line.
func gone(t *testing.T, words string) {
	t.Helper()
	want := strings.ReplaceAll(words, " ", "\x00") + "\x00"
	poll(t, "the end of "+words, func() bool {
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		return !slices.ContainsFunc(files, func(f string) bool {
			b, err := os.ReadFile(f)
			return err == nil && string(b) == want
		})
	})
}
