//go:build linux

// Package tui holds codex-tui to what a person sees: the real programs run on a
// pseudo-terminal in front of a small terminal emulator, with a scripted model behind
// them. A test waits for something to be on the screen, never for a time.
package tui

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"codex/tests/programs"
	"codex/tests/tui/vt"
)

// patience is how long anything may take before a test gives up. Nothing that works comes
// near it.
const patience = 90 * time.Second

// bin is the folder of the programs.
var bin string

func TestMain(m *testing.M) {
	if os.Getenv("TEST_BROWSER") != "" {
		os.Exit(browse(os.Args[1]))
	}
	os.Exit(programs.Run(m, &bin))
}

// session is a codex on a terminal.
type session struct {
	t       *testing.T
	home    string // CODEX_HOME
	work    string
	cmd     *exec.Cmd
	file    *os.File // our end of the terminal
	slave   *os.File // the program's
	before  unix.Termios
	changed chan struct{}
	ended   chan struct{}

	mu   sync.Mutex
	term *vt.Terminal
	raw  bytes.Buffer
}

// options of a session.
type options struct {
	cols, rows int
	args       []string
	env        []string
	model      string // script of codex-model
	config     string
	distrusted bool
	home, work string // those of another session
	stdin      *os.File
	command    []string // instead of codex
}

// start starts a session. It ends with the test.
func start(t *testing.T, o options) *session {
	t.Helper()
	s := &session{t: t, home: o.home, work: o.work, changed: make(chan struct{}, 1), ended: make(chan struct{})}
	if s.home == "" {
		s.home, s.work = t.TempDir(), t.TempDir()
		s.work, _ = filepath.EvalSymlinks(s.work)
		furnish(t, s.home, s.work, o)
	}
	if o.cols == 0 {
		o.cols, o.rows = 80, 24
	}
	s.run(o)
	return s
}

// furnish writes the settings of a session, with a model that follows a script.
func furnish(t *testing.T, home, work string, o options) {
	t.Helper()
	write(t, filepath.Join(work, ".git", "HEAD"), "ref: refs/heads/main\n")
	trust := ""
	if !o.distrusted {
		trust = fmt.Sprintf("[projects.%q]\ntrust_level = \"trusted\"\n", work)
	}
	script := filepath.Join(home, "model.jsonl")
	if o.model == "" {
		o.model = `{"msg":"yes"}`
	}
	write(t, script, o.model)
	url := programs.ServeModel(t, bin, script)
	write(t, filepath.Join(home, "config.toml"), fmt.Sprintf("model = \"gpt-5.5\"\nmodel_provider = \"m\"\n%s\n[model_providers.m]\nname = \"m\"\nbase_url = %q\nwire_api = \"responses\"\n%s", o.config, url, trust))
}

// run starts the program on a new terminal.
func (s *session) run(o options) {
	s.t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		s.t.Fatal(err)
	}
	s.file, s.slave = master, slave
	size := &pty.Winsize{Cols: uint16(o.cols), Rows: uint16(o.rows)}
	if err := pty.Setsize(master, size); err != nil {
		s.t.Fatal(err)
	}
	before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	s.before = *before
	s.term = vt.New(o.cols, o.rows)
	s.term.Reply = func(a string) { go func() { _, _ = io.WriteString(master, a) }() }
	argv := o.command
	if argv == nil {
		argv = append([]string{filepath.Join(bin, "codex")}, o.args...)
	}
	s.cmd = exec.Command(argv[0], argv[1:]...)
	s.cmd.Dir = s.work
	s.cmd.Env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + s.work, "CODEX_HOME=" + s.home, "TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8", "TMPDIR=" + s.t.TempDir()}, append(programs.Environ(), o.env...)...)
	s.cmd.Stdin, s.cmd.Stdout, s.cmd.Stderr = slave, slave, slave
	if o.stdin != nil {
		s.cmd.Stdin = o.stdin
	}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 1}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go s.read()
	s.t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		slave.Close()
		master.Close()
		<-s.ended
		if s.t.Failed() {
			s.t.Logf("the screen:\n%s", strings.Join(s.screen(), "\n"))
		}
		if len(s.term.Strange) > 0 {
			s.t.Errorf("the terminal was sent %q", s.term.Strange)
		}
	})
}

// read feeds the terminal until the other end is closed.
func (s *session) read() {
	defer close(s.ended)
	buf := make([]byte, 64<<10)
	for {
		n, err := s.file.Read(buf)
		s.mu.Lock()
		s.raw.Write(buf[:n])
		_, _ = s.term.Write(buf[:n])
		s.mu.Unlock()
		select {
		case s.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// until waits until the terminal is as wanted.
func (s *session) until(what string, ok func(t *vt.Terminal) bool) {
	s.t.Helper()
	late := time.After(patience)
	for {
		s.mu.Lock()
		yes := ok(s.term)
		s.mu.Unlock()
		if yes {
			return
		}
		select {
		case <-s.changed:
		case <-s.ended:
			s.t.Fatalf("the terminal was closed before %s", what)
		case <-late:
			s.t.Fatalf("this did not come: %s", what)
		}
	}
}

// see waits for a text on the screen.
func (s *session) see(text string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%q is seen", text), func(t *vt.Terminal) bool { return strings.Contains(strings.Join(t.Screen(), "\n"), text) })
}

// gone waits until a text is no longer on the screen.
func (s *session) gone(text string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%q is gone", text), func(t *vt.Terminal) bool { return !strings.Contains(strings.Join(t.Screen(), "\n"), text) })
}

// idle waits until no turn runs: the frame that has the end of an answer has the row about the
// turn, too, until the turn is over.
func (s *session) idle() {
	s.t.Helper()
	s.gone("esc to interrupt")
}

// send types.
func (s *session) send(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.file, keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) screen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.term.Screen()
}

// all is what was said, once no turn adds to it.
func (s *session) all() []string {
	s.t.Helper()
	s.idle()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.term.All()
}

// resize changes the terminal's size.
func (s *session) resize(cols, rows int) {
	s.t.Helper()
	s.mu.Lock()
	s.term.Resize(cols, rows)
	s.mu.Unlock()
	if err := pty.Setsize(s.file, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}); err != nil {
		s.t.Fatal(err)
	}
}

// exit waits for the end of the program, and of what it wrote, and gives its status; the
// terminal has to be as it was.
func (s *session) exit() int {
	s.t.Helper()
	err := s.cmd.Wait()
	s.slave.Close() // the last one: what was written is read to its end
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatal("something still has the terminal")
	}
	s.restored()
	if err != nil {
		return s.cmd.ProcessState.ExitCode()
	}
	return 0
}

// ends fails the test unless the program ends with a status.
func (s *session) ends(want int) {
	s.t.Helper()
	if status := s.exit(); status != want {
		s.t.Errorf("status %d", status)
	}
}

// config is what is in config.toml.
func (s *session) config() string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.home, "config.toml"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// holds fails the test unless config.toml has a text.
func (s *session) holds(text string) {
	s.t.Helper()
	if got := s.config(); !strings.Contains(got, text) {
		s.t.Errorf("config.toml has no %q:\n%s", text, got)
	}
}

// lacks fails the test if config.toml has a text.
func (s *session) lacks(text string) {
	s.t.Helper()
	if got := s.config(); strings.Contains(got, text) {
		s.t.Errorf("config.toml has %q:\n%s", text, got)
	}
}

// begin starts a session and waits until something can be typed.
func begin(t *testing.T, o options) *session {
	t.Helper()
	s := start(t, o)
	s.ready()
	return s
}

// ask types a line and waits for a text.
func (s *session) ask(line, text string) {
	s.t.Helper()
	s.send(line + "\r")
	s.see(text)
}

// leave ends the session between turns, which has to go well.
func (s *session) leave() {
	s.t.Helper()
	s.idle() // what an interrupted turn has said is another matter
	s.send("\x04")
	s.ends(0)
}

// leaveWith presses a key first.
func (s *session) leaveWith(key string) {
	s.t.Helper()
	s.send(key)
	s.gone("to finish")
	s.leave()
}

// again starts another session where s was.
func (s *session) again(args ...string) *session {
	s.t.Helper()
	return start(s.t, options{home: s.home, work: s.work, args: args})
}

// restored holds the terminal against what it was before.
func (s *session) restored() {
	s.t.Helper()
	now, err := unix.IoctlGetTermios(int(s.file.Fd()), unix.TCGETS)
	if err != nil {
		s.t.Fatal(err)
	}
	if *now != s.before {
		s.t.Errorf("the terminal is in another mode: %+v, was %+v", *now, s.before)
	}
	s.until("its modes are off", func(t *vt.Terminal) bool {
		return len(t.Modes) == 1 && t.Modes["25"] && !t.Alternate()
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
