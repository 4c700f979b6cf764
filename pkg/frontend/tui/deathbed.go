package tui

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"codex/pkg/frontend/tui/tty"
)

// deathbed passes signals on to the loop. When one that ends the program is not heard in
// time (a write to a terminal that takes nothing can block), it restores the terminal and
// ends the program itself.
type deathbed struct {
	forwarded chan os.Signal
	done      chan struct{}
	once      sync.Once
}

// patience is how long the loop has.
const patience = 4 * time.Second

func watch(signals <-chan os.Signal, t *tty.TTY, stderr io.Writer, die func(os.Signal, int)) *deathbed {
	d := &deathbed{forwarded: make(chan os.Signal, 8), done: make(chan struct{})}
	go func() {
		defer tty.Guard(t, stderr, die)
		d.run(signals, t, die)
	}()
	return d
}

func (d *deathbed) run(signals <-chan os.Signal, t *tty.TTY, die func(os.Signal, int)) {
	var late <-chan time.Time
	var last os.Signal
	for {
		select {
		case sig := <-signals:
			if (sig == syscall.SIGTERM || sig == syscall.SIGHUP || sig == syscall.SIGQUIT) && late == nil {
				late, last = time.After(patience), sig
			}
			select {
			case d.forwarded <- sig:
			default: // there are enough waiting
			}
		case <-late:
			t.Crash()
			die(last, 128+number(last))
		case <-d.done:
			return
		}
	}
}

func (d *deathbed) stop() { d.once.Do(func() { close(d.done) }) }
