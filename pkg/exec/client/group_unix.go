//go:build unix

package client

import (
	"os/exec"
	"syscall"
)

// signalGroup reaches the wrapper (ssh, sh -c) and what it started. The group lives at
// least until the leader is reaped, and callers stop when it is.
func signalGroup(cmd *exec.Cmd, kill bool) {
	sig := syscall.SIGTERM
	if kill {
		sig = syscall.SIGKILL
	}
	syscall.Kill(-cmd.Process.Pid, sig)
}
