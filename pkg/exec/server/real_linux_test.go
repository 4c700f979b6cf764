package server

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/exec/wire"
)

// real is a server in a process of its own, which nobody but the test keeps from ending.
type real struct {
	*conn
	cmd *exec.Cmd
}

func spawn(t testing.TB, reading bool, extra ...*os.File) *real {
	t.Helper()
	inR, inW := pipe(t)
	outR, outW := pipe(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = inR, outW, os.Stderr, extra
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inR.Close()
	outW.Close()
	r := &real{&conn{t: t, in: inW, out: outR, done: make(chan error, 1)}, cmd}
	go func() { r.done <- cmd.Wait() }()
	t.Cleanup(func() {
		inW.Close()
		cmd.Process.Kill()
		outR.Close()
	})
	if reading {
		r.read()
		r.handshake()
	}
	return r
}

// memory gives the peak RSS in KiB.
func (r *real) memory() int {
	r.t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		r.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// descendants lists everything below the server, by pid and name.
func (r *real) descendants() []string {
	var out []string
	for _, pid := range tree(nil, r.cmd.Process.Pid)[1:] {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.HasSuffix(string(name), "\x00spare\x00") {
			continue // the next command's sandbox, which runs nothing
		}
		out = append(out, fmt.Sprintf("%d %s", pid, strings.ReplaceAll(string(name), "\x00", " ")))
	}
	return out
}

// waitChildren waits until exactly n processes are below the server.
func (r *real) waitChildren(n int) {
	r.t.Helper()
	for deadline := time.Now().Add(hang); len(r.descendants()) != n; {
		if time.Now().After(deadline) {
			r.t.Fatalf("want %d processes below the server: %q", n, r.descendants())
		}
	}
}

// 200 MiB pass through a few buffers, and the last MiB can be read again.
func TestFlatMemory(t *testing.T) {
	r := spawn(t, false)
	in := bufio.NewReaderSize(r.out, 1<<16)
	line := func() []byte {
		b, err := in.ReadBytes('\n')
		if err != nil {
			t.Fatal(err)
		}
		return b[:len(b)-1]
	}
	r.send(`{"id":1,"method":"initialize","params":{"clientName":"x"}}` + "\n" + `{"method":"initialized"}`)
	line()
	idle := r.memory()
	const total = 200 << 20
	r.send(`{"id":2,"method":"process/start","params":` + start("h", nil, "head", "-c", fmt.Sprint(total), "/dev/zero") + `}`)
	got, last := 0, uint64(0)
	for {
		b := line()
		o, ok := wire.ParseOutput(b)
		if ok {
			got += base64.StdEncoding.DecodedLen(len(o.Chunk)) - bytes.Count(o.Chunk[len(o.Chunk)-2:], []byte("="))
			if last++; o.Seq != last {
				t.Fatalf("number %d after %d", o.Seq, last-1)
			}
		} else if m := gjson.GetBytes(b, "method").Str; m == "process/exited" {
			last++ // the pipe may still hold some
		} else if m == "process/closed" {
			break
		} else if m != "" || gjson.GetBytes(b, "error").Exists() {
			t.Fatalf("not in the usual shape: %.200s", b)
		}
	}
	if got != total {
		t.Errorf("got %d bytes", got)
	}
	if now := r.memory(); now > 2*idle+4096 {
		t.Errorf("memory grew from %d to %d KiB", idle, now)
	}
	r.send(`{"id":3,"method":"process/read","params":{"processId":"h"}}`)
	kept := 0
	for _, c := range gjson.GetBytes(line(), "result.chunks.#.chunk").Array() {
		b, _ := base64.StdEncoding.DecodeString(c.Str)
		kept += len(b)
	}
	if kept != 1<<20 {
		t.Errorf("kept %d bytes", kept)
	}
}

// A client that does not read holds up the child, not the memory, and its end of the
// input still ends everything.
func TestSlowReader(t *testing.T) {
	r := spawn(t, false)
	idle := 0
	r.send(`{"id":1,"method":"initialize","params":{"clientName":"x"}}` + "\n" + `{"method":"initialized"}`)
	r.send(`{"id":2,"method":"process/start","params":` + start("y", nil, "/bin/sh", "-c", "yes & yes >&2 & setsid yes; wait") + `}`)
	r.waitChildren(4)
	idle = r.memory()
	// The writers come to rest when every buffer is full: their CPU time stands still.
	last := -1
	for same := 0; same < 5; {
		now := cpu(r.cmd.Process.Pid)
		if now == last {
			same++
		} else {
			same = 0
		}
		last = now
		time.Sleep(20 * time.Millisecond)
	}
	if now := r.memory(); now > 2*idle+4096 {
		t.Errorf("memory grew from %d to %d KiB", idle, now)
	}
	pids := r.descendants()
	r.in.Close()
	select {
	case <-r.done:
	case <-time.After(hang):
		t.Fatal("the server does not end")
	}
	for _, p := range pids {
		pid, _ := strconv.Atoi(strings.Fields(p)[0])
		waitGone(t, pid)
	}
}

func cpu(pid int) int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	u, _ := strconv.Atoi(f[11])
	s, _ := strconv.Atoi(f[12])
	return u + s
}

// Whatever ends the server, nothing is left, sessions of their own included.
func TestNothingLeft(t *testing.T) {
	for name, end := range map[string]func(*real){
		"eof":  func(r *real) { r.in.Close() },
		"term": func(r *real) { r.cmd.Process.Signal(syscall.SIGTERM) },
	} {
		t.Run(name, func(t *testing.T) {
			r := spawn(t, true)
			r.ok("process/start", start("a", nil, "/bin/sh", "-c", "trap '' TERM HUP; setsid sleep 1001 & sleep 1002 & wait"))
			r.ok("process/start", start("b", spec{"tty": true}, "/bin/sh", "-c", "trap '' TERM HUP; setsid sleep 1003 & sleep 1004 & wait"))
			// An orphan of a command that is long done, with no stream of ours.
			r.ok("process/start", start("c", nil, "/bin/sh", "-c", "setsid sh -c 'sleep 1005 & sleep 1006' </dev/null >/dev/null 2>&1 &"))
			r.waitChildren(3 + 3 + 3)
			pids := r.descendants()
			end(r)
			select {
			case err := <-r.done:
				if err != nil {
					t.Errorf("status: %v", err)
				}
			case <-time.After(hang):
				t.Fatal("the server does not end")
			}
			for _, p := range pids {
				pid, _ := strconv.Atoi(strings.Fields(p)[0])
				waitGone(t, pid)
			}
		})
	}
}

// Terminating one process leaves what others started alone.
func TestOrphans(t *testing.T) {
	r := spawn(t, true)
	r.ok("process/start", start("old", nil, "/bin/sh", "-c", "setsid sleep 1001 </dev/null >/dev/null 2>&1 & echo $!"))
	r.waitChildren(1)
	daemon := strings.TrimSpace(r.finish("old").stdout)
	// Its child is an orphan already when it is terminated, and in a session of its own.
	r.ok("process/start", start("p", nil, "/bin/sh", "-c", "(setsid sleep 1002 &) ; echo up; sleep 1003"))
	r.waitFor("p", "up")
	r.waitChildren(4)
	r.ok("process/terminate", `{"processId":"p"}`)
	r.finish("p")
	r.waitChildren(1)
	if left := r.descendants(); !strings.HasPrefix(left[0], daemon+" ") {
		t.Errorf("left: %q, want %s", left, daemon)
	}
	// Dead orphans are reaped.
	pid, _ := strconv.Atoi(daemon)
	syscall.Kill(pid, syscall.SIGKILL)
	r.waitChildren(0)
}

func TestNoForeignFiles(t *testing.T) {
	file, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := spawn(t, true, file, file)
	if got := r.sh("p", "ls /proc/self/fd | wc -l", nil); strings.TrimSpace(got.stdout) != "4" { // and the directory itself
		t.Errorf("files: %q", got.stdout)
	}
}

func work(t *testing.T) (dir, outside string) {
	t.Helper()
	// Not below /tmp, which profiles may open.
	root, err := os.MkdirTemp("/var/tmp", "execserver")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	dir, outside = filepath.Join(root, "ws"), filepath.Join(root, "out")
	for _, d := range []string{dir, outside} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir, outside
}

// TestNamesKept holds that a link which a command made does not turn a name of the
// profile for what comes after it, commands and files.
func TestNamesKept(t *testing.T) {
	dir, outside := work(t)
	r := spawn(t, true)
	sandbox := profile(dir, special("root", "read"), special("project_roots", "write"), literal(dir+"/later", "write"))
	var sb any = gjson.Parse(sandbox).Value()
	r.ok("process/start", start("turn", spec{"cwd": dir, "sandbox": sb}, "/bin/ln", "-s", outside, "later"))
	if got := r.finish("turn"); got.exited.Get("exitCode").Int() != 0 {
		t.Fatalf("%+v", got)
	}
	for range 2 { // a refusal changes nothing
		r.fails("process/start", start("use", spec{"cwd": dir, "sandbox": sb}, "/bin/touch", outside+"/x"), -32600, dir+"/later led to")
		r.fails("fs/writeFile", `{"path":`+js(outside+"/x")+`,"dataBase64":"","sandbox":`+sandbox+`}`, -32600, dir+"/later led to")
	}
	if _, err := os.Lstat(outside + "/x"); err == nil {
		t.Error("it was written")
	}
	if err := os.Remove(dir + "/later"); err != nil {
		t.Fatal(err)
	}
	r.ok("process/start", start("again", spec{"cwd": dir, "sandbox": sb}, "/bin/mkdir", "later"))
	if got := r.finish("again"); got.exited.Get("exitCode").Int() != 0 {
		t.Errorf("%+v", got)
	}
}

func TestConfined(t *testing.T) {
	dir, outside := work(t)
	r := spawn(t, true)
	sandbox := profile(dir, special("root", "read"), special("project_roots", "write"))
	var sb any = gjson.Parse(sandbox).Value()
	for i, tty := range []bool{false, true} {
		id := fmt.Sprint("in", i)
		m := r.ok("process/start", start(id, spec{"cwd": dir, "sandbox": sb, "tty": tty}, "/bin/sh", "-c", "touch in && echo $0"))
		if m.Get("sandboxType").Str == "none" || m.Get("sandboxType").Str == "" {
			t.Fatalf("not confined: %s", m.Raw)
		}
		if got := r.finish(id); got.exited.Get("exitCode").Int() != 0 || got.exited.Get("sandboxDenied").Bool() {
			t.Errorf("inside: %+v", got)
		}
		id = fmt.Sprint("out", i)
		r.ok("process/start", start(id, spec{"cwd": dir, "sandbox": sb, "tty": tty}, "/bin/sh", "-c", "touch "+outside+"/x"))
		if got := r.finish(id); got.exited.Get("exitCode").Int() == 0 || !got.exited.Get("sandboxDenied").Bool() {
			t.Errorf("outside: %+v", got)
		}
		// ^C and terminate reach into it.
		id = fmt.Sprint("cc", i)
		r.ok("process/start", start(id, spec{"cwd": dir, "sandbox": sb, "tty": tty}, "/bin/sh", "-c", "trap 'echo got; exit 5' INT; echo up; while :; do sleep 0.02; done"))
		r.waitFor(id, "up")
		r.ok("process/signal", `{"processId":"`+id+`","signal":"interrupt"}`)
		if got := r.finish(id); got.exited.Get("exitCode").Int() != 5 {
			t.Errorf("interrupt: %+v", got)
		}
		id = fmt.Sprint("term", i)
		r.ok("process/start", start(id, spec{"cwd": dir, "sandbox": sb, "tty": tty}, "/bin/sh", "-c", "setsid sleep 1000 & echo up; sleep 1001; echo no"))
		r.waitFor(id, "up")
		r.ok("process/terminate", `{"processId":"`+id+`"}`)
		if got := r.finish(id); got.exited.Get("codexSandbox.signal").Str != "KILL" {
			t.Errorf("terminate: %+v", got)
		}
	}
	r.waitChildren(0)
	if _, err := os.Stat(outside + "/x"); err == nil {
		t.Error("a file was written outside")
	}
}

// The command line of a 0.133 engine is understood, whatever its paths.
func TestLegacyCommandLine(t *testing.T) {
	dir, outside := work(t)
	r := spawn(t, true)
	perms := gjson.Get(profile(dir, special("root", "read"), literal(dir, "write")), "permissions").Raw
	const helper = "/home/u/.codex/tmp/arg0/codex-arg0KcMuJf/codex-linux-sandbox"
	for i, tty := range []bool{false, true} {
		run := func(id, script string) *run {
			r.ok("process/start", start(id, spec{"cwd": "/", "tty": tty, "arg0": helper}, helper, "--sandbox-policy-cwd", dir,
				"--command-cwd", dir, "--permission-profile", perms, "--", "/bin/sh", "-c", script))
			return r.finish(id)
		}
		if got := run(fmt.Sprint("in", i), "touch in; pwd"); strings.TrimSpace(got.stdout+got.pty) != dir {
			t.Errorf("inside: %+v", got)
		}
		if got := run(fmt.Sprint("out", i), "touch "+outside+"/x"); got.exited.Get("exitCode").Int() == 0 {
			t.Errorf("outside: %+v", got)
		}
	}
}

func BenchmarkTrue(b *testing.B)         { benchmarkRun(b, nil) }
func BenchmarkTrueTerminal(b *testing.B) { benchmarkRun(b, spec{"tty": true}) }
func BenchmarkTrueConfined(b *testing.B) {
	benchmarkRun(b, spec{"cwd": "/var/tmp", "sandbox": gjson.Parse(profile("/var/tmp", special("root", "read"), special("project_roots", "write"))).Value()})
}

func benchmarkRun(b *testing.B, extra spec) {
	r := spawn(b, true)
	i := 0
	for b.Loop() {
		i++
		id := fmt.Sprint(i)
		r.ok("process/start", start(id, extra, "/bin/true"))
		r.finish(id)
	}
}

func BenchmarkOutput(b *testing.B) {
	r := spawn(b, true)
	const size = 64 << 20
	b.SetBytes(size)
	i := 0
	for b.Loop() {
		i++
		id := fmt.Sprint(i)
		r.ok("process/start", start(id, nil, "head", "-c", fmt.Sprint(size), "/dev/zero"))
		for {
			if m := r.note(); m.Get("method").Str == "process/closed" {
				break
			}
		}
	}
}

func BenchmarkReadFile(b *testing.B) {
	r := spawn(b, true)
	for b.Loop() {
		if m := r.ok("fs/readFile", `{"path":"/etc/hostname"}`); m.Get("dataBase64").Str == "" {
			b.Fatal(base64.StdEncoding)
		}
	}
}
