//go:build linux

package sandbox

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// redirected runs a script with its streams on files.
func redirected(t *testing.T, spec Spec, in, out, errs *os.File) Exit {
	t.Helper()
	c, err := Command(context.Background(), spec)
	if err != nil {
		t.Fatal(err)
	}
	c.Inherit(in, out, errs)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // its error is the status again
	return c.Exit()
}

func statusOf(t *testing.T, f *os.File) syscall.Stat_t {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return st
}

// TestRedirected holds that the files and devices on a command's streams are its to read
// and write, but not to change otherwise.
func TestRedirected(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	const attack = "exec 7>&2 2>/dev/null; for fd in 0 1 7; do chmod 600 /proc/self/fd/$fd; touch -d 1999-01-01 /proc/self/fd/$fd; " +
		"setfattr -n user.x -v 1 /proc/self/fd/$fd; done; "
	for name, pol := range map[string]func() Spec{
		"read-only": func() Spec { return Spec{Policy: p.readOnly(t)} },
		"workspace": func() Spec { return Spec{Policy: p.workspace(t)} },
	} {
		in, err := os.Open(p.out + "/canary")
		if err != nil {
			t.Fatal(err)
		}
		out, err := os.OpenFile(p.out+"/"+name, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		before := statusOf(t, in)
		spec := pol()
		spec.Argv, spec.Dir, spec.Env = []string{"sh", "-c", attack + "dd bs=1 count=3 2>/dev/null; echo err >&7; echo out"}, p.ws, testEnv()
		if x := redirected(t, spec, in, out, out); x.Code != 0 {
			t.Errorf("%s: %+v", name, x)
		}
		if b, _ := os.ReadFile(p.out + "/" + name); string(b) != "saferr\nout\n" {
			t.Errorf("%s: the output is %q", name, b)
		}
		if b, _ := io.ReadAll(in); string(b) != "e\n" {
			t.Errorf("%s: of the input %q is left", name, b)
		}
		if after := statusOf(t, in); after.Mode != before.Mode || after.Mtim != before.Mtim {
			t.Errorf("%s: the input file was changed: %+v, %+v", name, before, after)
		}
		if st := statusOf(t, out); st.Mode&0o777 != 0o644 || st.Mtim.Sec < 1e9 {
			t.Errorf("%s: the output file was changed: %+v", name, st)
		}
		in.Close()
		out.Close()
	}
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	before := statusOf(t, null)
	redirected(t, Spec{Policy: p.readOnly(t), Argv: []string{"sh", "-c", attack}, Dir: p.ws, Env: testEnv()}, null, null, null)
	if after := statusOf(t, null); after.Ctim != before.Ctim {
		t.Errorf("/dev/null was changed: %+v, %+v", before, after)
	}
}

// TestRedirectedInside holds that a file which the command may write is given as it is.
func TestRedirectedInside(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	f, err := os.OpenFile(p.ws+"/log", os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	script := "test -f /proc/self/fd/1 && echo one && chmod 600 /proc/self/fd/1"
	if x := redirected(t, Spec{Policy: p.workspace(t), Argv: []string{"sh", "-c", script}, Dir: p.ws, Env: testEnv()}, nil, f, f); x.Code != 0 {
		t.Errorf("%+v", x)
	}
	f.WriteString("two\n")
	if b, _ := os.ReadFile(p.ws + "/log"); string(b) != "one\ntwo\n" {
		t.Errorf("%q", b)
	}
}

// TestRedirectedFull holds that output which is lost is not called well.
func TestRedirectedFull(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	if out, code := outerRole(t, nil, "limited", p.ws, "head -c 5000 /dev/zero"); code != 128+int(syscall.SIGPIPE) {
		t.Errorf("status %d: %s", code, out)
	}
	if out, code := outerRole(t, nil, "limited", p.ws, "head -c 4096 /dev/zero"); code != 0 {
		t.Errorf("status %d: %s", code, out)
	}
}

// TestNamedPipe holds that a FIFO on a stream works, and keeps its attributes.
func TestNamedPipe(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	name := filepath.Join(p.out, "fifo")
	if err := syscall.Mkfifo(name, 0o644); err != nil {
		t.Fatal(err)
	}
	both, err := os.OpenFile(name, os.O_RDWR, 0) // neither end waits for the other
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	out, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	x := redirected(t, Spec{Policy: p.readOnly(t), Argv: []string{"sh", "-c", "echo through; chmod 600 /proc/self/fd/1"}, Dir: p.ws, Env: testEnv()}, nil, out, nil)
	out.Close()
	b := make([]byte, 8)
	if _, err := io.ReadFull(both, b); string(b) != "through\n" || err != nil || x.Code == 0 {
		t.Errorf("%q, %v, %+v", b, err, x)
	}
	if st := statusOf(t, both); st.Mode&0o777 != 0o644 {
		t.Errorf("mode %o", st.Mode)
	}
}

// TestUsersTerminal holds that a command on the terminal of its caller can use it, but
// does not keep it, nor change its mode.
func TestUsersTerminal(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer tty.Close()
	before := statusOf(t, tty)
	script := "test -t 0 -a -t 1 -a -t 2 || exit 9; tty >/dev/null || exit 8; chmod 666 /proc/self/fd/0 && exit 7; chmod 666 /dev/console && exit 6; exit 0"
	if x := redirected(t, Spec{Policy: p.workspace(t), Argv: []string{"sh", "-c", script}, Dir: p.ws, Env: testEnv()}, tty, tty, tty); x.Code != 0 {
		t.Errorf("%+v", x)
	}
	if after := statusOf(t, tty); after.Mode != before.Mode {
		t.Errorf("mode %o became %o", before.Mode, after.Mode)
	}
	for _, attack := range []string{"tty-exclusive", "tty-discipline"} {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		spec := Spec{Policy: p.workspace(t), Argv: []string{self, attack}, Dir: p.ws, Env: append(testEnv(), roleVar+"=try")}
		if x := redirected(t, spec, tty, tty, tty); x.Code != 1 {
			t.Errorf("%s: %+v", attack, x)
		}
	}
}

// TestTerminalHangup holds that a command on a terminal of its own hears that it is gone.
func TestTerminalHangup(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c, err := Command(context.Background(), Spec{Policy: p.workspace(t), Tty: true, Dir: p.ws, Env: testEnv(),
		Argv: []string{"sh", "-c", "trap 'echo gone >f; exit 6' HUP; stty -a >/dev/null; setsid true; echo up >/dev/tty; while :; do sleep 0.01; done"}})
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Stdout, c.Stderr = tty, tty, w
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	w.Close()
	buf := make([]byte, 100)
	n, err := master.Read(buf)
	if !strings.HasPrefix(string(buf[:n]), "up") {
		t.Fatalf("%q, %v", buf[:n], err)
	}
	master.Close()
	_ = c.Wait() // its error is the status again
	if b, _ := os.ReadFile(p.ws + "/f"); c.Exit().Code != 6 || string(b) != "gone\n" {
		t.Errorf("%+v, %q", c.Exit(), b)
	}
}

// TestJobControl holds that a shell on a terminal of its own can control jobs.
func TestJobControl(t *testing.T) {
	needSpaces(t)
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash")
	}
	p := newSite(t)
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	c, err := Command(context.Background(), Spec{Policy: p.workspace(t), Tty: true, Dir: p.ws, Env: testEnv(),
		Argv: []string{"bash", "--norc", "-c", "set -m; sleep 600 & kill -STOP %1; wait %1; jobs >f; kill -9 %1; sleep 0; echo done >>f"}})
	if err != nil {
		t.Fatal(err)
	}
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	tty.Close()
	_ = c.Wait() // its error is the status again
	if b, _ := os.ReadFile(p.ws + "/f"); c.Exit().Code != 0 || !strings.Contains(string(b), "Stopped") || !strings.Contains(string(b), "done") {
		t.Errorf("%+v, %q", c.Exit(), b)
	}
}
