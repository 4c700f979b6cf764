package server

import (
	"context"
	"os"
	"sync"

	"github.com/creack/pty"

	"codex/pkg/exec/wire"
	"codex/pkg/sandbox"
)

// child is a started command and our ends of its streams.
type child struct {
	cmd      *sandbox.Cmd
	pid      int
	confined bool
	master   *os.File // of a terminal, else nil
	ttyName  string   // the child's end of it
	stdin    *os.File // nil: none
	streams  []childStream
	once     sync.Once
	from, to uint64 // its life, for the family

	mu   sync.Mutex
	over bool // reaped, or about to be: its number may be somebody else's
}

type childStream struct {
	name   string
	r      *os.File
	caught chan struct{} // closed when all that the child itself wrote has been read
	once   *sync.Once
}

func newStream(name string, r *os.File) childStream {
	return childStream{name, r, make(chan struct{}), &sync.Once{}}
}

func (st childStream) caughtUp() { st.once.Do(func() { close(st.caught) }) }

// startChild starts a command with pipes or a terminal. The child gets nothing else of
// ours: all our files close on exec.
func startChild(spec sandbox.Spec, c *startCall, reserve *sandbox.Reserve) (_ *child, err error) {
	// The context is not the caller's: children end when the server ends them, in order.
	cmd, err := sandbox.Command(context.Background(), spec)
	if err != nil {
		return nil, err
	}
	cmd.Err = nil // of exec's own look-up: sandbox has found the program in the child's PATH
	ch := &child{cmd: cmd, confined: spec.Policy.Restricted()}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		if err != nil {
			ch.close()
			if ch.stdin != nil {
				ch.stdin.Close()
			}
		}
	}()
	if spec.Tty {
		tty, err := ch.openTerminal(c.rows, c.cols)
		if err != nil {
			return nil, err
		}
		theirs = append(theirs, tty)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	} else {
		if c.PipeStdin {
			r, w, err := os.Pipe()
			if err != nil {
				return nil, err
			}
			theirs = append(theirs, r)
			cmd.Stdin, ch.stdin = r, w
		}
		w, err := ch.pipe(wire.Stdout)
		if err != nil {
			return nil, err
		}
		theirs = append(theirs, w)
		cmd.Stdout, cmd.Stderr = w, w
		if !c.extra.Merge {
			w, err := ch.pipe(wire.Stderr)
			if err != nil {
				return nil, err
			}
			theirs = append(theirs, w)
			cmd.Stderr = w
		}
	}
	if ch.confined {
		cmd.UseReserve(reserve)
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ch.pid = cmd.Process.Pid
	return ch, nil
}

func (ch *child) pipe(name string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ch.streams = append(ch.streams, newStream(name, r))
	return w, nil
}

func (ch *child) openTerminal(rows, cols uint16) (tty *os.File, err error) {
	master, tty, err := pty.Open()
	if err != nil {
		return nil, err
	}
	if err := pty.Setsize(tty, &pty.Winsize{Rows: rows, Cols: cols}); err != nil {
		master.Close()
		tty.Close()
		return nil, err
	}
	if master, err = pollable(master); err != nil {
		tty.Close()
		return nil, err
	}
	ch.master, ch.stdin, ch.ttyName = master, master, tty.Name()
	ch.streams = []childStream{newStream(wire.Pty, master)}
	return tty, nil
}

// close closes our ends of the output, which ends the pumps. Input is closed by its queue.
func (ch *child) close() {
	ch.once.Do(func() {
		for _, st := range ch.streams {
			st.r.Close()
		}
	})
}

// wait reaps the child.
func (ch *child) wait() (code int, signal string) {
	awaitExit(ch.pid)
	ch.mu.Lock()
	ch.over = true
	ch.mu.Unlock()
	ch.cmd.Wait() // its error is the status again
	exit := ch.cmd.Exit()
	if exit.Signal != 0 {
		signal = signalName(exit.Signal)
	}
	return exit.Code, signal
}

// whileAlive runs f if the child is not reaped, and keeps it from being reaped meanwhile.
func (ch *child) whileAlive(f func()) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if !ch.over {
		f()
	}
}
