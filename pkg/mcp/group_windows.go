package mcp

import "os/exec"

// terminateGroup asks nobody: programs leave at the end of their input, or are killed.
func terminateGroup(*exec.Cmd) {}
