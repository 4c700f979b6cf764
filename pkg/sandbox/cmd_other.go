//go:build darwin || windows

package sandbox

import (
	"os"
	"syscall"

	"codex/pkg/sandbox/linux"
)

// Inherit gives the command in, out and errs as they are.
func (c *Cmd) Inherit(in, out, errs *os.File) { c.Stdin, c.Stdout, c.Stderr = in, out, errs }

// Reserve keeps nothing here: there is no init process.
type Reserve struct{}

// Close does nothing.
func (r *Reserve) Close() {}

// UseReserve does nothing.
func (c *Cmd) UseReserve(*Reserve) {}

// Run is Start and Wait.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Exit tells how the command ended, after Wait.
func (c *Cmd) Exit() Exit {
	if c.ProcessState == nil {
		return Exit{Code: -1}
	}
	return exitState(c.ProcessState)
}

// Sandboxed reports whether the command runs, or would run, confined.
func (c *Cmd) Sandboxed() bool { return c.spec.Policy.Restricted() }

// Signal sends sig to the command's process group.
func (c *Cmd) Signal(sig syscall.Signal) error {
	if c.Process == nil {
		return os.ErrProcessDone
	}
	return c.signal(sig)
}

// Kill ends the command and all that it started and that can be found: on
// macOS its process group, on Windows, sandboxed, its job.
func (c *Cmd) Kill() error { return c.Signal(syscall.SIGKILL) }

// without is what a system gives that has no sandbox.
func without(reason string) Support { return Support{Support: linux.Support{Reason: reason}} }
