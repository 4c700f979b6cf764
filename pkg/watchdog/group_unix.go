//go:build unix && !linux

package watchdog

import "syscall"

// Attributes start a command in a process group of its own.
func Attributes(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
