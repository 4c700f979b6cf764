package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"codex/pkg/sandbox/linux"
)

type cmdState struct {
	child *linux.Child // nil: started directly
	exit  *Exit        // after Wait
}

// Reserve keeps an init process waiting for the next command.
type Reserve = linux.Reserve

// Init never returns when this process is the init process of a sandbox, which its
// argv[0] tells; else it returns at once.
func Init() { linux.Init() }

func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }

// restricted prepares a command that needs an init process.
func restricted(ctx context.Context, spec Spec) (*Cmd, error) {
	s := linux.Spec{Policy: spec.Policy, Prog: spec.Argv[0], Argv: argv0(spec), Dir: spec.Dir, Env: spec.Env, Tty: spec.Tty, Tag: spec.Tag,
		Alone: spec.LandlockAlone, NoNetwork: NetworkDisabled + "=1", Support: spec.layers}
	if spec.proxied() {
		s.Take, s.Ports = spec.Proxy.Take, [2]uint16{spec.Proxy.HTTP, spec.Proxy.Socks}
	}
	cmd, child, err := linux.New(ctx, s)
	if err != nil {
		return nil, startError(spec, err)
	}
	c := &Cmd{Cmd: cmd, spec: spec}
	c.state.child = child
	c.Cancel = c.Kill
	return c, nil
}

// layers is what the kernel gives, as Spec says or as found out once.
func (s Spec) layers() linux.Support {
	if s.Support != nil {
		return s.Support.Support
	}
	return hostSupport().Support
}

// UseReserve lets the command take the init process that waits in r, and leave another
// one there. It holds for commands whose streams are files or nil; the context has no say.
func (c *Cmd) UseReserve(r *Reserve) {
	if c.state.child != nil {
		c.state.child.Reserve = r
	}
}

// Inherit gives the command in, out and errs as they are, and the context no
// say: with nothing to copy, close or watch, a sandboxed command starts without
// what os/exec does for that, which for a caller that runs one command takes
// longer than the fork.
func (c *Cmd) Inherit(in, out, errs *os.File) {
	c.Stdin, c.Stdout, c.Stderr = in, out, errs
	if c.state.child != nil {
		c.state.child.Inherit = []*os.File{in, out, errs}
	}
}

// Start starts the command. A policy that turns out not to be enforceable is
// a *RefusedError, a program that cannot be run an *ExecError.
func (c *Cmd) Start() (err error) {
	if c.state.child == nil {
		err = c.Cmd.Start()
	} else {
		c.Cmd, err = c.state.child.Start(c.Cmd)
	}
	return startError(c.spec, err)
}

// startError gives an error in the words of this package.
func startError(spec Spec, err error) error {
	var no syscall.Errno
	var refusal *linux.Refusal
	var program *linux.ProgramError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refusal):
		return &RefusedError{Reason: refusal.Reason, Hints: refusal.Hints}
	case errors.As(err, &program):
		return &ExecError{Program: spec.Argv[0], Err: program.Errno}
	case spec.Policy.Restricted():
		return fmt.Errorf("sandbox: %w", err)
	case errors.As(err, &no):
		return &ExecError{Program: spec.Argv[0], Err: no}
	}
	return err
}

// Wait waits for the command and everything it left behind to be gone, and
// for the copying of its streams. Its error is exec.Cmd's.
func (c *Cmd) Wait() error {
	err := c.Cmd.Wait()
	var ws syscall.WaitStatus
	known := false
	if c.state.child != nil {
		ws, known = c.state.child.Ended()
	}
	if !known && c.ProcessState != nil {
		ws, known = c.ProcessState.Sys().(syscall.WaitStatus), true
	}
	if known {
		x := exitOf(ws)
		c.state.exit = &x
	}
	return err
}

// Run is Start and Wait.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Exit tells how the command ended, after Wait.
func (c *Cmd) Exit() Exit {
	if c.state.exit == nil {
		return Exit{Code: -1}
	}
	return *c.state.exit
}

// Contained reports whether Kill ends all that the command started, wherever it went: it
// has a pid namespace.
func (c *Cmd) Contained() bool { return c.state.child != nil && c.state.child.Namespaced() }

// Kill ends the command and all its descendants at once. A sandboxed tree dies
// with its pid namespace, whatever sessions it made; without one the process
// group dies. It is safe to call twice; Wait must still be called.
func (c *Cmd) Kill() error {
	if c.Process == nil {
		return os.ErrProcessDone
	}
	if c.Contained() {
		return c.Process.Kill()
	}
	if err := killGroup(c.Process.Pid, syscall.SIGKILL); err == syscall.ESRCH {
		return os.ErrProcessDone
	} else if err != nil {
		return err
	}
	return nil
}

// Signal sends sig to the command's process group.
func (c *Cmd) Signal(sig syscall.Signal) error {
	if c.Process == nil {
		return os.ErrProcessDone
	}
	if c.Contained() {
		return c.state.child.Signal(sig)
	}
	return killGroup(c.Process.Pid, sig)
}

// Probe finds which layers this kernel gives, by trying them.
func Probe() Support { return Support{Support: linux.Probe()} }

// Explain lists what of spec's policy is not enforced here, or why it is refused.
// Nil means all of it is enforced.
func (s Support) Explain(spec Spec) []string {
	return s.Support.Explain(spec.Policy, spec.LandlockAlone)
}
