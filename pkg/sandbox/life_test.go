//go:build linux

package sandbox

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"codex/pkg/policy"
)

// outerRole runs the test binary outside of any sandbox.
func outerRole(t *testing.T, attr *syscall.SysProcAttr, role string, args ...string) (string, int) {
	t.Helper()
	c := exec.Command("/proc/self/exe", args...)
	c.Env = append(testEnv(), roleVar+"="+role)
	c.SysProcAttr = attr
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}

func TestExit(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for script, want := range map[string]Exit{
		"exit 0":              {},
		"exit 42":             {Code: 42},
		"kill -9 $$":          {Code: 137, Signal: syscall.SIGKILL},
		"kill -TERM $$":       {Code: 143, Signal: syscall.SIGTERM},
		"kill -SEGV $$":       {Code: 139, Signal: syscall.SIGSEGV},
		"kill -9 1; true":     {},
		"kill -STOP 1; true":  {},
		"kill -9 $PPID; true": {},
		"kill -TERM 1; kill -SEGV 1; kill -QUIT 1; kill -HUP 1; exit 3": {Code: 3},
		"trap '' TERM; kill -TERM 0; exit 4":                            {Code: 4},
		"setsid -w sh -c 'kill -9 0'; exit 5":                           {Code: 5},
	} {
		if r := p.sh(t, p.workspace(t), script); r.err != nil || r.exit != want {
			t.Errorf("%s: %+v, want %+v", script, r, want)
		}
	}
}

func TestProgramErrors(t *testing.T) {
	p := newSite(t)
	os.WriteFile(p.ws+"/data", []byte("not a program"), 0o644)
	os.WriteFile(p.ws+"/junk", []byte("\x00not a program"), 0o755)
	for name, pol := range map[string]struct{ mode string }{"sandboxed": {"ww"}, "direct": {"full"}} {
		for prog, want := range map[string]error{
			p.ws + "/missing": syscall.ENOENT, "nosuchprogram": syscall.ENOENT, "./data": syscall.EACCES, "./junk": syscall.ENOEXEC, "/": syscall.EACCES,
		} {
			spec := Spec{Policy: p.workspace(t), Argv: []string{prog}, Dir: p.ws, Env: testEnv()}
			if pol.mode == "full" {
				spec.Policy.FullDiskWrite, spec.Policy.Network = true, true
			} else {
				needSpaces(t)
			}
			r := runSpec(t, spec)
			var no *ExecError
			if !errors.As(r.err, &no) || !errors.Is(r.err, want) || !strings.Contains(r.err.Error(), prog) {
				t.Errorf("%s %s: %+v, want %v", name, prog, r, want)
			}
		}
	}
	r := runSpec(t, Spec{Policy: p.readOnly(t), Argv: []string{"true"}, Dir: p.base + "/nowhere", Env: testEnv()})
	if !errors.Is(r.err, syscall.ENOENT) {
		t.Errorf("missing directory: %+v", r)
	}
	if _, err := Command(context.Background(), Spec{Policy: p.readOnly(t), Dir: p.ws}); err == nil {
		t.Error("an empty command was accepted")
	}
}

func TestArg0AndLookup(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	os.Mkdir(p.ws+"/bin", 0o755)
	os.WriteFile(p.ws+"/bin/tool", []byte("#!/bin/sh\necho found\n"), 0o755)
	for _, full := range []bool{false, true} {
		pol := p.workspace(t)
		pol.FullDiskWrite, pol.Network = full, full
		r := runSpec(t, Spec{Policy: pol, Argv: []string{"sh", "-c", "echo $0"}, Arg0: "-name", Dir: p.ws, Env: testEnv()})
		if r.out != "-name" {
			t.Errorf("arg0: %+v", r)
		}
		r = runSpec(t, Spec{Policy: pol, Argv: []string{"tool"}, Dir: p.ws, Env: []string{"PATH=/nowhere:bin"}})
		if r.out != "found" {
			t.Errorf("lookup in the command's PATH: %+v", r)
		}
		r = runSpec(t, Spec{Policy: pol, Argv: []string{"/usr/bin/env"}, Dir: p.ws, Env: nil})
		if want := map[bool]string{false: NetworkDisabled + "=1"}[full]; r.out != want {
			t.Errorf("environment: %q, want %q", r.out, want)
		}
	}
}

// TestStreams holds that a stream ends when the command closes it, not when
// the sandbox ends.
func TestStreams(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	c, err := Command(context.Background(), Spec{Policy: p.workspace(t), Argv: []string{"sh", "-c", "echo a; exec >&-; read x; exit 3"}, Dir: p.ws, Env: testEnv()})
	if err != nil {
		t.Fatal(err)
	}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(out); string(b) != "a\n" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	io.WriteString(in, "go\n")
	c.Wait()
	if c.Exit().Code != 3 {
		t.Errorf("%+v", c.Exit())
	}
}

// TestKillEndsAll holds that nothing outlives Kill, whatever sessions it made.
// Every process of the command holds the pipe; its end tells that all are
// gone.
func TestKillEndsAll(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	const script = "setsid sh -c 'trap \"\" TERM HUP INT; echo deep; sleep 600' & trap '' TERM; echo up; wait"
	for name, kill := range map[string]func(*Cmd, context.CancelFunc){
		"kill":    func(c *Cmd, _ context.CancelFunc) { c.Kill() },
		"context": func(_ *Cmd, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			c, out := startPiped(t, ctx, Spec{Policy: p.workspace(t), Argv: []string{"sh", "-c", script}, Dir: p.ws, Env: testEnv()})
			lines(t, out, "deep", "up")
			if _, err := os.Stat(p.ws + "/.git"); err == nil || !exists(p.ws+"/.git") || !exists(p.ws+"/.codex") {
				t.Error("no placeholder while it runs, or one that programs take for real")
			}
			kill(c, cancel)
			c.Wait()
			if c.Exit().Signal != syscall.SIGKILL {
				t.Errorf("%+v", c.Exit())
			}
			io.Copy(io.Discard, out) // ends when every process is gone
			if exists(p.ws+"/.codex") || exists(p.ws+"/.git") {
				t.Error("a placeholder was left behind")
			}
		})
	}
}

// TestExitEndsAll holds the same for a command that leaves something behind.
func TestExitEndsAll(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	c, out := startPiped(t, context.Background(), Spec{Policy: p.workspace(t), Argv: []string{"sh", "-c", "setsid sleep 600 & echo up"}, Dir: p.ws, Env: testEnv()})
	c.Wait()
	lines(t, out, "up")
	io.Copy(io.Discard, out)
}

// TestCallerKilled holds that the command goes, and its placeholders, when the
// caller is killed.
func TestCallerKilled(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	c := exec.Command("/proc/self/exe", p.ws)
	c.Env = append(testEnv(), roleVar+"=outer")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout = w
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	out := bufio.NewReader(r)
	lines(t, out, "up")
	// The parent directory changes when the last placeholder goes.
	watch := watchRemovals(t, p.ws)
	c.Process.Kill()
	c.Wait()
	io.Copy(io.Discard, out)
	for range 3 {
		watch()
	}
	for _, n := range []string{".git", ".agents", ".codex"} {
		if exists(p.ws + "/" + n) {
			t.Errorf("%s was left behind", n)
		}
	}
}

func TestSignal(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for _, full := range []bool{false, true} {
		pol := p.workspace(t)
		pol.FullDiskWrite, pol.Network = full, full
		c, out := startPiped(t, context.Background(), Spec{Policy: pol,
			Argv: []string{"sh", "-c", "trap 'echo caught; exit 5' INT; echo up; while :; do sleep 0.01; done"}, Dir: p.ws, Env: testEnv()})
		lines(t, out, "up")
		if err := c.Signal(syscall.SIGINT); err != nil {
			t.Error(err)
		}
		c.Wait()
		lines(t, out, "caught")
		if c.Exit() != (Exit{Code: 5}) {
			t.Errorf("%+v", c.Exit())
		}
	}
}

// TestTerminal holds that a command on a terminal controls it.
func TestTerminal(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for _, full := range []bool{false, true} {
		pol := p.workspace(t)
		pol.FullDiskWrite, pol.Network = full, full
		master, tty, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		c, err := Command(context.Background(), Spec{Policy: pol, Tty: true, Dir: p.ws, Env: testEnv(),
			Argv: []string{"sh", "-c", "test -t 0 -a -t 1 && echo yes >/dev/tty; tty >/dev/null && echo named; trap 'echo int; exit 6' INT; echo ready; while :; do sleep 0.01; done"}})
		if err != nil {
			t.Fatal(err)
		}
		c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		tty.Close()
		out := bufio.NewReader(master)
		lines(t, out, "yes\r", "named\r", "ready\r")
		master.Write([]byte{3}) // ^C reaches the foreground group
		c.Wait()
		if c.Exit() != (Exit{Code: 6}) {
			t.Errorf("full %v: %+v", full, c.Exit())
		}
		master.Close()
	}
}

// TestPlaceholdersShared holds that a placeholder stays while anybody needs
// it, and goes with the last.
func TestPlaceholdersShared(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	var wg sync.WaitGroup
	for range 24 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if r := p.sh(t, p.workspace(t), "for n in .git .codex .agents; do mkdir $n 2>/dev/null && echo made $n; rmdir $n 2>/dev/null && echo removed $n; done; :"); r.err != nil || r.out != "" {
				t.Errorf("%+v", r)
			}
		}()
	}
	wg.Wait()
	for _, n := range []string{".git", ".agents", ".codex"} {
		if exists(p.ws + "/" + n) {
			t.Errorf("%s was left behind", n)
		}
	}
}

// TestPlaceholdersOwn holds that what a user made stays, and that what a crash
// left is taken away.
func TestPlaceholdersOwn(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	os.Mkdir(p.ws+"/.codex", 0o755)                             // a user's, empty
	os.Symlink("/dev/null/held-by-codex-sandbox", p.ws+"/.git") // a crash's
	syscall.Mkdir(p.ws+"/HEAD", 0o1755)                         // too
	os.WriteFile(p.ws+"/.agents", nil, 0o644)                   // a user's file
	if r := p.sh(t, p.workspace(t), "echo x >.codex/x; echo x >.git/x; echo x >.agents; rmdir .codex; :"); r.err != nil {
		t.Errorf("%+v", r)
	}
	if !exists(p.ws+"/.codex") || !exists(p.ws+"/.agents") || exists(p.ws+"/.git") || exists(p.ws+"/HEAD") {
		t.Error("wrong ones are left")
	}
	if entries, _ := os.ReadDir(p.ws + "/.codex"); len(entries) != 0 {
		t.Error(".codex was written to")
	}
}

// TestPlaceholdersSticky holds that directories for all, like /tmp, are not taken for
// placeholders, neither as a protected place nor on the way to one.
func TestPlaceholdersSticky(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	read := func(name string) policy.Entry {
		return policy.Entry{Path: policy.Path{Type: policy.PathLiteral, Value: p.ws + name}, Access: policy.AccessRead}
	}
	prof := policy.WorkspaceWrite(policy.WriteOptions{})
	for _, name := range []string{"/full", "/empty", "/above"} {
		os.Mkdir(p.ws+name, 0o755)
		os.Chmod(p.ws+name, 0o777|os.ModeSticky)
		prof.FileSystem.Entries = append(prof.FileSystem.Entries, read(name+map[string]string{"/above": "/missing/x"}[name]))
	}
	os.WriteFile(p.ws+"/full/f", nil, 0o644)
	if r := p.sh(t, p.resolve(t, prof), "touch full/g empty/g above/missing/x 2>/dev/null; :"); r.err != nil {
		t.Errorf("%+v: %v", r, r.err)
	}
	for _, name := range []string{"/full", "/empty", "/above"} {
		if st, err := os.Stat(p.ws + name); err != nil || st.Mode() != os.ModeDir|os.ModeSticky|0o777 {
			t.Errorf("%s: %v %v", name, st, err)
		}
	}
}

func startPiped(t *testing.T, ctx context.Context, spec Spec) (*Cmd, *bufio.Reader) {
	t.Helper()
	c, err := Command(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	c.Stdout = w
	err = c.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewReader(r)
}

// lines reads as many lines as are wanted, in any order.
func lines(t *testing.T, r *bufio.Reader, want ...string) {
	t.Helper()
	left := map[string]bool{}
	for _, w := range want {
		left[w] = true
	}
	for range want {
		s, err := r.ReadString('\n')
		s = strings.TrimSuffix(s, "\n")
		if err != nil || !left[s] {
			t.Fatalf("read %q, %v; still wanted %v", s, err, left)
		}
		delete(left, s)
	}
}

// watchRemovals gives a function that waits for the next entry of dir to be
// removed.
func watchRemovals(t *testing.T, dir string) func() {
	t.Helper()
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if _, err := syscall.InotifyAddWatch(fd, dir, syscall.IN_DELETE); err != nil {
		t.Fatal(err)
	}
	seen := 0
	return func() {
		for seen == 0 {
			var b [4096]byte
			n, err := syscall.Read(fd, b[:])
			if err != nil {
				t.Fatal(err)
			}
			for at := 0; at < n; {
				at += syscall.SizeofInotifyEvent + int(uint32(b[at+12])|uint32(b[at+13])<<8)
				seen++
			}
		}
		seen--
	}
}
