package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"codex/pkg/foreign"
	"codex/pkg/hooks"
	"codex/pkg/watchdog"
)

// Bounds of what a hook may write.
const (
	maxOutput = 1 << 20
	maxErrors = 64 << 10
)

// drainTime is how long what a hook has left in the background may hold its output.
const drainTime = 2 * time.Second

// result is how a command ended.
type result struct {
	err    error // it could not run, or took too long
	status int
	stdout []byte
	stderr []byte
	long   bool // it wrote more than is read
}

// command runs a hook to its end, in a process group of its own, which is killed when the
// hook takes too long or the turn is interrupted. What an ended hook has left in the
// background goes on, as it does in a shell.
func (r *Runner) command(ctx context.Context, h *hooks.Hook, cwd string, input []byte) (res result) {
	if ctx.Err() != nil {
		return result{err: errors.New("the turn was interrupted")}
	}
	limit := time.Duration(h.Timeout) * time.Second
	tctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, errs := &foreign.Output{Max: maxOutput}, &foreign.Output{Max: maxErrors}
	cmd := exec.CommandContext(tctx, r.Shell[0], append(r.Shell[1:len(r.Shell):len(r.Shell)], h.Command)...)
	cmd.Dir, cmd.Env = cwd, r.env(h)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), out, errs
	cmd.WaitDelay = drainTime
	watchdog.OwnGroup(cmd)
	if err := r.guard.Start(cmd, r.Self); err != nil {
		return result{err: fmt.Errorf("start the hook: %w", err)}
	}
	err := cmd.Wait()
	res.stdout, res.stderr, res.long = out.Bytes, errs.Bytes, out.Over
	switch {
	case ctx.Err() != nil:
		r.guard.End(cmd)
		res.err = errors.New("the turn was interrupted")
	case tctx.Err() != nil && !cmd.ProcessState.Success():
		r.guard.End(cmd)
		res.err = fmt.Errorf("hook timed out after %ds", h.Timeout)
	default:
		r.guard.Release(cmd)
		res.status = cmd.ProcessState.ExitCode()
		if res.status < 0 {
			res.err = errors.New("hook exited without a status code")
		}
		if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !errors.Is(err, exec.ErrWaitDelay) && !errors.Is(err, io.ErrClosedPipe) && !isBrokenPipe(err) {
			res.err = err
		}
	}
	return res
}

// isBrokenPipe is for a hook that does not read its input: it need not.
func isBrokenPipe(err error) bool {
	var p *os.PathError
	return errors.As(err, &p) && p.Op == "write"
}

// env is the environment of a hook; one of a plugin knows where that lies.
func (r *Runner) env(h *hooks.Hook) []string {
	if h.Plugin == "" {
		return r.Env
	}
	return append(r.Env[:len(r.Env):len(r.Env)], "PLUGIN_ROOT="+h.PluginRoot, "CLAUDE_PLUGIN_ROOT="+h.PluginRoot, "PLUGIN_DATA="+h.PluginData, "CLAUDE_PLUGIN_DATA="+h.PluginData)
}
