//go:build unix

package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"codex/pkg/sandbox/execvp"
)

// direct prepares an unsandboxed command: no init process, a session of its
// own so that Kill reaches its group.
func direct(ctx context.Context, spec Spec) (*Cmd, error) {
	prog, err := execvp.Lookup(spec.Argv[0], spec.Dir, spec.Env)
	if err != nil {
		return nil, &ExecError{Program: spec.Argv[0], Err: err}
	}
	c := &Cmd{Cmd: exec.CommandContext(ctx, "/dev/null"), spec: spec}
	c.Path, c.Args, c.Env, c.Dir = prog, argv0(spec), spec.Env, spec.Dir
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: spec.Tty}
	dieWithParent(c.SysProcAttr)
	c.Cancel = c.Kill
	return c, nil
}

// killGroup ends the process group that pid leads, or the process alone when
// it leads none yet.
func killGroup(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(-pid, sig); err != nil {
		return syscall.Kill(pid, sig)
	}
	return nil
}

func exitOf(ws syscall.WaitStatus) Exit {
	if ws.Signaled() {
		return Exit{Code: 128 + int(ws.Signal()), Signal: ws.Signal()}
	}
	return Exit{Code: ws.ExitStatus()}
}

// Exec becomes the command, for a policy that needs no sandbox: the caller's
// process, terminal and signals are the command's. It returns only an error.
func Exec(spec Spec) error {
	if spec.Policy.Restricted() {
		return errors.New("a restricted policy cannot be applied by exec alone")
	}
	if len(spec.Argv) == 0 || spec.Argv[0] == "" {
		return errEmpty
	}
	if err := syscall.Chdir(spec.Dir); err != nil {
		return fmt.Errorf("enter %s: %w", spec.Dir, err)
	}
	prog, err := execvp.Lookup(spec.Argv[0], spec.Dir, spec.Env)
	if err == nil {
		err = syscall.Exec(prog, argv0(spec), environment(spec))
	}
	return &ExecError{Program: spec.Argv[0], Err: err}
}
