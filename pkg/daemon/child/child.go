//go:build unix

package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"codex/pkg/foreign"
	"codex/pkg/watchdog"
)

// Command is a program to be run to its end.
type Command struct {
	Path  string
	Args  []string
	Env   []string
	Stdin []byte
	Limit int // bytes of standard output; more is an error
	// Time is how long it may take, with all that it starts; 0 is as long as ctx lasts.
	Time time.Duration
}

// grace is from SIGTERM to SIGKILL for a command whose time is over.
const grace = 2 * time.Second

// excerpt is how much of standard error goes into an error.
const excerpt = 1 << 10

// Output runs the command and gives its standard output. A status other than 0, a signal,
// too much output and the end of its time are errors, with the end of its standard error.
// Whatever it has started in its process group ends with it.
func Output(ctx context.Context, c Command) ([]byte, error) {
	if c.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.Time, fmt.Errorf("no end after %s", c.Time))
		defer cancel()
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env, cmd.Stdin = c.Env, bytes.NewReader(c.Stdin)
	stdout := &head{limit: c.Limit, full: func() { stop(fmt.Errorf("more than %d bytes of output", c.Limit)) }}
	stderr := &foreign.Tail{Max: excerpt}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = watchdog.Attributes(syscall.SIGTERM)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what is left of the group
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		return stdout.b.Bytes(), nil
	}
	// A child of the program may outlive it with its pipes; that is no failure.
	if errors.Is(err, exec.ErrWaitDelay) {
		return stdout.b.Bytes(), nil
	}
	if words := strings.TrimSpace(stderr.String()); words != "" {
		err = fmt.Errorf("%w: %s", err, words)
	}
	return nil, fmt.Errorf("run %s: %w", c.Path, err)
}

// head keeps the first bytes written to it.
type head struct {
	b     bytes.Buffer
	limit int
	full  func()
}

func (h *head) Write(p []byte) (int, error) {
	if h.b.Len()+len(p) > h.limit {
		h.full()
		return len(p), nil
	}
	return h.b.Write(p)
}
