package loop

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"codex/pkg/foreign"
	"codex/pkg/frontend/tui/tty"
	"codex/pkg/shellwords"
)

// aside gives the terminal away: f has it, in its usual mode. What was on the main screen
// stays; afterwards the viewport begins where the cursor is.
func (l *Loop) aside(f func() error) error {
	l.TTY.Restore() // first: what is typed once the viewport is gone is for f, with its ends of lines
	err := l.screen.Abandon()
	if err == nil {
		err = f()
	}
	if rawErr := l.TTY.Raw(); rawErr != nil {
		l.fail(rawErr)
	}
	l.title = ""
	cols, rows := l.TTY.Size()
	l.screen.Resize(cols, rows)
	l.placed = false
	l.askCursor("")
	l.draw()
	return err
}

// suspend stops the program as Ctrl-Z does anywhere. A page is there again afterwards.
func (l *Loop) suspend() {
	alternate := l.screen.Alternate()
	defer func() {
		if alternate {
			if err := l.screen.Enter(); err != nil {
				l.fail(err)
			}
		}
	}()
	if err := l.aside(tty.Suspend); err != nil {
		l.complain("%v", err)
	}
}

// editExternally edits the draft in the user's editor.
func (l *Loop) editExternally() {
	words, ok := shellwords.Split(cmp.Or(l.Getenv("VISUAL"), l.Getenv("EDITOR")))
	if !ok || len(words) == 0 {
		l.complain("No editor: set VISUAL or EDITOR.")
		return
	}
	body, err := l.edit(words, l.composer.Text())
	if err != nil {
		l.complain("Edit the draft: %v", err)
		return
	}
	l.composer.Edited(strings.TrimRight(body, " \t\r\n"))
}

// edit runs an editor on a file with body in it, and reads what became of it. Nobody else
// reads the terminal meanwhile.
func (l *Loop) edit(words []string, body string) (string, error) {
	f, err := os.CreateTemp("", "codex-*.md")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	if _, err := io.WriteString(f, body); err != nil {
		return "", errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return "", err
	}
	l.stopReading()
	defer l.startReading()
	err = l.aside(func() error {
		in, out := l.TTY.Files()
		c := exec.CommandContext(l.ctx, words[0], append(words[1:], f.Name())...)
		c.Stdin, c.Stdout, c.Stderr = in, out, out
		return c.Run()
	})
	if err != nil {
		return "", fmt.Errorf("%s: %w", words[0], err)
	}
	b, err := foreign.ReadFile(f.Name(), 16<<20)
	return string(b), err
}

// startReading begins to read the terminal.
func (l *Loop) startReading() {
	l.TTY.Resume()
	l.reading.Add(1)
	l.guard(func() {
		defer l.reading.Done()
		l.readTerminal()
	})
}

// stopReading makes the goroutine that reads the terminal end. What it had read is not
// lost.
func (l *Loop) stopReading() {
	l.TTY.Cancel()
	ended := make(chan struct{})
	l.guard(func() {
		l.reading.Wait()
		close(ended)
	})
	for {
		select {
		case in := <-l.inputs:
			l.keys.Keep(in.bytes)
		case <-ended:
			return
		}
	}
}

// copyAnswer puts the newest answer into the clipboard.
func (l *Loop) copyAnswer() {
	if len(l.answers) == 0 {
		l.say("There is no answer to copy yet.")
		return
	}
	body := l.answers[len(l.answers)-1]
	l.beside(func(ctx context.Context) func() {
		err := l.clipboard(ctx, body)
		return func() {
			if err != nil {
				l.complain("Copy the answer: %v", err)
				return
			}
			l.say("Copied the last answer to the clipboard.")
		}
	})
}

// maxOSC52 is how much terminals take through OSC 52.
const maxOSC52 = 100_000

// clipboard puts a text into the clipboard: with a program of the desktop, or through the
// terminal, which is the way over ssh.
func (l *Loop) clipboard(ctx context.Context, body string) error {
	ssh := l.Getenv("SSH_TTY") != "" || l.Getenv("SSH_CONNECTION") != ""
	programs := [][]string{{"pbcopy"}, {"wl-copy"}, {"xclip", "-selection", "clipboard"}, {"clip.exe"}}
	if l.Getenv("TMUX") != "" && ssh {
		programs = [][]string{{"tmux", "load-buffer", "-w", "-"}}
	} else if ssh || l.Getenv("WAYLAND_DISPLAY") == "" && l.Getenv("DISPLAY") == "" {
		programs = [][]string{{"pbcopy"}, {"clip.exe"}}
	}
	for _, p := range programs {
		if ssh && p[0] != "tmux" {
			break
		}
		path, err := exec.LookPath(p[0])
		if err != nil {
			continue
		}
		c := exec.CommandContext(ctx, path, p[1:]...)
		c.Stdin = strings.NewReader(body)
		if c.Run() == nil {
			return nil
		}
	}
	if len(body) > maxOSC52 {
		return fmt.Errorf("it is too long for the terminal's clipboard (%d bytes, %d fit)", len(body), maxOSC52)
	}
	return l.passthrough("\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(body)) + "\x07")
}

// passthrough sends the terminal a sequence that tmux does not pass on by itself.
func (l *Loop) passthrough(seq string) error {
	if l.Getenv("TMUX") != "" {
		seq = "\x1bPtmux;" + strings.ReplaceAll(seq, "\x1b", "\x1b\x1b") + "\x1b\\"
	}
	_, err := io.WriteString(l.TTY, seq)
	return err
}
