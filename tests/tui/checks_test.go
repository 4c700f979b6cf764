//go:build linux

package tui

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"codex/tests/programs"
)

// checks are what a frontend at the terminal is held to, and the tests that do it.
var checks = []struct{ what, tests string }{
	{"without a terminal it says so and writes nothing else", "TestNoTerminal"},
	{"a new folder is asked about, once", "TestTrust TestTrustedOnce"},
	{"a folder that is not trusted changes no settings", "TestDistrust"},
	{"what was on the screen stays above the header", "TestAbove"},
	{"modes of the terminal are set at the start and off at the end", "TestStartBytes TestSignals TestSuspend TestStates"},
	{"an answer is shown as its markdown means it", "TestAnswer TestStates"},
	{"a fast answer is in the scrollback, each line once", "TestStream"},
	{"messages during a turn are steered or queued", "TestQueue TestStates"},
	{"esc interrupts", "TestInterrupt TestStates"},
	{"a command is asked about with the answers that there are", "TestApprove"},
	{"esc on the question cancels the turn", "TestCancel"},
	{"a patch is shown, and asked about", "TestPatch"},
	{"long output is shown by its ends, all of it in the transcript", "TestTranscript"},
	{"a long paste is one placeholder and is sent whole, a short one is text", "TestPaste"},
	{"commands are found by what is typed, and the list is a ring", "TestSlash TestSlashRing"},
	{"an unknown command stays in the composer", "TestSlash"},
	{"files are found by what is typed behind @", "TestFiles"},
	{"esc esc goes back to a message", "TestBacktrack"},
	{"/status has what is set and used", "TestSlash TestStates"},
	{"the end says what was used and how to go on, if there is something", "TestAnswer TestQuitEmpty"},
	{"sessions are listed and resumed", "TestResume TestStored"},
	{"NO_COLOR leaves no colour", "TestNoColor TestStates"},
	{"a failure is told once, attempts in the status", "TestFailure TestStates"},
	{"nothing is written while nothing happens", "TestIdle"},
	{"a resize loses nothing and doubles nothing", "TestResize TestResizedInTurn TestStatesResized"},
	{"text of others does nothing to the terminal", "TestHostile"},
	{"who looks elsewhere is told", "TestBell TestOSC"},
}

// TestChecks holds that the tests that are named there are there.
func TestChecks(t *testing.T) {
	there := programs.Named(t, ".", "../../pkg/frontend/tui/loop")
	for i, c := range checks {
		for _, name := range strings.Fields(c.tests) {
			if !there[name] {
				t.Errorf("check %d, %s: there is no %s", i+1, c.what, name)
			}
		}
	}
}

func TestTrustedOnce(t *testing.T) {
	s := start(t, options{distrusted: true})
	s.see("Do you trust")
	s.send("\r")
	s.ready()
	s.leave()
	again := s.again()
	again.ready()
	if count(again.all(), "Do you trust") != 0 {
		t.Error("the folder is asked about again")
	}
	again.leave()
}

// TestStartBytes holds which modes of the terminal are asked for.
func TestStartBytes(t *testing.T) {
	for _, off := range []string{"", "1"} {
		s := begin(t, options{env: []string{"CODEX_TUI_DISABLE_KEYBOARD_ENHANCEMENT=" + off}})
		s.leave()
		raw := s.raw.Bytes()
		for _, mode := range []string{"\x1b[?2004h", "\x1b[?1004h", "\x1b[?2004l", "\x1b[?1004l"} {
			if !bytes.Contains(raw, []byte(mode)) {
				t.Errorf("%q is not sent", mode)
			}
		}
		if got := bytes.Contains(raw, []byte("\x1b[>7u")); got != (off == "") {
			t.Errorf("keys are asked for: %v, switched off: %q", got, off)
		}
	}
}

func TestSlashRing(t *testing.T) {
	s := begin(t, options{})
	s.send("/")
	const model = "the model, and how long it thinks"
	s.see(model)
	first := s.screen()
	s.send("\x1b[A")
	s.gone(model)
	s.send("\x1b[B")
	s.see(model)
	if again := s.screen(); !slices.Equal(first, again) {
		t.Errorf("down from the last is not the first:\n%s\nwas\n%s", strings.Join(again, "\n"), strings.Join(first, "\n"))
	}
}

func TestQuitEmpty(t *testing.T) {
	s := begin(t, options{})
	s.leave()
	for _, text := range []string{"Token usage", "codex resume"} {
		if count(s.all(), text) != 0 {
			t.Errorf("%q of nothing", text)
		}
	}
}

// children are the processes that a process has begun.
func children(t *testing.T, pid int) []int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	if len(lists) == 0 {
		t.Skip("the kernel does not list children")
	}
	var out []int
	for _, list := range lists {
		b, err := os.ReadFile(list)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) { // a thread may have ended
			t.Fatal(err)
		}
		for _, f := range strings.Fields(string(b)) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, n)
		}
	}
	return out
}

// TestEngineKilled holds that the terminal is restored when the engine dies in a turn.
func TestEngineKilled(t *testing.T) {
	s := begin(t, options{model: `{"call":"exec_command","args":{"cmd":"sleep 1000"}}`})
	s.ask("run", "Running sleep 1000")
	engines := children(t, s.cmd.Process.Pid)
	if len(engines) != 1 {
		t.Fatalf("%d children", len(engines))
	}
	if err := syscall.Kill(engines[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.ends(1)
	all := s.all()
	if count(all, "signal") == 0 || count(all, "run codex resume ") != 1 {
		t.Errorf("nothing says why, or how to go on:\n%s", strings.Join(all, "\n"))
	}
}

// TestTerminalCut holds that nothing stays behind when the terminal goes away in a turn, as
// it does when a connection is cut or a window is closed.
func TestTerminalCut(t *testing.T) {
	s := begin(t, options{model: `{"call":"exec_command","args":{"cmd":"sleep 1000"}}`})
	s.ask("run", "Running sleep 1000")
	var engines []*os.File
	for _, pid := range children(t, s.cmd.Process.Pid) {
		f, err := pidfd(pid)
		if err != nil {
			t.Skip("no descriptors of processes")
		}
		defer f.Close()
		engines = append(engines, f)
	}
	s.slave.Close()
	s.file.Close()
	<-s.ended
	ended := make(chan error, 1)
	go func() { ended <- s.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatal("it goes on without a terminal")
	}
	for _, f := range engines {
		if err := readable(f, patience); err != nil {
			t.Errorf("the engine goes on: %v", err)
		}
	}
}

// TestPaneKilled does the same with a pane of tmux.
func TestPaneKilled(t *testing.T) {
	p := startPane(t, options{cols: 80, rows: 24, command: []string{"sh", "-c", `codex; echo "$?" >ended`},
		model: `{"call":"exec_command","args":{"cmd":"sleep 1000"}}`}, nil)
	p.see("directory:")
	p.send("run<Enter>")
	p.see("Running sleep 1000")
	pid, err := strconv.Atoi(strings.TrimSpace(p.tmux("display-message", "-p", "-t", "main", "#{pane_pid}")))
	if err != nil {
		t.Fatal(err)
	}
	codex := children(t, pid)
	if len(codex) != 1 {
		t.Fatalf("%d children", len(codex))
	}
	gone, err := pidfd(codex[0])
	if err != nil {
		t.Skip("no descriptors of processes")
	}
	defer gone.Close()
	p.tmux("kill-pane", "-t", "main")
	if err := readable(gone, patience); err != nil {
		t.Errorf("it goes on without a terminal: %v", err)
	}
}
