//go:build unix

package server

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const sigTerm = syscall.SIGTERM

// softSignal asks a process to end: a terminal says that it is gone.
func softSignal(tty bool) syscall.Signal {
	if tty {
		return syscall.SIGHUP
	}
	return syscall.SIGTERM
}

func signalNamed(name string) (sig syscall.Signal, ok bool) {
	sig, ok = map[string]syscall.Signal{
		"interrupt": syscall.SIGINT, "terminate": syscall.SIGTERM, "hangup": syscall.SIGHUP, "quit": syscall.SIGQUIT,
		"kill": syscall.SIGKILL, "usr1": syscall.SIGUSR1, "usr2": syscall.SIGUSR2,
	}[name]
	return sig, ok
}

// signal reaches the child's group, and on a terminal its foreground group. What asks for
// an end also wakes a stopped group.
func (ch *child) signal(sig syscall.Signal) {
	ch.whileAlive(func() {
		ends := sig == syscall.SIGTERM || sig == syscall.SIGHUP || sig == syscall.SIGKILL
		front := ch.foreground()
		behind := front > 1 && front != ch.pid
		if behind {
			syscall.Kill(-front, sig)
			if ends {
				syscall.Kill(-front, syscall.SIGCONT)
			}
		}
		switch {
		case behind && !ends:
		case ch.confined && sig == syscall.SIGKILL:
			ch.cmd.Kill()
		default:
			ch.cmd.Signal(sig)
			if ends {
				ch.cmd.Signal(syscall.SIGCONT)
			}
		}
	})
}

// foreground is the terminal's foreground process group, 0 without a terminal.
func (ch *child) foreground() int {
	pgrp := 0
	ch.onTerminal(func(fd int) error {
		n, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
		pgrp = n
		return err
	})
	return pgrp
}

func (ch *child) resize(rows, cols int) error {
	return ch.onTerminal(func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(rows), Col: uint16(cols)})
	})
}

func (ch *child) onTerminal(f func(fd int) error) error {
	if ch.master == nil {
		return syscall.ENOTTY
	}
	conn, err := ch.master.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := conn.Control(func(fd uintptr) { inner = f(int(fd)) }); err != nil {
		return err
	}
	if inner != nil {
		return os.NewSyscallError("ioctl", inner)
	}
	return nil
}

// signalName is the name without SIG, as in the exited notification.
func signalName(sig syscall.Signal) string {
	name := unix.SignalName(sig)
	if len(name) > 3 {
		return name[3:]
	}
	return ""
}
