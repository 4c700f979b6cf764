//go:build unix && !linux

package sandbox

import (
	"os"
	"syscall"
)

func dieWithParent(*syscall.SysProcAttr) {}

func (c *Cmd) signal(sig syscall.Signal) error { return killGroup(c.Process.Pid, sig) }

func exitState(st *os.ProcessState) Exit { return exitOf(st.Sys().(syscall.WaitStatus)) }
