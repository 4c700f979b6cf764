//go:build unix

package argv

import (
	"os"
	"os/signal"
	"syscall"

	"codex/pkg/sandbox"
)

// relay passes signals on to the command, which has a session of its own and
// so gets none from the terminal. Those that were ignored when we were started
// stay ignored. It ends with the process.
type relay struct {
	heard chan os.Signal
	ready chan struct{} // closed when signals are caught
}

// listen catches signals from now on, or from a moment later: each one costs
// some switching of threads, which goes on while the sandbox is set up. The
// terminal's are left out where there is none.
func listen(terminal bool) *relay {
	want := []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}
	if terminal {
		want = append(want, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT)
	}
	r := &relay{heard: make(chan os.Signal, 16), ready: make(chan struct{})}
	go func() {
		defer close(r.ready)
		for _, s := range want {
			if !signal.Ignored(s) {
				signal.Notify(r.heard, s)
			}
		}
	}()
	return r
}

// to starts passing on.
func (r *relay) to(c *sandbox.Cmd) {
	<-r.ready
	go func() {
		for s := range r.heard {
			sig := s.(syscall.Signal)
			c.Signal(sig)
			if sig == syscall.SIGTSTP {
				syscall.Kill(os.Getpid(), syscall.SIGSTOP) // the shell waits for us to stop
			}
		}
	}()
}
