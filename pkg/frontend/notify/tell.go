package notify

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
)

// Teller does what was asked for when an event comes.
type Teller struct {
	Command []string // program and first arguments; nil runs none
	Client  string   // name of the frontend; "" derives it from the thread
	Bell    bool
	OSC9    bool
	// Desktop gives the command that shows a text on the desktop; nil for none of that.
	Desktop func(text string) ([]string, error)
	TMUX    bool      // the terminal is inside tmux
	TTY     io.Writer // the terminal, for Bell and OSC9; nil when there is none
	Log     io.Writer // for failures, one line each

	mu      sync.Mutex
	said    map[string]bool // complaints, each of which is made once
	running map[string]int  // programs, by what they are
}

// maxRunning is how many programs of a kind may run at once: one that hangs must not fill
// the machine.
const maxRunning = 16

// Tell handles one event. It never waits for the program it starts, nor fails: a broken
// notification must not break the pipe.
func (t *Teller) Tell(e Event) {
	if e.Turn != nil && len(t.Command) > 0 {
		client := t.Client
		if client == "" {
			client = Client(e.Turn.Source)
		}
		t.start("notify program", append(t.Command[:len(t.Command):len(t.Command)], Payload(*e.Turn, client)))
	}
	bell := t.Bell
	if t.Desktop != nil {
		argv, err := t.Desktop(e.Text)
		if err != nil {
			t.complain("%v; ringing the bell instead", err)
			bell = true
		} else if !t.start("desktop notification", argv) {
			bell = true
		}
	}
	t.terminal(e.Text, bell)
}

// terminal writes to it.
func (t *Teller) terminal(text string, bell bool) {
	if t.TTY == nil {
		return
	}
	var s string
	if t.OSC9 {
		s = osc9(text, t.TMUX)
	}
	if bell {
		s += "\a"
	}
	if s == "" {
		return
	}
	if _, err := io.WriteString(t.TTY, s); err != nil {
		t.TTY = nil // the terminal is gone; do not try again
	}
}

// complain says something once.
func (t *Teller) complain(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.said[s] {
		if t.said == nil {
			t.said = map[string]bool{}
		}
		t.said[s] = true
		fmt.Fprintf(t.Log, "codex-notify: %s\n", s)
	}
}

// start runs a program detached: in a session of its own, so that no signal of the
// terminal reaches it and it outlives the pipe, with its streams on the null device. A
// goroutine reaps it if it ends first.
func (t *Teller) start(what string, argv []string) bool {
	t.mu.Lock()
	running := t.running[what]
	t.mu.Unlock()
	if running > 0 {
		t.complain("the %s of an earlier turn still runs", what)
	}
	if running >= maxRunning {
		t.complain("%d of them run: no more are started until one ends", running)
		return false
	}
	cmd, err := detach(argv)
	if err != nil {
		t.complain("run %s: %v", what, err)
		return false
	}
	t.count(what, 1)
	go func() { // ends with the child, or with us
		err := cmd.Wait()
		t.count(what, -1)
		if err != nil {
			t.complain("%s %s: %v", what, argv[0], err)
		}
	}()
	return true
}

func (t *Teller) count(what string, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running == nil {
		t.running = map[string]int{}
	}
	t.running[what] += n
}

func detach(argv []string) (*exec.Cmd, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, null
	cmd.SysProcAttr = detached()
	return cmd, cmd.Start()
}

// osc9 gives the escape sequence of a terminal notification, wrapped for tmux on demand.
// Control characters in the text would end it early.
func osc9(text string, tmux bool) string {
	text = plain(text)
	if tmux {
		return "\x1bPtmux;\x1b\x1b]9;" + text + "\a\x1b\\"
	}
	return "\x1b]9;" + text + "\a"
}
