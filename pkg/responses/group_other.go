//go:build !unix

package responses

import "os/exec"

// ownGroup is nothing here: a context kills the command alone.
func ownGroup(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { cmd.Process.Kill() }
