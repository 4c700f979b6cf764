//go:build unix

package mcp

import (
	"os/exec"
	"syscall"
)

// terminateGroup asks the program and all it started that is still in its group to leave.
func terminateGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // an empty group is what we want
}
