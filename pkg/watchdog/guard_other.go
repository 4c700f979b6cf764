//go:build !unix

package watchdog

import "os/exec"

// OwnGroup is nothing here: a context kills the command alone.
func OwnGroup(*exec.Cmd) {}

// Terminate asks nobody: programs leave at the end of their input, or are killed.
func Terminate(*exec.Cmd) {}

// Kill ends the command.
func Kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

// Guard is nothing more than starting and ending here.
type Guard struct{}

// Start starts the command.
func (*Guard) Start(cmd *exec.Cmd, _ string) error { return cmd.Start() }

// Attend starts the command.
func (*Guard) Attend(cmd *exec.Cmd, _ string) error { return cmd.Start() }

// End ends it.
func (*Guard) End(cmd *exec.Cmd) { Kill(cmd) }

// Release lets what a command has left behind go on.
func (*Guard) Release(*exec.Cmd) {}

// Close has nothing to end.
func (*Guard) Close() {}
