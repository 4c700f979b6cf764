package watchdog

import "syscall"

// Attributes start a command in a process group of its own. Should this process end before
// it, the command itself gets sig from the kernel.
func Attributes(sig syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: sig}
}
