//go:build unix

package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/exec/server"
	"codex/pkg/exec/wire"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
)

const (
	serveVariable  = "EXECUTOR_TEST_SERVE"  // the test binary is a server
	engineVariable = "EXECUTOR_TEST_ENGINE" // the test binary is an engine that is killed
)

func TestMain(m *testing.M) {
	sandbox.Init()
	switch {
	case os.Getenv(serveVariable) != "":
		os.Unsetenv(serveVariable)
		dir, _ := os.Getwd()
		os.Exit(server.Main(nil, server.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr},
			server.Options{Version: "test", Env: os.Environ(), Dir: dir, Adopt: true}))
	case os.Getenv(engineVariable) != "":
		os.Unsetenv(engineVariable)
		engine()
	}
	os.Exit(m.Run())
}

const hang = time.Minute

func config() client.Config {
	return client.Config{Command: []string{os.Args[0]}, Env: append(os.Environ(), serveVariable+"=1"), Stderr: os.Stderr}
}

func connect(t testing.TB, cfg client.Config) *client.Client {
	t.Helper()
	c, err := client.Start(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func wait(t testing.TB, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(hang):
		t.Fatal("nothing happens")
	}
}

// output is a sink that keeps everything.
type output struct {
	mu sync.Mutex
	b  map[string]*bytes.Buffer
	up chan struct{} // closed at the first output
}

func newOutput() *output {
	return &output{b: map[string]*bytes.Buffer{}, up: make(chan struct{})}
}

func (o *output) sink(stream string, chunk []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.b) == 0 {
		close(o.up)
	}
	if o.b[stream] == nil {
		o.b[stream] = &bytes.Buffer{}
	}
	o.b[stream].Write(chunk)
}

func (o *output) get(stream string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.b[stream] == nil {
		return ""
	}
	return o.b[stream].String()
}

func params(id string, argv ...string) client.StartParams {
	return client.StartParams{ID: id, Argv: argv, Cwd: "/", Env: map[string]string{"PATH": "/usr/bin:/bin"}}
}

func sh(id, script string) client.StartParams { return params(id, "/bin/sh", "-c", script) }

func run(t testing.TB, c *client.Client, sp client.StartParams) (*client.Process, *output) {
	t.Helper()
	o := newOutput()
	p, err := c.StartProcess(context.Background(), sp, o.sink)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, p.Closed())
	wait(t, p.Exited())
	return p, o
}

// both is what every server must do: ours, and the original's.
func both(t *testing.T, c *client.Client) {
	ctx := context.Background()
	dir := t.TempDir()
	p, o := run(t, c, sh("p1", "echo out; echo err >&2; exit 3"))
	if p.ExitCode() != 3 || o.get("stdout") != "out\n" || o.get("stderr") != "err\n" || p.Err() != nil {
		t.Errorf("p1: %d %q %q %v", p.ExitCode(), o.get("stdout"), o.get("stderr"), p.Err())
	}
	for i := range 50 { // whatever the order on the wire
		p, o := run(t, c, sh("n"+strconv.Itoa(i), "echo hi; exit "+strconv.Itoa(i)))
		if p.ExitCode() != i || o.get("stdout") != "hi\n" {
			t.Fatalf("n%d: %d %q", i, p.ExitCode(), o.get("stdout"))
		}
	}
	if _, o := run(t, c, sh("big", "head -c 3000000 /dev/zero")); len(o.get("stdout")) != 3000000 {
		t.Errorf("big: %d bytes", len(o.get("stdout")))
	}

	o = newOutput()
	sp := sh("cat", "read a; echo got:$a")
	sp.PipeStdin = true
	p, err := c.StartProcess(ctx, sp, o.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(ctx, []byte("hi\n")); err != nil {
		t.Error(err)
	}
	wait(t, p.Closed())
	if o.get("stdout") != "got:hi\n" {
		t.Errorf("cat: %q", o.get("stdout"))
	}
	if err := p.Terminate(ctx, 0); err != nil { // too late is fine
		t.Error(err)
	}

	sp = sh("size", "stty size")
	sp.Tty = true
	if _, o := run(t, c, sp); o.get("pty") != "24 80\r\n" {
		t.Errorf("size: %q", o.get("pty"))
	}
	sp = sh("pty", "echo up; exec sleep 1000")
	sp.Tty = true
	o = newOutput()
	if p, err = c.StartProcess(ctx, sp, o.sink); err != nil {
		t.Fatal(err)
	}
	wait(t, o.up)
	if err := p.Write(ctx, []byte{3}); err != nil {
		t.Error(err)
	}
	wait(t, p.Closed())
	if p.ExitCode() == 0 {
		t.Errorf("pty: %d %q", p.ExitCode(), o.get("pty"))
	}

	p, err = c.StartProcess(ctx, params("t", "sleep", "1000"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartProcess(ctx, params("t", "true"), nil); err == nil {
		t.Error("an id was given twice")
	}
	if err := p.Terminate(ctx, time.Minute); err != nil {
		t.Error(err)
	}
	wait(t, p.Closed())

	if _, err := c.StartProcess(ctx, params("no", "no-such-program"), nil); err == nil || !strings.Contains(err.Error(), "No such file or directory") {
		t.Errorf("missing program: %v", err)
	}

	file := filepath.Join(dir, "ä %41")
	if err := c.WriteFile(ctx, file, []byte("x\x00y"), nil); err != nil {
		t.Error(err)
	}
	if b, err := c.ReadFile(ctx, file, nil); err != nil || string(b) != "x\x00y" {
		t.Errorf("read: %q %v", b, err)
	}
	if err := c.WriteFile(ctx, file+"0", nil, nil); err != nil {
		t.Error(err)
	}
	if b, err := c.ReadFile(ctx, file+"0", nil); err != nil || len(b) != 0 {
		t.Errorf("read: %q %v", b, err)
	}
	if _, err := c.ReadFile(ctx, file+"1", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := c.CreateDirectory(ctx, filepath.Join(dir, "d/e"), true, nil); err != nil {
		t.Error(err)
	}
	if err := c.CreateDirectory(ctx, filepath.Join(dir, "d/e"), false, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("existing directory: %v", err)
	}
	if m, err := c.GetMetadata(ctx, dir, nil); err != nil || !m.IsDir || m.IsFile || m.ModTime.IsZero() {
		t.Errorf("metadata: %+v %v", m, err)
	}
	if err := c.Copy(ctx, file, filepath.Join(dir, "d/copy"), false, nil); err != nil {
		t.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "d/copy")); err != nil || string(b) != "x\x00y" {
		t.Errorf("copied: %q %v", b, err)
	}
	if err := c.Remove(ctx, filepath.Join(dir, "d"), true, false, nil); err != nil {
		t.Error(err)
	}
	if err := c.Remove(ctx, filepath.Join(dir, "d"), true, false, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("remove again: %v", err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.StartProcess(gone, params("late", "sleep", "1000"), nil); err == nil {
		t.Log("started before the context was looked at")
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled start: %v", err)
	}
}

func TestOurServer(t *testing.T) {
	c := connect(t, config())
	want := client.Abilities{wire.CapSandbox: true, wire.CapMerge: true, wire.CapResize: true, wire.CapEOF: true, wire.CapRetain: true, wire.CapCounts: true,
		wire.CapLimits: true, wire.CapSignals: true, wire.CapTerminate: true, wire.CapRename: true, wire.CapNetwork: false}
	if can := c.Abilities(); !maps.Equal(can, want) {
		t.Errorf("abilities: %+v", can)
	}
	both(t, c)
	ctx := context.Background()

	sp := sh("merge", "echo a; echo b >&2; echo c")
	sp.Merge = true
	if _, o := run(t, c, sp); o.get("stdout") != "a\nb\nc\n" {
		t.Errorf("merge: %q", o.get("stdout"))
	}
	if p, _ := run(t, c, sh("kill", "kill -9 $$")); p.ExitCode() != 137 || p.ExitSignal() != "KILL" {
		t.Errorf("kill: %d %s", p.ExitCode(), p.ExitSignal())
	}
	sp = params("wall", "sleep", "1000")
	sp.WallLimit = time.Millisecond
	if p, _ := run(t, c, sp); p.Limit() != wire.LimitWall {
		t.Errorf("limit: %q", p.Limit())
	}
	sp = params("eof", "cat")
	sp.PipeStdin = true
	o := newOutput()
	p, err := c.StartProcess(ctx, sp, o.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(ctx, []byte("x")); err != nil {
		t.Error(err)
	}
	if err := p.CloseStdin(ctx); err != nil {
		t.Error(err)
	}
	if err := p.Write(ctx, []byte("x")); !errors.Is(err, client.ErrStdinClosed) {
		t.Errorf("write after eof: %v", err)
	}
	wait(t, p.Closed())
	sp = sh("resize", "stty size; read x; stty size")
	sp.Tty, sp.Rows, sp.Cols = true, 5, 6
	o = newOutput()
	if p, err = c.StartProcess(ctx, sp, o.sink); err != nil {
		t.Fatal(err)
	}
	wait(t, o.up)
	if err := p.Resize(ctx, 7, 8); err != nil {
		t.Error(err)
	}
	if err := p.Write(ctx, []byte("\r")); err != nil {
		t.Error(err)
	}
	wait(t, p.Closed())
	if got := o.get("pty"); !strings.HasPrefix(got, "5 6\r\n") || !strings.HasSuffix(got, "7 8\r\n") {
		t.Errorf("size: %q", got)
	}
}

func TestConfinedFiles(t *testing.T) {
	c := connect(t, config())
	ctx := context.Background()
	dir, out := t.TempDir(), t.TempDir()
	profile := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true, ExcludeTmpdir: true})
	sb := &client.FileSandbox{Profile: profile, Cwd: dir}
	if err := c.WriteFile(ctx, dir+"/in", []byte("x"), sb); err != nil {
		t.Error(err)
	}
	if err := c.WriteFile(ctx, out+"/out", []byte("x"), sb); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("outside: %v", err)
	}
	if err := c.CreateDirectory(ctx, dir+"/.git", false, sb); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("protected: %v", err)
	}
}

func TestConfinedProcess(t *testing.T) {
	c := connect(t, config())
	dir, out := t.TempDir(), t.TempDir()
	profile := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true, ExcludeTmpdir: true})
	sp := sh("in", "touch in")
	sp.Cwd, sp.Sandbox = dir, &profile
	p, _ := run(t, c, sp)
	if denied, known := p.SandboxDenied(); p.ExitCode() != 0 || denied || !known {
		t.Errorf("inside: %d %v %v", p.ExitCode(), denied, known)
	}
	sp = sh("out", "touch "+out+"/x")
	sp.Cwd, sp.Sandbox = dir, &profile
	p, _ = run(t, c, sp)
	if denied, known := p.SandboxDenied(); p.ExitCode() == 0 || !denied || !known {
		t.Errorf("outside: %d %v %v", p.ExitCode(), denied, known)
	}
}

// engine starts a command that would last, says who runs, and waits to be killed.
func engine() {
	cfg := config()
	c, err := client.Start(context.Background(), cfg)
	if err == nil {
		up := make(chan string, 1)
		_, err = c.StartProcess(context.Background(), sh("p", "trap '' HUP TERM; setsid sleep 1000 & echo $$ $! $PPID; wait"),
			func(_ string, b []byte) { up <- string(b) })
		if err == nil {
			fmt.Print(<-up)
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// The death of the engine ends the server and everything it runs.
func TestKilledEngine(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), engineVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids [3]int
	if _, err := fmt.Fscan(out, &pids[0], &pids[1], &pids[2]); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for _, pid := range pids {
		for deadline := time.Now().Add(hang); syscall.Kill(pid, 0) == nil; {
			if b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); strings.Contains(string(b), ") Z ") {
				break
			}
			if time.Now().After(deadline) {
				b, _ := exec.Command("ps", "-eo", "pid,ppid,pgid,sid,stat,wchan,args").Output()
				t.Fatalf("process %d of %v lives on\n%s", pid, pids, b)
			}
		}
	}
}

// The original's server, where CODEX_PEER names its binary.
func TestPeer(t *testing.T) {
	peer := os.Getenv("CODEX_PEER")
	if peer == "" {
		t.Skip("CODEX_PEER is not set")
	}
	cfg := client.Config{
		Command: []string{peer, "exec-server", "--listen", "stdio://"},
		Env:     append(os.Environ(), "CODEX_HOME="+t.TempDir()), Stderr: os.Stderr,
	}
	c := connect(t, cfg)
	if c.Abilities() != nil {
		t.Logf("abilities: %+v", c.Abilities())
	} else {
		ro := policy.ReadOnly()
		sp := sh("ro", "true")
		sp.Sandbox = &ro
		if _, err := c.StartProcess(context.Background(), sp, nil); !errors.Is(err, client.ErrNoSandbox) {
			t.Errorf("restricted policy: %v", err)
		}
		off := policy.FullAccess()
		sp = sh("off", "echo hi")
		sp.Sandbox = &off
		run(t, c, sp)
	}
	both(t, c)
	sb := &client.FileSandbox{Profile: policy.ReadOnly(), Cwd: "/"}
	if err := c.WriteFile(context.Background(), filepath.Join(t.TempDir(), "x"), nil, sb); err == nil {
		t.Error("wrote under a read-only profile")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkTrue(b *testing.B) {
	c := connect(b, config())
	i := 0
	for b.Loop() {
		i++
		run(b, c, params(strconv.Itoa(i), "/bin/true"))
	}
}

func BenchmarkOutput(b *testing.B) {
	c := connect(b, config())
	const size = 64 << 20
	b.SetBytes(size)
	i := 0
	for b.Loop() {
		i++
		got := 0
		p, err := c.StartProcess(context.Background(), params(strconv.Itoa(i), "head", "-c", strconv.Itoa(size), "/dev/zero"),
			func(_ string, chunk []byte) { got += len(chunk) })
		if err != nil {
			b.Fatal(err)
		}
		wait(b, p.Closed())
		if got != size {
			b.Fatalf("got %d bytes", got)
		}
	}
}

func BenchmarkReadFile(b *testing.B) {
	c := connect(b, config())
	for b.Loop() {
		if _, err := c.ReadFile(context.Background(), "/etc/hostname", nil); err != nil {
			b.Fatal(err)
		}
	}
}
