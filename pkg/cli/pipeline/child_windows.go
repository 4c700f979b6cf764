package pipeline

import (
	"os"
	"os/signal"
	"syscall"
)

// CanGive says that they cannot: only the three standard streams are inherited.
const CanGive = false

// childAttr keeps Ctrl-C from the children: the frontend decides what it means.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func terminate(p *os.Process) { _ = p.Kill() }

func kill(p *os.Process) { _ = p.Kill() }

// Die ends this process with a status; there are no signals to end it by.
func Die(_ os.Signal, status int) { os.Exit(status) }

// Signals begins to catch what ends a frontend.
func Signals() <-chan os.Signal {
	ch := make(chan os.Signal, 4)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	return ch
}
