//go:build linux

package turnwire

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// poll waits until a condition of other processes holds, for which nothing can be read.
func poll(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited %s for %s", patience, what)
		}
	}
}

// alive says whether a process runs; a zombie does not.
func alive(pid int) bool {
	s, err := stat(pid)
	return err == nil && s[0] != "Z" && s[0] != "X"
}

// stat gives the fields of /proc/PID/stat from the state on.
func stat(pid int) ([]string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])), nil
}

func cmdline(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)) // gone meanwhile: nothing
	return strings.ReplaceAll(string(b), "\x00", " ")
}

func pids() []int {
	var out []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			out = append(out, pid)
		}
	}
	return out
}

// marked gives the living processes that the engine started, itself left out.
func (e *engine) marked() []int {
	var out []int
	for _, pid := range pids() {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err == nil && pid != e.cmd.Process.Pid && slices.Contains(strings.Split(string(b), "\x00"), e.mark()) && alive(pid) {
			out = append(out, pid)
		}
	}
	return out
}

// child waits for a process of the engine whose command line contains the words.
func (e *engine) child(words string) int {
	e.t.Helper()
	found := 0
	poll(e.t, "a process with "+words, func() bool {
		for _, pid := range e.marked() {
			if strings.Contains(cmdline(pid), words) {
				found = pid
				return true
			}
		}
		return false
	})
	return found
}

// has says whether the engine has a file open, by its link in /proc.
func (e *engine) has(link string) bool {
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", e.cmd.Process.Pid))
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && to == link {
			return true
		}
	}
	return false
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// memory is a line of the engine's /proc/PID/status, in bytes.
func (e *engine) memory(name string) int64 {
	e.t.Helper()
	for line := range strings.Lines(read(e.t, fmt.Sprintf("/proc/%d/status", e.cmd.Process.Pid))) {
		if v, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			if err != nil {
				e.t.Fatal(err)
			}
			return kb << 10
		}
	}
	e.t.Fatal("no " + name)
	return 0
}

// fifo makes a named pipe in the engine's folder.
func (e *engine) fifo(name string) string {
	e.t.Helper()
	path := filepath.Join(e.work, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		e.t.Fatal(err)
	}
	return path
}

// rollout gives the lines of the one session file.
func (d *desk) rollout(t *testing.T) []gjson.Result {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.home, "sessions", "*", "*", "*", "rollout-*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("session files: %v %v", files, err)
	}
	var out []gjson.Result
	for line := range strings.Lines(read(t, files[0])) {
		if !gjson.Valid(line) || !strings.HasSuffix(line, "\n") {
			t.Fatalf("session file has a line that cannot be read: %q", line)
		}
		out = append(out, gjson.Parse(line))
	}
	return out
}

// endsAborted holds that the session file ends with an interrupted turn.
func (d *desk) endsAborted(t *testing.T) {
	t.Helper()
	lines := d.rollout(t)
	if len(lines) < 2 {
		t.Fatalf("session file has %d lines", len(lines))
	}
	if last := lines[len(lines)-1]; last.Get("payload.type").Str != "turn_aborted" || last.Get("payload.reason").Str != "interrupted" {
		t.Errorf("session file ends with %s", last.Raw)
	}
	if mark := lines[len(lines)-2]; !strings.HasPrefix(mark.Get("payload.content.0.text").Str, "<turn_aborted>") {
		t.Errorf("before the end of the session file is %s", mark.Raw)
	}
}

// command is one of our programs.
func command(name string, args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(binaries, name), args...)
}

func fileText(path string) string {
	b, _ := os.ReadFile(path) // not there: nothing was written
	return string(b)
}
