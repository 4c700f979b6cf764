//go:build unix

package stage

import (
	"os"
	"os/signal"
	"syscall"
)

func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }

// kill also reaches what the child has left behind in its group.
func kill(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	_ = p.Kill()
}

// Leave ends this process: by a signal, as whoever waits for it must see it, or with a
// status when sig is nil.
func Leave(sig os.Signal, status int) {
	if s, ok := sig.(syscall.Signal); ok {
		signal.Reset(sig)
		_ = syscall.Kill(os.Getpid(), s)
		select {} // until it arrives
	}
	os.Exit(status)
}
