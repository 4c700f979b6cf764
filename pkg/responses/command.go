package responses

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"codex/pkg/foreign"
	"codex/pkg/ostext"
	"codex/pkg/watchdog"
)

// leaveTime is how long a command may take to leave after response.completed, or after
// it closed its output, before its group is killed.
const leaveTime = 2 * time.Second

// streamCommand starts the command in a process group of its own, writes it the request
// as one line, and reads its output as lines. It is killed with its group when ctx ends
// or the stream fails.
func (c *Client) streamCommand(ctx context.Context, req Request, onMeta func(Meta), onEvent func(Event) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	rctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	defer stop()
	w := newIdle(c.ep.IdleTimeout, cancel)
	defer w.stop()

	begun := time.Now()
	stderr := &foreign.Tail{Max: 4 << 10}
	cmd := exec.CommandContext(rctx, c.ep.Command[0], c.ep.Command[1:]...)
	cmd.Dir, cmd.Env = c.ep.Dir, c.ep.Env
	cmd.Stdin = bytes.NewReader(oneLine(req.Body))
	cmd.Stderr = stderr
	cmd.WaitDelay = leaveTime // for a grandchild that keeps stderr open
	watchdog.OwnGroup(cmd)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = c.guard.Start(cmd, c.ep.Self)
	}
	if c.observer != nil {
		c.observer.Requested(Exchange{Path: "/responses", Command: true, Attempt: req.attempt, Took: time.Since(begun), Err: err})
	}
	if err != nil {
		cancel(nil)
		why := err.Error()
		if _, gone := os.Stat(cmd.Dir); cmd.Dir != "" && gone != nil { // the error names the command in its place
			why, err = fmt.Sprintf("work in %s: %s", cmd.Dir, ostext.Of(gone)), gone
		}
		return &Error{Message: "cannot start model command: " + why, Kind: KindConnectionFailed, Err: err}
	}

	// A grandchild outside the group may hold the pipe open for ever.
	context.AfterFunc(rctx, func() { out.Close() })
	s := &stream{c: c, watched: c.watch(), onMeta: onMeta, onEvent: onEvent, where: c.ep.Command[0], sc: newScanner(out, true, c.waiting(w))}
	err = s.run()
	if err == nil {
		w.stop()
		c.reap(cmd, out, cancel)
		return nil
	}
	if closed := s.sc.err == io.EOF; !closed {
		cancel(err) // nobody reads any more
	}
	cause := context.Cause(rctx)
	t := time.AfterFunc(leaveTime, func() { cancel(err) })
	werr := cmd.Wait()
	t.Stop()
	c.guard.End(cmd)
	cancel(nil)
	err = c.readError(ctx, cause, err)
	if s.short {
		return exitError(werr, strings.TrimSpace(stderr.String()), strings.TrimSpace(valid(string(s.sc.said))))
	}
	return err
}

// exitError is for a command that ended before response.completed; its last words are
// those on standard error, else those among its lines.
func exitError(werr error, stderr, said string) *Error {
	what, hopeless := "stream closed before response.completed", false
	if exit, ok := errors.AsType[*exec.ExitError](werr); ok {
		what = "model command ended with " + exit.String()
		// What wrong usage, a program that cannot run and one that is not there end with.
		hopeless = slices.Contains([]int{2, 126, 127}, exit.ExitCode())
	}
	if words := cmp.Or(stderr, said); words != "" {
		what += ": " + words
	}
	e := disconnected(what)
	if e.Err = werr; hopeless {
		e.Message, e.Retryable = what, false
	}
	return e
}

// reap lets a command that has answered finish (a recorder writes its file now), then
// ends its group.
func (c *Client) reap(cmd *exec.Cmd, out io.Reader, cancel context.CancelCauseFunc) {
	c.wg.Go(func() {
		defer cancel(nil)
		stop := context.AfterFunc(c.life, func() { cancel(nil) })
		defer stop()
		t := time.AfterFunc(leaveTime, func() { cancel(nil) })
		defer t.Stop()
		io.Copy(io.Discard, out)
		cmd.Wait()
		c.guard.End(cmd)
	})
}

// oneLine makes a JSON text one line: its newlines can only stand between tokens.
func oneLine(body []byte) []byte {
	line := make([]byte, 0, len(body)+1)
	for _, b := range bytes.TrimSpace(body) {
		if b == '\n' || b == '\r' {
			b = ' '
		}
		line = append(line, b)
	}
	return append(line, '\n')
}
