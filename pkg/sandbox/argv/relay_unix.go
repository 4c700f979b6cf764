//go:build unix

package argv

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"codex/pkg/sandbox"
)

// relay passes signals on to the command, which has a session of its own and
// so gets none from the terminal. Those that were ignored when we were started
// stay ignored. It ends with the process.
type relay struct {
	want  []os.Signal
	after time.Duration
	heard chan os.Signal
}

// listen catches signals, at once or in a while. The terminal's are left out
// where there is none.
func listen(terminal bool, after time.Duration) *relay {
	r := &relay{after: after, heard: make(chan os.Signal, 16)}
	r.want = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}
	if terminal {
		r.want = append(r.want, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT)
	}
	if after == 0 {
		r.catch()
	}
	return r
}

func (r *relay) catch() {
	for _, s := range r.want {
		if !signal.Ignored(s) {
			signal.Notify(r.heard, s)
		}
	}
}

// to starts passing on.
func (r *relay) to(c *sandbox.Cmd) {
	time.AfterFunc(r.after, func() {
		if r.after != 0 {
			r.catch()
		}
		for s := range r.heard {
			sig := s.(syscall.Signal)
			c.Signal(sig)
			if sig == syscall.SIGTSTP {
				syscall.Kill(os.Getpid(), syscall.SIGSTOP) // the shell waits for us to stop
			}
		}
	})
}
