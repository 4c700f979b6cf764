//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

// TestTerminal: on a terminal lines have its width and colours, and what the model writes
// does nothing to it.
func TestTerminal(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "--skip-git-repo-check", "--turn", "'"+exe+"' engine", "hi")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "CODEX_EXEC_MAIN=1", "CODEX_HOME="+t.TempDir(), "TERM=xterm", "NO_COLOR=",
		`SAY=# Head\nsome \u001b]52;c;cm0=\u0007words that have to be broken before the edge of **this** small terminal`)
	term, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 20, Cols: 40})
	if err != nil {
		t.Skip(err)
	}
	defer term.Close()
	var screen bytes.Buffer
	_, _ = io.Copy(&screen, term) // ends with an error when the other end is closed
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, screen.String())
	}
	_, answer, ok := strings.Cut(strings.ReplaceAll(screen.String(), "\r\n", "\n"), "Head")
	if !ok || !strings.HasSuffix(screen.String()[:strings.Index(screen.String(), "Head")], "\x1b[1m# ") {
		t.Fatalf("no heading in %q", screen.String())
	}
	if strings.Contains(answer, "\x1b]") || strings.Contains(answer, "\a") || !strings.Contains(answer, "some ^[]52;c;cm0=^Gwords that") || !strings.Contains(answer, "\x1b[1m**this**\x1b[0m") {
		t.Errorf("the answer is %q", answer)
	}
	for line := range strings.Lines(answer) {
		if len(strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(strings.TrimSpace(line))) > 40 {
			t.Errorf("too wide: %q", line)
		}
	}
	if n := strings.Count(answer, "words that"); n != 1 {
		t.Errorf("it is shown %d times", n)
	}
}
