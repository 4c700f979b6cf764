//go:build unix

package pidfile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/daemon/process"
	"codex/pkg/daemon/wait"
)

const gateArg = "-test-gate"

// TestMain lets the test's own binary be the gate.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == gateArg {
		os.Exit(exit.Status(Gate(os.Args[2:], os.Environ())))
	}
	os.Exit(m.Run())
}

// short waits: what these tests are about takes no time.
func newFile(t *testing.T) File {
	f := File{Dir: filepath.Join(t.TempDir(), "state"), Name: "app-server", Marks: []string{"app-server"},
		Waits: Waits{Lock: time.Minute, Settle: time.Minute, Grace: time.Minute, Stop: time.Minute}}
	t.Cleanup(func() {
		f.Waits.Grace = 1
		if err := f.Stop(context.Background()); err != nil {
			t.Log(err)
		}
	})
	return f
}

// sh is a command that runs a script.
func sh(t *testing.T, script string) Command {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Command{Path: "/bin/sh", Args: []string{"-c", script}, Env: os.Environ(), Gate: []string{self, gateArg}}
}

func start(t *testing.T, f File, script string) *Child {
	t.Helper()
	c, err := f.Start(t.Context(), sh(t, script))
	if err != nil || c == nil {
		t.Fatal(c, err)
	}
	return c
}

// until waits for a condition that must come true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	done, err := wait.For(t.Context(), time.Minute, func() (bool, error) { return ok(), nil })
	if !done || err != nil {
		t.Fatalf("waited a minute for %s (%v)", what, err)
	}
}

func (f File) text(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(f.Path())
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}

func TestStartStop(t *testing.T) {
	f := newFile(t)
	if r, ok, err := f.Current(t.Context()); r != nil || ok || err != nil {
		t.Fatal(r, ok, err)
	}
	if _, err := os.Stat(f.Dir); !os.IsNotExist(err) {
		t.Error("looking made the folder of state", err)
	}
	c := start(t, f, "echo words >&2; exec sleep 1000")
	r, ok, err := f.Current(t.Context())
	if err != nil || !ok || int(r.PID) != c.PID || r.Ending {
		t.Fatalf("%+v %v %v", r, ok, err)
	}
	info, _, err := process.Look(c.PID)
	if err != nil || r.ProcessStartTime != info.Text {
		t.Errorf("record %+v, process %+v, %v", r, info, err)
	}
	if sid, _, _ := syscall.Syscall(syscall.SYS_GETSID, uintptr(c.PID), 0, 0); int(sid) != c.PID {
		t.Errorf("process %d is in session %d", c.PID, sid)
	}
	until(t, "the log", func() bool { return f.LogTail() == "words" })
	until(t, "the program", func() bool { return process.Args(c.PID) == "sleep 1000" })
	until(t, "the program to have its standard streams only", func() bool {
		fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", c.PID))
		return err != nil || len(fds) == 3
	})
	if again, err := f.Start(t.Context(), sh(t, "echo no >&2")); again != nil || err != nil {
		t.Errorf("started %v beside one that runs: %v", again, err)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	if c.Status() != "signal: terminated" {
		t.Error(c.Status())
	}
	if got := f.text(t); got != "" {
		t.Errorf("record after the end: %s", got)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	for _, left := range []string{f.lockPath(), f.Log()} {
		if _, err := os.Stat(left); err != nil {
			t.Error(err)
		}
	}
}

// TestStartFails holds that a program that cannot be started leaves no record.
func TestStartFails(t *testing.T) {
	f := newFile(t)
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{program: syscall.EACCES, program + "x": syscall.ENOENT} {
		cmd := sh(t, "")
		cmd.Path = path
		c, err := f.Start(t.Context(), cmd)
		if c != nil || !errors.Is(err, want) {
			t.Errorf("%s: %v %v", path, c, err)
		}
		if _, err := os.Stat(f.Path()); !os.IsNotExist(err) {
			t.Errorf("%s: pid file: %v", path, err)
		}
	}
	if err := os.WriteFile(f.Dir+"2", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.Dir += "2"
	if _, err := f.Start(t.Context(), sh(t, "")); err == nil || !strings.HasPrefix(err.Error(), "failed to create daemon state directory "+f.Dir) {
		t.Error(err)
	}
}

// TestGate holds that a process whose record nobody wrote does not come to life: its
// starter died.
func TestGate(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	made := filepath.Join(t.TempDir(), "made")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, gateArg, "/bin/sh", "-c", "touch "+made)
	c.ExtraFiles = []*os.File{r, os.Stderr}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	w.Close() // the starter's end
	if err := c.Wait(); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(made); !os.IsNotExist(err) {
		t.Error("the program ran", err)
	}
	if exit.Status(Gate(nil, nil)) != exit.Usage {
		t.Error("a gate to nothing")
	}
}

// TestStale holds what becomes of records whose process has gone, or has never been.
func TestStale(t *testing.T) {
	foreign := exec.Command("sleep", "1000")
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = foreign.Process.Kill(); _ = foreign.Wait() }()
	for name, text := range map[string]string{
		"empty":          "",
		"blank":          " \n",
		"torn":           `{"pid":`,
		"torn further":   `{"pid":1,"processIdentity":{"bootId":"x"}`,
		"zeros":          "{\x00\x00",
		"recycled":       fmt.Sprintf(`{"pid":%d,"processStartTime":"Thu Jan  1 00:00:00 1970"}`, foreign.Process.Pid),
		"too big":        `{"pid":4000000000,"processStartTime":"x"}`,
		"our own group":  `{"pid":0,"processStartTime":"x"}`,
		"nobody":         `{"pid":2147483646,"processStartTime":"x"}`,
		"the first of a": `{"pid":1,"processStartTime":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFile(t)
			put := func() {
				if err := os.MkdirAll(f.Dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(f.Path(), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			put()
			if ok, err := f.Peek(); ok || err != nil {
				t.Error(ok, err)
			}
			if !torn([]byte(text)) && f.text(t) != text {
				t.Error("looking changed the file")
			}
			if err := f.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(f.Path()); !os.IsNotExist(err) {
				t.Error("the record is still there", err)
			}
			put()
			c := start(t, f, "exec sleep 1000")
			if r, _, err := f.Current(t.Context()); err != nil || int(r.PID) != c.PID {
				t.Error(r, err)
			}
		})
	}
	if err := foreign.Process.Signal(syscall.Signal(0)); err != nil {
		t.Error("the foreign process has gone:", err)
	}
}

// TestBroken holds that a file that is no record is left alone.
func TestBroken(t *testing.T) {
	f := newFile(t)
	t.Cleanup(func() { os.Remove(f.Path()) })
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path(), []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "invalid pid file contents in " + f.Path()
	if _, err := f.Start(t.Context(), sh(t, "")); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Error(err)
	}
	if err := f.Stop(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Error(err)
	}
	if f.text(t) != "garbage" {
		t.Error("the file has changed")
	}
}

// TestReservation holds that an empty file is somebody at work as long as the lock is held.
func TestReservation(t *testing.T) {
	f := newFile(t)
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	lock, err := wait.Lock(t.Context(), f.lockPath(), 0)
	if err != nil || lock == nil {
		t.Fatal(lock, err)
	}
	if err := os.WriteFile(f.Path(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, ok, err := f.Current(t.Context()); r != nil || !ok || err != nil {
		t.Error(r, ok, err)
	}
	impatient := f
	impatient.Waits = Waits{Lock: 1, Settle: 1}
	if err := impatient.Stop(t.Context()); err == nil || err.Error() != "timed out waiting for pid reservation in "+f.Path()+" to finish initializing" {
		t.Error(err)
	}
	if _, err := impatient.Start(t.Context(), sh(t, "")); err == nil || !strings.HasPrefix(err.Error(), "timed out waiting for pid reservation lock") {
		t.Error(err)
	}
	lock.Close()
	if r, ok, err := f.Current(t.Context()); r != nil || ok || err != nil {
		t.Error(r, ok, err)
	}
}

// TestStaleReplaced holds that a record written meanwhile is not taken for the stale one.
func TestStaleReplaced(t *testing.T) {
	f := newFile(t)
	old := Record{raw: []byte("an old record")}
	c := start(t, f, "exec sleep 1000")
	if err := f.removeStale(t.Context(), old); err != nil {
		t.Error(err)
	}
	if r, _, err := f.Current(t.Context()); err != nil || r == nil || int(r.PID) != c.PID {
		t.Error(r, err)
	}
}

// TestStopStopped holds that a process that was stopped by a signal hears of SIGTERM.
func TestStopStopped(t *testing.T) {
	f := newFile(t)
	c := start(t, f, "trap 'exit 7' TERM; echo up >&2; while :; do sleep 1000 & wait $!; done")
	until(t, "the trap", func() bool { return f.LogTail() == "up" })
	if err := syscall.Kill(c.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	until(t, "the stop", func() bool { info, _, _ := process.Look(c.PID); return info.Stopped })
	f.Group = true // its sleep goes too, should it come to that
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	if c.Status() != "exit status 7" {
		t.Errorf("it was not asked: %s", c.Status())
	}
	_ = syscall.Kill(-c.PID, syscall.SIGKILL)
}

// TestStopDeaf holds that one who does not hear SIGTERM is killed in the end, with its
// group if that is wanted.
func TestStopDeaf(t *testing.T) {
	f := newFile(t)
	f.Group = true
	c := start(t, f, "trap '' TERM; cat /dev/zero >/dev/null & echo $! >&2; cat /dev/zero >/dev/null")
	var helper int
	until(t, "the helper", func() bool { var err error; helper, err = strconv.Atoi(f.LogTail()); return err == nil })
	deaf := f
	deaf.Waits.Grace, deaf.Waits.Stop = time.Hour, 1
	if err := deaf.Stop(t.Context()); err == nil || err.Error() != fmt.Sprintf("timed out waiting for pid-managed updater %d to stop", c.PID) {
		t.Error(err)
	}
	f.Waits.Grace = 1
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	until(t, "the helper's end", func() bool { info, ok, _ := process.Look(helper); return !ok || info.Dead })
}

// TestDrain holds that SIGTERM is sent once, by whoever comes first: to a server a second
// one means to hurry.
func TestDrain(t *testing.T) {
	f := newFile(t)
	c := start(t, f, "trap 'echo asked >&2' TERM; echo up >&2; while :; do sleep 1000 & wait $!; kill $!; done")
	until(t, "the trap", func() bool { return f.LogTail() == "up" })
	r, _, err := f.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended, err := f.Drain(t.Context(), r, 2*patience)
	if ended || err != nil || !r.Ending {
		t.Fatalf("%v %v %+v", ended, err, r)
	}
	until(t, "the signal", func() bool { return f.LogTail() == "up\nasked" })
	if held, err := f.Holds(*r); !held || err != nil {
		t.Error("the record on disk is another one", err)
	}
	again := f
	again.Waits.Grace, again.Waits.Stop = time.Hour, 1
	if err := again.Stop(t.Context()); err == nil {
		t.Error("it stopped")
	}
	if f.LogTail() != "up\nasked" {
		t.Errorf("asked twice: %q", f.LogTail())
	}
	if gone, err := f.Ended(*r); gone || err != nil {
		t.Error(gone, err)
	}
	if err := syscall.Kill(-c.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Ended()
	if gone, err := f.Ended(*r); !gone || err != nil {
		t.Error(gone, err)
	}
	if held, err := f.Holds(*r); !held || err != nil {
		t.Error("who only looked has removed the record", err)
	}
}

// TestOriginalsRecord holds that a process that the original has put on record, in any
// time zone, is known.
func TestOriginalsRecord(t *testing.T) {
	f := newFile(t)
	fifo := filepath.Join(t.TempDir(), "app-server")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, f, "exec cat '"+fifo+"'")
	info, _, err := process.Look(c.PID)
	if err != nil {
		t.Fatal(err)
	}
	for _, zone := range []int{0, 9 * 3600, -(3*3600 + 1800)} {
		raw, err := json.Marshal(Record{PID: uint32(c.PID), ProcessStartTime: info.Started.In(time.FixedZone("", zone)).Format("Mon Jan _2 15:04:05 2006")})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Path(), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if r, ok, err := f.Current(t.Context()); !ok || r == nil || err != nil {
			t.Errorf("%s: %v %v %v", raw, r, ok, err)
		}
		if f.text(t) != string(raw) {
			t.Error("the record has changed")
		}
	}
}

func TestLogs(t *testing.T) {
	f := newFile(t)
	c := start(t, f, "echo first >&2")
	<-c.Ended()
	c = start(t, f, "i=0; while [ $i -lt 300 ]; do echo a line that is as long as this one >&2; i=$((i+1)); done; echo last >&2; exec sleep 1000")
	if b, err := os.ReadFile(previous(f.Log())); string(b) != "first\n" || err != nil {
		t.Errorf("log before: %q %v", b, err)
	}
	until(t, "the last line", func() bool { return strings.HasSuffix(f.LogTail(), "\nlast") })
	if tail := f.LogTail(); len(tail) > tailSize || !strings.HasPrefix(tail, "a line") {
		t.Errorf("%d bytes, beginning with %.20q", len(tail), tail)
	}
	if err := f.TrimLog(); err != nil || !strings.HasSuffix(f.LogTail(), "last") {
		t.Error("a short log was cut", err)
	}
	// What the process writes next must come at the beginning of the log that was cut.
	big := bytes.Repeat([]byte("0123456789abcde\n"), maxLog/16+1)
	if err := os.WriteFile(f.Log(), big, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.TrimLog(); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(f.Log()); err != nil || fi.Size() != 0 {
		t.Error(fi, err)
	}
	if fi, err := os.Stat(previous(f.Log())); err != nil || fi.Size() == 0 || fi.Size() > keptLog {
		t.Error(fi, err)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	<-c.Ended()
	f.Dir += "-none"
	if err := f.TrimLog(); err != nil || f.LogTail() != "" {
		t.Error(err)
	}
}
