//go:build unix

package pipeline

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"codex/pkg/watchdog"
)

// CanGive says that programs can be given something on a descriptor of their own.
const CanGive = true

// childAttr has a child asked to leave when this process is gone.
func childAttr() *syscall.SysProcAttr { return watchdog.Attributes(syscall.SIGTERM) }

func terminate(p *os.Process) { _ = p.Signal(syscall.SIGTERM) }

// kill also reaches what the child has left behind in its group.
func kill(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	_ = p.Kill()
}

// Die ends this process: by a signal, as whoever waits for it must see it, or with a
// status when sig is nil or SIGQUIT.
func Die(sig os.Signal, status int) {
	// At SIGQUIT a program of Go prints all that it is doing.
	if s, ok := sig.(syscall.Signal); ok && s != syscall.SIGQUIT {
		signal.Reset(sig)
		_ = syscall.Kill(os.Getpid(), s)
		time.Sleep(time.Second) // it arrives at once, unless it is blocked
	}
	os.Exit(status)
}

// Signals begins to catch what ends a frontend: an interrupt, a request to leave, and a
// terminal that is gone, unless nohup(1) made that nothing. A broken pipe is caught too,
// so that a write gives an error instead of ending the process.
func Signals() <-chan os.Signal {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGPIPE)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(ch, syscall.SIGHUP)
	}
	return ch
}
