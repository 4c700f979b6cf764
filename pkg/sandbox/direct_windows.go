package sandbox

import (
	"context"
	"os"
	"os/exec"
	"syscall"

	"codex/pkg/sandbox/wintoken"
)

// direct prepares an unsandboxed command. PATH is the process's own here.
func direct(ctx context.Context, spec Spec) (*Cmd, error) {
	c := &Cmd{Cmd: exec.CommandContext(ctx, spec.Argv[0], spec.Argv[1:]...), spec: spec}
	if c.Err != nil {
		return nil, &ExecError{Program: spec.Argv[0], Err: c.Err}
	}
	c.Args, c.Env, c.Dir = argv0(spec), spec.Env, spec.Dir
	c.SysProcAttr = &syscall.SysProcAttr{CmdLine: wintoken.CommandLine(c.Args), CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
	c.Cancel = c.Kill
	return c, nil
}

// Exec runs the command and ends this process with its status: there is no
// exec here.
func Exec(spec Spec) error {
	c, err := Command(context.Background(), spec)
	if err != nil {
		return err
	}
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := c.Run(); err != nil && c.ProcessState == nil {
		return err
	}
	os.Exit(c.Exit().Code)
	return nil
}
