package server

import "syscall"

const sigTerm = syscall.SIGTERM

func softSignal(bool) syscall.Signal { return syscall.SIGKILL }

func signalNamed(name string) (syscall.Signal, bool) {
	switch name {
	case "interrupt", "terminate", "hangup", "quit", "kill", "usr1", "usr2":
		return syscall.SIGKILL, true
	}
	return 0, false
}

func (ch *child) signal(syscall.Signal) { ch.cmd.Process.Kill() }

func (ch *child) resize(rows, cols int) error { return syscall.EWINDOWS }

func signalName(sig syscall.Signal) string {
	if sig == syscall.SIGKILL {
		return "KILL"
	}
	return ""
}
