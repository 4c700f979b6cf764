package mcp

import "syscall"

// attributes put a program into a group of its own, which is asked to leave when we die.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
