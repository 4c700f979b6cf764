package pipeline

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"codex/pkg/cli/exit"
)

// Caught is the signal that has ended what a program did, and by which it is to Die.
type Caught struct{ os.Signal }

func (c Caught) Error() string { return "ended by signal: " + c.String() }

// ExitCode is what shells make of the signal.
func (c Caught) ExitCode() int {
	if s, ok := c.Signal.(syscall.Signal); ok {
		return 128 + int(s)
	}
	return exit.Failed
}

// Interruptible gives a context that ends when the user, or who started the program, has had
// enough; its cause is a Caught then.
func Interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	got := make(chan os.Signal, 1)
	signal.Notify(got, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-got:
			cancel(Caught{s})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(got)
		cancel(nil)
	}
}

// End is the status to end a program with. Where a signal has ended the context, and what the
// program did has not gone well, the program dies of that signal here.
func End(ctx context.Context, status int) int {
	if c, ok := errors.AsType[Caught](context.Cause(ctx)); ok && status != exit.OK {
		Die(c.Signal, c.ExitCode())
	}
	return status
}

// ByWhat has an error be that of the signal that ended the context, if one did.
func ByWhat(ctx context.Context, err error) error {
	var c Caught
	if err == nil || !errors.As(context.Cause(ctx), &c) {
		return err
	}
	return c
}
