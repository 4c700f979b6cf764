package notify

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Teller does what was asked for when an event comes.
type Teller struct {
	Command []string // program and first arguments; nil runs none
	Client  string   // name of the frontend; "" derives it from the thread
	Bell    bool
	OSC9    bool
	TMUX    bool      // the terminal is inside tmux
	TTY     io.Writer // the terminal, for Bell and OSC9; nil when there is none
	Log     io.Writer // for failures, one line each
}

// Tell handles one event. It never waits for the program it starts, nor fails: a broken
// notification must not break the pipe.
func (t *Teller) Tell(e Event) {
	if e.Turn != nil && len(t.Command) > 0 {
		client := t.Client
		if client == "" {
			client = Client(e.Turn.Source)
		}
		if err := start(t.Command, Payload(*e.Turn, client)); err != nil {
			fmt.Fprintf(t.Log, "codex-notify: run notify program: %v\n", err)
		}
	}
	if t.TTY == nil {
		return
	}
	var s string
	if t.OSC9 {
		s = osc9(e.Text, t.TMUX)
	}
	if t.Bell {
		s += "\a"
	}
	if s == "" {
		return
	}
	if _, err := io.WriteString(t.TTY, s); err != nil {
		t.TTY = nil // the terminal is gone; do not try again
	}
}

// start runs the program detached: in a session of its own, so that no signal of the
// terminal reaches it and it outlives the pipe, with its streams on the null device. A
// goroutine reaps it if it ends first.
func start(command []string, payload string) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	cmd := exec.Command(command[0], append(command[1:len(command):len(command)], payload)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, null
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait() // ends with the child, or with us
	return nil
}

// osc9 gives the escape sequence of a terminal notification, wrapped for tmux on demand
// . Control characters in the text would end it early.
func osc9(text string, tmux bool) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
	if tmux {
		return "\x1bPtmux;\x1b\x1b]9;" + text + "\a\x1b\\"
	}
	return "\x1b]9;" + text + "\a"
}
