// Package tty is the terminal itself: it is opened by its own name, so that standard
// input and output may be pipes; raw mode and its end; its size; reading that can be
// stopped; and the modes of a terminal that a full program wants.
//
// Whatever ends the program, Restore gives the terminal back as it was. It may be called
// from any goroutine, and more than once.
//
// It imports golang.org/x/sys and x/term.
package tty

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"

	"golang.org/x/term"
)

// Modes that are set in raw mode, and how each is left.
const (
	set   = "\x1b[?2004h\x1b[?1004h" // pastes in brackets, focus
	kitty = "\x1b[>4;0m\x1b[>7u"     // other keys off; kitty's: apart, with their kinds and alternates
	left  = "\x1b[?2004l\x1b[?1004l\x1b[0 q\x1b[?25h\x1b[0m"
	off   = "\x1b[<1u\x1b[>4;0m"
)

// TTY is an open terminal.
type TTY struct {
	in, out *os.File
	enhance bool // ask for kitty's keys

	mu    sync.Mutex
	state *term.State // before raw mode; nil when it is not raw
	title bool        // one was set

	cancel *canceller
	early  int // bytes that were typed before raw mode: their newlines are enter
}

// Open opens the terminal of the process. enhance is whether to ask for the keys of
// kitty's encoding.
func Open(enhance bool) (*TTY, error) {
	in, out, err := open()
	if err != nil {
		return nil, err
	}
	c, err := newCanceller()
	if err != nil {
		in.Close()
		return nil, err
	}
	return &TTY{in: in, out: out, enhance: enhance, cancel: c}, nil
}

// Close restores the terminal and closes it. Nothing may be reading.
func (t *TTY) Close() {
	t.Restore()
	t.cancel.close()
	t.in.Close()
	if t.out != t.in {
		t.out.Close()
	}
}

// Raw begins raw mode and asks the terminal for pastes and focus.
func (t *TTY) Raw() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state != nil {
		return nil
	}
	state, err := makeRaw(t.in, t.out)
	if err != nil {
		return fmt.Errorf("set the terminal to raw mode: %w", err)
	}
	t.state, t.early = state, waiting(t.in)
	modes := set
	if t.enhance {
		modes += kitty
	}
	_, err = io.WriteString(t.out, modes)
	return err
}

// Restore ends raw mode, and every mode that Raw has set.
func (t *TTY) Restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == nil {
		return
	}
	modes := left
	if t.enhance {
		modes = off + modes
	}
	if t.title {
		modes = "\x1b]0;\x07" + modes
	}
	write(t.out, modes)
	restore(t.in, t.state)
	t.state, t.title = nil, false
}

// Crash restores the terminal when nothing is known of what is on it: the alternate
// screen is left too, and the cursor goes to a line of its own.
func (t *TTY) Crash() {
	t.mu.Lock()
	raw := t.state != nil
	t.mu.Unlock()
	if raw {
		write(t.out, "\x1b[?2026l\x1b[?1007l\x1b[?1049l\x1b[?25h\r\n")
	}
	t.Restore()
}

// Guard is deferred by a goroutine: when that panics the terminal is restored, what
// happened is said, and die ends the process.
func Guard(t interface{ Crash() }, stderr io.Writer, die func(sig os.Signal, status int)) {
	if v := recover(); v != nil {
		t.Crash()
		fmt.Fprintf(stderr, "codex-tui: panic: %v\n%s", v, debug.Stack())
		die(nil, 2)
	}
}

// Write writes to the terminal.
func (t *TTY) Write(p []byte) (int, error) { return t.out.Write(p) }

// Title sets the title of the window. It must be harmless.
func (t *TTY) Title(s string) error {
	t.mu.Lock()
	t.title = true
	t.mu.Unlock()
	_, err := io.WriteString(t.out, "\x1b]0;"+s+"\x07")
	return err
}

// Size gives columns and rows, and 80 and 24 where they are unknown.
func (t *TTY) Size() (cols, rows int) {
	cols, rows, err := term.GetSize(int(t.out.Fd()))
	if err != nil || cols <= 0 || rows <= 0 {
		return 80, 24
	}
	return cols, rows
}

// ErrCancelled is returned by Read when Cancel was called.
var ErrCancelled = fmt.Errorf("reading the terminal was stopped")

// Read waits for input.
func (t *TTY) Read(p []byte) (int, error) {
	if err := t.cancel.wait(t.in); err != nil {
		return 0, err
	}
	n, err := t.in.Read(p)
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range min(n, t.early) {
		if p[i] == '\n' {
			p[i] = '\r'
		}
	}
	t.early = max(0, t.early-n)
	return n, err
}

// Cancel makes Read return, now or the next time; Resume ends that.
func (t *TTY) Cancel() { t.cancel.cancel() }

// Resume lets Read read again.
func (t *TTY) Resume() { t.cancel.resume() }

// Files are the terminal for a child that gets it, an editor say.
func (t *TTY) Files() (in, out *os.File) { return t.in, t.out }
