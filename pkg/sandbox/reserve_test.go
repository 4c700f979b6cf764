//go:build linux

package sandbox

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// through runs a script in what waits in r, and gives its output.
func through(t *testing.T, p site, r *Reserve, script string) (string, Exit, int) {
	t.Helper()
	c, err := Command(context.Background(), Spec{Policy: p.workspace(t), Argv: []string{"/bin/sh", "-c", script}, Dir: p.ws, Env: testEnv()})
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	c.Stdout, c.Stderr = write, write
	c.UseReserve(r)
	err = c.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	pid := c.Process.Pid
	out, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // its error is the status again
	return string(out), c.Exit(), pid
}

// waiting gives the stage that waits once it does.
func waiting(t *testing.T, r *Reserve) int {
	t.Helper()
	for {
		if pid := r.Pid(); pid != 0 {
			return pid
		}
		runtime.Gosched()
	}
}

// A command in a stage that waited is confined as any other, and gets its own streams,
// folder, environment and policy.
func TestReserve(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	var r Reserve
	defer r.Close()
	script := "pwd; echo ok >in && cat in; echo no >" + p.out + "/x; cat; exit 7"
	want, exit, _ := through(t, p, &r, script)
	if !strings.HasPrefix(want, p.ws+"\nok\n") || !strings.Contains(want, "Read-only") || exit.Code != 7 {
		t.Fatalf("the first, in a stage of its own: %q, %+v", want, exit)
	}
	for range 3 {
		pid := waiting(t, &r)
		got, exit, used := through(t, p, &r, script)
		if got != want || exit.Code != 7 {
			t.Errorf("%q, %+v; want %q", got, exit, want)
		}
		if used != pid {
			t.Errorf("ran in %d, %d waited", used, pid)
		}
	}
	if out, exit, _ := through(t, p, &r, "kill -9 $$"); exit.Signal != syscall.SIGKILL {
		t.Errorf("%q, %+v", out, exit)
	}
}

// One that is killed while it waits is not missed.
func TestReserveKilled(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	var r Reserve
	defer r.Close()
	through(t, p, &r, "true")
	pid := waiting(t, &r)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	out, exit, used := through(t, p, &r, "echo still")
	if out != "still\n" || exit.Code != 0 || used == pid {
		t.Errorf("%q, %+v, ran in %d", out, exit, used)
	}
}

func TestReserveClose(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	var r Reserve
	through(t, p, &r, "true")
	pid := waiting(t, &r)
	r.Close()
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("%d is still there: %v", pid, err)
	}
	if out, _, _ := through(t, p, &r, "echo on"); out != "on\n" || r.Pid() != 0 {
		t.Errorf("after Close: %q, %d waits", out, r.Pid())
	}
}
