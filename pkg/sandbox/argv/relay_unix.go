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
// stay ignored. Each one costs some switching of threads, so the terminal's
// are left out where there is none; the relay ends with the process.
func relay(c *sandbox.Cmd, terminal bool) {
	want := []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}
	if terminal {
		want = append(want, syscall.SIGWINCH, syscall.SIGTSTP, syscall.SIGCONT)
	}
	heard := want[:0]
	for _, s := range want {
		if !signal.Ignored(s) {
			heard = append(heard, s)
		}
	}
	if len(heard) == 0 {
		return
	}
	ch := make(chan os.Signal, 16)
	signal.Notify(ch, heard...)
	go func() {
		for s := range ch {
			sig := s.(syscall.Signal)
			c.Signal(sig)
			if sig == syscall.SIGTSTP {
				syscall.Kill(os.Getpid(), syscall.SIGSTOP) // the shell waits for us to stop
			}
		}
	}()
}
