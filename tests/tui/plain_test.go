//go:build linux

package tui

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codex/tests/tui/vt"
)

// escapes says whether a plain session wrote an escape sequence.
func (s *session) escapes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.ContainsRune(s.raw.Bytes(), 0x1b)
}

// prompt waits until the last row of the screen begins as a prompt does.
func (s *session) prompt(prompt string) {
	s.t.Helper()
	s.until("the prompt "+prompt, func(t *vt.Terminal) bool {
		rows := strings.Split(strings.TrimRight(strings.Join(t.Screen(), "\n"), "\n"), "\n")
		return strings.HasPrefix(rows[len(rows)-1], prompt)
	})
}

// line types a line once the prompt is there.
func (s *session) line(prompt, text string) {
	s.t.Helper()
	s.prompt(prompt)
	s.send(text + "\n")
}

// TestPlain holds that a simple terminal gets lines alone, and takes lines.
func TestPlain(t *testing.T) {
	for _, o := range []options{{args: []string{"--plain"}}, {env: []string{"TERM=dumb"}}} {
		o.model = `[{"msg":"Hello **you**.\n\n- one\n- two\n\n` + "```go\\nfunc main() {}\\n```" + `\n"}]`
		s := start(t, o)
		s.line(">", "hello")
		s.see("func main() {}")
		s.see("two")
		s.line(">", "/status")
		s.see("Context window")
		s.prompt(">")
		s.send("\x04")
		s.see("codex resume 0")
		s.ends(0)
		all := strings.Join(s.all(), "\n")
		for _, want := range []string{"> hello", "• Hello you.", "  - one", "codex resume 0"} {
			if strings.Count(all, want) != 1 {
				t.Errorf("%q is not there once:\n%s", want, all)
			}
		}
		if strings.Contains(all, "› hello") {
			t.Errorf("what was typed is there twice:\n%s", all)
		}
		if s.escapes() {
			t.Errorf("an escape sequence: %q", s.raw.String())
		}
	}
}

// TestPlainApproval holds that an approval is asked and answered by lines.
func TestPlainApproval(t *testing.T) {
	s := start(t, options{args: []string{"--plain"}, model: `[{"call":"exec_command","args":{"cmd":"touch made && echo done","sandbox_permissions":"require_escalated","justification":"why not?"}}]
[{"msg":"The end."}]`})
	s.line(">", "go")
	s.see("Yes, proceed (y)")
	s.see("why not?")
	s.line("A number or a key chooses", "1")
	s.see("You approved codex to run touch made")
	s.see("The end.")
	s.line(">", "!echo again")
	s.see("You ran echo again")
	s.prompt(">")
	s.send("\x03")
	s.ends(0)
	if all := strings.Join(s.all(), "\n"); strings.Contains(all, "Press enter") {
		t.Errorf("two ways to answer:\n%s", all)
	}
	if _, err := os.Stat(filepath.Join(s.work, "made")); err != nil {
		t.Error(err)
	}
	if s.escapes() {
		t.Errorf("an escape sequence: %q", s.raw.String())
	}
}

// TestPlainResume holds that a session can be picked from a list that is printed once.
func TestPlainResume(t *testing.T) {
	s := begin(t, options{})
	s.ask("question one", "• yes")
	s.leave()
	picked := s.again("resume", "--plain")
	picked.see("Resume a previous session")
	picked.line("A number or a key chooses", "1")
	picked.see("• yes")
	picked.line(">", "/quit")
	picked.ends(0)
	if all := strings.Join(picked.all(), "\n"); strings.Count(all, "Resume a previous session") != 1 || picked.escapes() {
		t.Errorf("%q", picked.raw.String())
	}
}

// TestPlainInterrupt holds that ctrl-c ends the turn, not the program.
func TestPlainInterrupt(t *testing.T) {
	s := start(t, options{args: []string{"--plain"}, model: `[{"call":"exec_command","args":{"cmd":"sleep 1000","yield_time_ms":30000}}]
[{"msg":"never"}]`})
	s.line(">", "go")
	s.see("Running sleep 1000")
	before := time.Now() // the call waits 30 s for its command
	s.send("\x03")
	s.see("■ ")
	if took := time.Since(before); took > 25*time.Second {
		t.Errorf("it took %s", took)
	}
	s.line(">", "/quit")
	s.ends(0)
}
