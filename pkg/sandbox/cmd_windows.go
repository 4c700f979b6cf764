package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/windows"

	"codex/pkg/sandbox/wintoken"
)

// A sandboxed command runs under a restricted token, in a job that ends with
// it and with us. There is no init process.
type cmdState struct {
	job *wintoken.Job // nil: not sandboxed, or not started
}

// Init does nothing here: there is no init process.
func Init() {}

func restricted(ctx context.Context, spec Spec) (*Cmd, error) {
	level, err := wintoken.ParseLevel(spec.Windows.Level)
	if err != nil {
		return nil, err
	}
	if r := wintoken.Refuse(spec.Policy, level); r != nil {
		return nil, &RefusedError{Reason: r.Reason, Hints: r.Hints}
	}
	if !spec.Policy.Network {
		stubs := ""
		if spec.Windows.Home != "" {
			stubs, _ = wintoken.WriteStubs(spec.Windows.Home) // a courtesy: it holds nobody
		}
		spec.Env = wintoken.Offline(spec.Env, stubs)
	}
	return direct(ctx, spec)
}

func refused(err error) *RefusedError {
	var r *wintoken.Refusal
	if errors.As(err, &r) {
		return &RefusedError{Reason: r.Reason, Hints: r.Hints}
	}
	return &RefusedError{Reason: err.Error(), Hints: []string{"danger-full-access mode runs commands without a sandbox"}}
}

// Start starts the command. It does not run before it is in its job.
func (c *Cmd) Start() error {
	if !c.Sandboxed() {
		if err := c.Cmd.Start(); err != nil {
			return &ExecError{Program: c.spec.Argv[0], Err: err}
		}
		return nil
	}
	token, err := wintoken.Prepare(c.spec.Policy, c.spec.Windows.Home, c.spec.Dir)
	if err != nil {
		return refused(err)
	}
	defer token.Close()
	job, err := wintoken.NewJob()
	if err != nil {
		return refused(err)
	}
	c.SysProcAttr.Token = syscall.Token(token)
	c.SysProcAttr.CreationFlags |= windows.CREATE_SUSPENDED
	if err := c.Cmd.Start(); err != nil {
		job.Close()
		return &ExecError{Program: c.spec.Argv[0], Err: err}
	}
	if err := job.Take(c.Process.Pid); err != nil {
		c.Process.Kill()
		c.Cmd.Wait()
		job.Close()
		return refused(err)
	}
	c.state.job = job
	return nil
}

// Wait waits for the command and ends what it left running.
func (c *Cmd) Wait() error {
	err := c.Cmd.Wait()
	if c.state.job != nil {
		c.state.job.Close()
	}
	return err
}

func (c *Cmd) signal(syscall.Signal) error {
	if c.state.job != nil {
		return c.state.job.Kill()
	}
	return c.Process.Kill()
}

func exitState(st *os.ProcessState) Exit { return Exit{Code: st.ExitCode()} }

// Probe makes a restricted token.
func Probe() Support {
	token, err := wintoken.NewToken(nil)
	if err != nil {
		return without(err.Error())
	}
	token.Close()
	return Support{Tokens: true}
}

// Explain lists what of spec's policy is not enforced here, or why it is
// refused. Nil means all of it is enforced.
func (s Support) Explain(spec Spec) []string {
	level, err := wintoken.ParseLevel(spec.Windows.Level)
	switch {
	case !spec.Policy.Restricted():
		return nil
	case err != nil:
		return []string{fmt.Sprintf("commands are refused: %v", err)}
	case !s.Tokens:
		return []string{"commands are refused: " + s.Reason}
	}
	return wintoken.Explain(spec.Policy, level, wintoken.Missing(spec.Policy))
}
