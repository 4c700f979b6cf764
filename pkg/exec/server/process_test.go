//go:build unix

package server

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/exec/wire"
)

func TestProcess(t *testing.T) {
	c := ready(t, Options{})
	r := c.sh("p1", "echo out; echo err >&2; exit 3", nil)
	if r.stdout != "out\n" || r.stderr != "err\n" || r.exited.Get("exitCode").Int() != 3 || r.closed.Get("seq").Int() != 4 {
		t.Errorf("run: %+v", r)
	}
	if got := r.closed.Get("codexSandbox").Raw; got != `{"stdoutBytes":4,"stderrBytes":4,"ptyBytes":0,"droppedBytes":0}` {
		t.Errorf("counts: %s", got)
	}
	res := c.ok("process/read", `{"processId":"p1"}`)
	if len(res.Get("chunks").Array()) != 2 || !res.Get("closed").Bool() || res.Get("exitCode").Int() != 3 || res.Get("failure").Raw != "null" {
		t.Errorf("read: %s", res.Raw)
	}
	if res := c.ok("process/read", `{"processId":"p1","maxBytes":0}`); len(res.Get("chunks").Array()) != 1 || res.Get("nextSeq").Int() != 2 {
		t.Errorf("read with maxBytes 0: %s", res.Raw)
	}
	if res := c.ok("process/read", `{"processId":"p1","afterSeq":99,"waitMs":100000}`); len(res.Get("chunks").Array()) != 0 || !res.Get("closed").Bool() || res.Get("nextSeq").Int() != 5 {
		t.Errorf("read past the end: %s", res.Raw)
	}
	c.fails("process/start", start("p1", nil, "true"), -32600, "process p1 already exists")
	if c.ok("process/terminate", `{"processId":"p1"}`).Get("running").Bool() {
		t.Error("an exited process is running")
	}
	for params, want := range map[string]string{
		`{"processId":"p1","chunk":"eA=="}`:   "stdinClosed",
		`{"processId":"nope","chunk":"eA=="}`: "unknownProcess",
	} {
		if got := c.ok("process/write", params).Get("status").Str; got != want {
			t.Errorf("write %s: %s", params, got)
		}
	}
	c.fails("process/write", `{"processId":"p1","chunk":"@@"}`, -32602, "Invalid symbol 64, offset 0.")
	c.fails("process/write", `{"processId":"p1","chunk":"aGk"}`, -32602, "Invalid padding")
	c.ok("process/signal", `{"processId":"nope","signal":"interrupt"}`)
	c.fails("process/signal", `{"processId":"nope","signal":"SIGINT"}`, -32602, "unknown variant `SIGINT`")
}

func TestStartErrors(t *testing.T) {
	c := ready(t, Options{})
	script := filepath.Join(t.TempDir(), "noshebang")
	if err := os.WriteFile(script, []byte("true\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		params string
		code   int
		want   string
	}{
		{start("p", spec{"argv": []string{}}), -32602, "argv must not be empty"},
		{start("p", nil, "no-such-prog"), -32603, "No such file or directory (os error 2)"},
		{start("p", nil, script), -32603, "Exec format error (os error 8)"},
		{start("p", spec{"cwd": "/proc/absent"}, "true"), -32603, "No such file or directory (os error 2)"},
		{start("p", nil, ""), -32603, "missing program for pipe spawn"},
		{start("p", spec{"env": map[string]string{"PATH": "/nowhere"}}, "ls"), -32603, "No such file or directory (os error 2)"},
		{start("p", spec{"env": map[string]string{"PATH": "/nowhere"}, "tty": true}, "ls"), -32603, "No such file or directory (os error 2)"},
		{`{"processId":"p","argv":["true"],"cwd":"/","env":{}}`, -32602, "missing field `tty`"},
		{`{"processId":"p","argv":["true"],"cwd":"/","tty":false}`, -32602, "missing field `env`"},
		{`{"processId":7,"argv":["true"],"cwd":"/","env":{},"tty":false}`, -32602, "invalid type: integer `7`, expected a string"},
		{`{"processId":"p","argv":["true"],"cwd":"/","env":{},"tty":"no"}`, -32602, "expected a boolean"},
		{start("p", spec{"envPolicy": spec{"inherit": "none"}}, "true"), -32602, "missing field `ignoreDefaultExcludes`"},
		{start("p", spec{"sandbox": spec{"permissions": "x"}}, "true"), -32602, "missing field `windowsSandboxLevel`"},
		{start("p", spec{"sandbox": spec{}}, "true"), -32602, "missing field `permissions`"},
		{start("p", spec{"arg0": "/x/codex-linux-sandbox"}, "/x/codex-linux-sandbox", "--what", "--", "true"), -32602, "unsupported option --what"},
	} {
		c.fails("process/start", test.params, test.code, test.want)
	}
	if r := c.sh("p", "echo free", nil); r.stdout != "free\n" { // the id is free all the time
		t.Errorf("%+v", r)
	}
}

func TestLingering(t *testing.T) {
	c := ready(t, Options{Linger: time.Millisecond})
	c.sh("p", "true", nil)
	for {
		if m := c.answer(c.ask("process/start", start("p", nil, "true"))); m.Get("result").Exists() {
			break
		}
	}
	c.finish("p")
}

func TestExitBySignal(t *testing.T) {
	c := ready(t, Options{})
	for i, tty := range []bool{false, true} {
		r := c.sh(fmt.Sprint(i), "kill -9 $$", spec{"tty": tty})
		if r.exited.Get("exitCode").Int() != 137 || r.exited.Get("codexSandbox.signal").Str != "KILL" {
			t.Errorf("tty %v: %s", tty, r.exited.Raw)
		}
	}
}

func TestLateOutput(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	c := ready(t, Options{})
	c.ok("process/start", start("p", nil, "/bin/sh", "-c", "(read x <\"$0\"; echo late) & echo now", fifo))
	for {
		if m := c.note(); m.Get("method").Str == "process/exited" {
			break
		}
	}
	if err := os.WriteFile(fifo, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	late := false
	for {
		m := c.note()
		if m.Get("method").Str == "process/closed" {
			break
		}
		late = late || m.Get("params.chunk").Str == base64.StdEncoding.EncodeToString([]byte("late\n"))
	}
	if !late {
		t.Error("closed came before the late output")
	}
}

// What a child wrote itself comes before its exit, also when a child of it keeps the pipe.
func TestExitAfterOutput(t *testing.T) {
	c := ready(t, Options{})
	for i := range 20 {
		id := fmt.Sprint(i)
		c.ok("process/start", start(id, nil, "/bin/sh", "-c", "sleep 1000 & head -c 60000 /dev/zero; echo $! >&2"))
		got, pid := 0, ""
		var seen []gjson.Result
		for {
			m := c.note()
			seen = append(seen, m)
			if m.Get("method").Str == "process/exited" {
				break
			}
			b, _ := base64.StdEncoding.DecodeString(m.Get("params.chunk").Str)
			if m.Get("params.stream").Str == "stderr" {
				pid += string(b)
			} else {
				got += len(b)
			}
		}
		if got != 60000 || !strings.HasSuffix(pid, "\n") {
			t.Fatalf("%d bytes before the exit, and %q", got, pid)
		}
		c.notes = append(seen, c.notes...)
		c.ok("process/terminate", `{"processId":"`+id+`"}`) // ends what is left
		c.finish(id)
	}
}

func TestManyAtOnce(t *testing.T) {
	c := ready(t, Options{})
	const n = 100
	for i := range n {
		c.ok("process/start", start(fmt.Sprint(i), spec{"pipeStdin": true}, "cat"))
	}
	for i := range n {
		c.ok("process/write", fmt.Sprintf(`{"processId":"%d","chunk":"","codexSandbox":{"eof":true}}`, i))
	}
	closed := 0
	for closed < n {
		if c.note().Get("method").Str == "process/closed" {
			closed++
		}
	}
}

func TestTerminal(t *testing.T) {
	c := ready(t, Options{})
	if r := c.sh("size", "stty size; test -t 0 && test -t 1 && test -t 2 && echo yes", spec{"tty": true}); r.pty != "24 80\r\nyes\r\n" {
		t.Errorf("%q", r.pty)
	}
	if r := c.sh("size2", "stty size", spec{"tty": true, "codexSandbox": spec{"size": spec{"rows": 10, "cols": 33}}}); r.pty != "10 33\r\n" {
		t.Errorf("%q", r.pty)
	}
	// ^C reaches the foreground group, ^D ends input.
	c.ok("process/start", start("cc", spec{"tty": true}, "/bin/sh", "-c", "trap 'echo int; exit 7' INT; echo up; while :; do sleep 0.05; done"))
	c.waitFor("cc", "up")
	c.ok("process/write", `{"processId":"cc","chunk":"Aw=="}`)
	if r := c.finish("cc"); r.exited.Get("exitCode").Int() != 7 {
		t.Errorf("^C: %+v", r)
	}
	c.ok("process/start", start("cd", spec{"tty": true}, "cat"))
	c.ok("process/write", `{"processId":"cd","chunk":"BA=="}`)
	if r := c.finish("cd"); r.exited.Get("exitCode").Int() != 0 {
		t.Errorf("^D: %+v", r)
	}
	c.ok("process/start", start("ce", spec{"tty": true}, "cat"))
	c.ok("process/write", `{"processId":"ce","chunk":"","codexSandbox":{"eof":true}}`)
	if r := c.finish("ce"); r.exited.Get("exitCode").Int() != 0 {
		t.Errorf("eof: %+v", r)
	}
	// arg0 is argv[0], on a terminal too.
	c.ok("process/start", start("a0", spec{"tty": true, "arg0": "zero"}, "/bin/sh", "-c", "echo $0"))
	if r := c.finish("a0"); r.pty != "zero\r\n" {
		t.Errorf("arg0: %q", r.pty)
	}
	c.ok("process/start", start("rs", spec{"tty": true}, "/bin/sh", "-c", "echo up; read x; stty size"))
	c.waitFor("rs", "up")
	c.ok("codexSandbox/resize", `{"processId":"rs","rows":7,"cols":9}`)
	c.ok("process/write", `{"processId":"rs","chunk":"Cg=="}`)
	if r := c.finish("rs"); !strings.Contains(r.pty, "7 9") {
		t.Errorf("resize: %q", r.pty)
	}
	c.fails("codexSandbox/resize", `{"processId":"nope","rows":7,"cols":9}`, -32600, "unknown process id nope")
	c.fails("codexSandbox/resize", `{"processId":"rs","rows":0,"cols":9}`, -32602, "between 1 and 65535")
}

// waitFor reads output until it holds text; the events are put back.
func (c *conn) waitFor(id, text string) {
	c.t.Helper()
	var seen []gjson.Result
	got := ""
	for !strings.Contains(got, text) {
		m := c.note()
		seen = append(seen, m)
		if m.Get("params.processId").Str == id {
			b, _ := base64.StdEncoding.DecodeString(m.Get("params.chunk").Str)
			got += string(b)
		}
	}
	c.notes = append(seen, c.notes...)
}

func TestTerminate(t *testing.T) {
	c := ready(t, Options{})
	c.ok("process/start", start("p", nil, "/bin/sh", "-c", "sleep 1000 & setsid sleep 1001 & echo $!; echo up; wait"))
	c.waitFor("p", "up")
	if !c.ok("process/terminate", `{"processId":"p"}`).Get("running").Bool() {
		t.Error("not running")
	}
	r := c.finish("p") // closed only when nobody holds the pipes
	if r.exited.Get("exitCode").Int() != 137 {
		t.Errorf("%s", r.exited.Raw)
	}
	pid, _ := strconv.Atoi(strings.Fields(r.stdout)[0])
	waitGone(t, pid)
	if c.ok("process/terminate", `{"processId":"p"}`).Get("running").Bool() {
		t.Error("still running")
	}
}

// waitGone waits until a process is dead, be it reaped or not.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(hang); time.Now().Before(deadline); {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(b), ") Z ") || strings.Contains(string(b), ") X ") {
			return
		}
	}
	t.Errorf("process %d lives on", pid)
}

func TestTerminateGrace(t *testing.T) {
	c := ready(t, Options{})
	c.ok("process/start", start("p", nil, "/bin/sh", "-c", "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.02; done"))
	c.waitFor("p", "up")
	c.ok("process/terminate", `{"processId":"p","codexSandbox":{"graceMs":60000}}`)
	if r := c.finish("p"); r.stdout != "up\nbye\n" || r.exited.Get("exitCode").Int() != 4 {
		t.Errorf("%+v", r)
	}
	c.ok("process/start", start("q", nil, "/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.02; done"))
	c.waitFor("q", "up")
	c.ok("process/terminate", `{"processId":"q","codexSandbox":{"graceMs":30}}`)
	if r := c.finish("q"); r.exited.Get("codexSandbox.signal").Str != "KILL" {
		t.Errorf("%+v", r)
	}
}

func TestSignals(t *testing.T) {
	c := ready(t, Options{})
	for name, sig := range map[string]string{"interrupt": "INT", "terminate": "TERM", "hangup": "HUP", "quit": "QUIT", "usr1": "USR1", "usr2": "USR2"} {
		if sig == "HUP" && signal.Ignored(syscall.SIGHUP) {
			continue // as under nohup(1): a shell cannot trap it then
		}
		c.ok("process/start", start(name, nil, "/bin/sh", "-c", "trap 'echo got; exit 0' "+sig+"; echo up; while :; do sleep 0.02; done"))
		c.waitFor(name, "up")
		c.ok("process/signal", `{"processId":"`+name+`","signal":"`+name+`"}`)
		if r := c.finish(name); r.stdout != "up\ngot\n" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	c.ok("process/start", start("k", nil, "sleep", "1000"))
	c.ok("process/signal", `{"processId":"k","signal":"kill"}`)
	if r := c.finish("k"); r.exited.Get("exitCode").Int() != 137 {
		t.Errorf("kill: %+v", r)
	}
}

// A call that waits holds up nothing behind it.
func TestSideBySide(t *testing.T) {
	c := ready(t, Options{})
	c.ok("process/start", start("a", spec{"pipeStdin": true}, "cat"))
	c.ok("process/start", start("b", spec{"pipeStdin": true}, "sleep", "1000"))
	poll := c.ask("process/read", `{"processId":"a","waitMs":1000000}`)
	chunk := base64.StdEncoding.EncodeToString(make([]byte, 64<<10))
	var writes []string
	for range 64 { // more than the pipe and the eager queue take
		writes = append(writes, c.ask("process/write", `{"processId":"b","chunk":"`+chunk+`"}`))
	}
	end := c.ask("process/terminate", `{"processId":"nope"}`)
	answered := map[string]bool{}
	for !answered[end] {
		m := c.next()
		answered[m.Get("id").Raw] = true
	}
	if answered[poll] || answered[writes[len(writes)-1]] {
		t.Error("a call was answered too early")
	}
	c.ask("process/write", `{"processId":"a","chunk":"aGkK"}`)
	for !answered[poll] {
		m := c.next()
		answered[m.Get("id").Raw] = true
		if m.Get("id").Raw == poll && m.Get("result.chunks.0.chunk").Str != "aGkK" {
			t.Errorf("poll: %s", m.Raw)
		}
	}
	c.ask("process/terminate", `{"processId":"b"}`)
	for !answered[writes[len(writes)-1]] {
		m := c.next()
		answered[m.Get("id").Raw] = true
	}
}

func TestInput(t *testing.T) {
	c := ready(t, Options{})
	c.ok("process/start", start("p", spec{"pipeStdin": true}, "cat"))
	for range 2 { // the same id twice writes once
		if got := c.ok("process/write", `{"processId":"p","chunk":"YQo=","writeId":"w1"}`).Get("status").Str; got != "accepted" {
			t.Errorf("status %s", got)
		}
	}
	c.ok("process/write", `{"processId":"p","chunk":"Ygo=","writeId":"w2","codexSandbox":{"eof":true}}`)
	if got := c.ok("process/write", `{"processId":"p","chunk":"Ygo="}`).Get("status").Str; got != "stdinClosed" {
		t.Errorf("after eof: %s", got)
	}
	if r := c.finish("p"); r.stdout != "a\nb\n" {
		t.Errorf("%+v", r)
	}
	if r := c.sh("null", "readlink /proc/self/fd/0; cat", nil); r.stdout != "/dev/null\n" {
		t.Errorf("no stdin: %q", r.stdout)
	}
	c.ok("process/start", start("w", spec{"pipeStdin": true}, "true"))
	c.finish("w")
	if got := c.ok("process/write", `{"processId":"w","chunk":"eA=="}`).Get("status").Str; got != "accepted" {
		t.Errorf("after exit: %s", got)
	}
}

func TestEnvironment(t *testing.T) {
	c := ready(t, Options{Env: []string{"HOME=/h", "PATH=/usr/bin:/bin", "B=own", "MY_TOKEN=t", "my_key=k", "LANG=C"}})
	env := func(id string, set map[string]string, policy any) string {
		extra := spec{"env": set}
		if policy != nil {
			extra["envPolicy"] = policy
		}
		c.ok("process/start", start(id, extra, "/usr/bin/env"))
		lines := strings.Split(strings.TrimSuffix(c.finish(id).stdout, "\n"), "\n")
		slices.Sort(lines)
		return strings.Join(lines, " ")
	}
	policy := func(inherit string, ignore bool, exclude []string, set map[string]string, only []string) any {
		return spec{"inherit": inherit, "ignoreDefaultExcludes": ignore, "exclude": exclude, "set": set, "includeOnly": only}
	}
	none, nothing := []string{}, map[string]string{}
	for i, test := range []struct {
		env    map[string]string
		policy any
		want   string
	}{
		{map[string]string{"A": "1"}, nil, "A=1"},
		{map[string]string{"A": "1"}, policy("all", true, []string{"HO*"}, map[string]string{"B": "2", "A": "0"}, none), "A=1 B=2 LANG=C MY_TOKEN=t PATH=/usr/bin:/bin my_key=k"},
		{nothing, policy("all", false, none, nothing, none), "B=own HOME=/h LANG=C PATH=/usr/bin:/bin"},
		{nothing, policy("core", false, none, nothing, none), "HOME=/h LANG=C PATH=/usr/bin:/bin"},
		{nothing, policy("none", false, none, map[string]string{"X_TOKEN": "1"}, none), "X_TOKEN=1"},
		{map[string]string{"Z": "1"}, policy("all", true, none, map[string]string{"LANGUAGE": "x"}, []string{"lang*"}), "LANG=C LANGUAGE=x Z=1"},
	} {
		if got := env(fmt.Sprint(i), test.env, test.policy); got != test.want {
			t.Errorf("%d: got %s, want %s", i, got, test.want)
		}
	}
}

func TestRetain(t *testing.T) {
	c := ready(t, Options{})
	script := "head -c 300000 /dev/zero | tr '\\0' x"
	all := func(id string) (n int, res gjson.Result) {
		res = c.ok("process/read", `{"processId":"`+id+`"}`)
		for _, ch := range res.Get("chunks").Array() {
			b, _ := base64.StdEncoding.DecodeString(ch.Get("chunk").Str)
			n += len(b)
		}
		return n, res
	}
	r := c.sh("whole", script, nil)
	if n, res := all("whole"); n != 300000 || len(r.stdout) != 300000 || res.Get("codexSandbox").Exists() {
		t.Errorf("kept %d of %d", n, len(r.stdout))
	}
	c.sh("cut", script, spec{"codexSandbox": spec{"retain": spec{"headBytes": 1000, "tailBytes": 5000}}})
	if n, res := all("cut"); n != 6000 || res.Get("codexSandbox.droppedBytes").Int() != 294000 {
		t.Errorf("kept %d: %s", n, res.Get("codexSandbox").Raw)
	}
	r = c.sh("none", script, spec{"codexSandbox": spec{"retain": spec{"headBytes": 0, "tailBytes": 0}}})
	if n, _ := all("none"); n != 0 || len(r.stdout) != 300000 || r.closed.Get("codexSandbox.droppedBytes").Int() != 300000 {
		t.Errorf("kept %d: %s", n, r.closed.Raw)
	}
	c.ok("process/start", start("quiet", spec{"codexSandbox": spec{"push": false}}, "/bin/sh", "-c", script))
	if m := c.note(); m.Get("method").Str != "process/exited" { // nothing is pushed before
		t.Errorf("pushed %s", m.Raw)
	}
	if m := c.note(); m.Get("method").Str != "process/closed" {
		t.Errorf("pushed %s", m.Raw)
	}
	if n, _ := all("quiet"); n != 300000 {
		t.Errorf("kept %d", n)
	}
}

func TestLimits(t *testing.T) {
	c := ready(t, Options{})
	res := c.ok("process/start", start("w", spec{"codexSandbox": spec{"limits": spec{"wallMs": 20, "unknown": 1}}}, "sleep", "1000"))
	if got := res.Get("codexSandbox.limits").Raw; got != `{"wallMs":20}` {
		t.Errorf("echo: %s", res.Raw)
	}
	if r := c.finish("w"); r.exited.Get("codexSandbox.limit").Str != "wall" || r.exited.Get("exitCode").Int() != 137 {
		t.Errorf("wall: %s", r.exited.Raw)
	}
	if r := c.sh("o", "yes", spec{"codexSandbox": spec{"limits": spec{"outputBytes": 100000}}}); r.exited.Get("codexSandbox.limit").Str != "output" {
		t.Errorf("output: %s", r.exited.Raw)
	}
}

func TestMerge(t *testing.T) {
	c := ready(t, Options{})
	r := c.sh("p", "for i in 1 2 3; do echo o$i; echo e$i >&2; done", spec{"codexSandbox": spec{"merge": true}})
	if r.stdout != "o1\ne1\no2\ne2\no3\ne3\n" || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}

func TestPathForms(t *testing.T) {
	dir := t.TempDir()
	c := ready(t, Options{Dir: dir})
	for i, cwd := range []string{"/", "file:///", "file://localhost/"} {
		if r := c.sh(fmt.Sprint(i), "pwd", spec{"cwd": cwd}); r.stdout != "/\n" {
			t.Errorf("%s: %q", cwd, r.stdout)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "a b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := c.sh("u", "pwd", spec{"cwd": wire.PathToURI(dir) + "/a%20b"}); r.stdout != dir+"/a b\n" {
		t.Errorf("%q", r.stdout)
	}
	if r := c.sh("r", "pwd", spec{"cwd": "."}); r.stdout != dir+"\n" { // from the server's own
		t.Errorf("%q", r.stdout)
	}
}

func TestTooMany(t *testing.T) {
	c := ready(t, Options{MaxProcesses: 1})
	c.ok("process/start", start("a", nil, "sleep", "1000"))
	c.fails("process/start", start("b", nil, "true"), -32001, "too many processes: limit is 1")
	c.ok("process/terminate", `{"processId":"a"}`)
	c.finish("a")
}
