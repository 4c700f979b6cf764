//go:build !linux

package sandbox

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"codex/pkg/policy"
)

type cmdState struct{}

// Stage2 does nothing here: there is no second stage.
func Stage2() {}

func restricted(context.Context, Spec) (*Cmd, error) { return nil, unavailable() }

func unavailable() error {
	return &RefusedError{Reason: fmt.Sprintf("not available on %s yet", runtime.GOOS),
		Hints: []string{"danger-full-access runs commands without a sandbox"}}
}

// Probe finds nothing to use here.
func Probe() Support { return Support{Other: true, Reason: unavailable().Error()} }

// Explain says that a restricted policy is refused.
func (s Support) Explain(pol policy.Policy) []string {
	if !pol.Restricted() {
		return nil
	}
	return []string{"commands are refused: " + s.Reason}
}

// Inherit gives the command in, out and errs as they are.
func (c *Cmd) Inherit(in, out, errs *os.File) { c.Stdin, c.Stdout, c.Stderr = in, out, errs }

// Reserve keeps nothing here: there is no second stage.
type Reserve struct{}

// Close does nothing.
func (r *Reserve) Close() {}

// UseReserve does nothing.
func (c *Cmd) UseReserve(*Reserve) {}

// Start starts the command.
func (c *Cmd) Start() error {
	if err := c.Cmd.Start(); err != nil {
		return &ExecError{Program: c.spec.Argv[0], Err: err}
	}
	return nil
}

// Wait waits for the command.
func (c *Cmd) Wait() error { return c.Cmd.Wait() }

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

// Sandboxed reports whether the command is confined: never here.
func (c *Cmd) Sandboxed() bool { return false }

// Kill ends the command and, where there are groups, its group.
func (c *Cmd) Kill() error {
	if c.Process == nil {
		return os.ErrProcessDone
	}
	return c.signal(syscall.SIGKILL)
}

// Signal sends sig to the command's process group.
func (c *Cmd) Signal(sig syscall.Signal) error {
	if c.Process == nil {
		return os.ErrProcessDone
	}
	return c.signal(sig)
}
