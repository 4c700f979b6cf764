// Package exit maps an error to the exit status of a program, in one place for the whole
// suite: 0 done, 1 failed, 2 wrong usage, 3 partly done, 124 a limit of time or budget,
// 126 no command could run, 128+n ended by signal n, or the status that an error in the chain brings along.
//
// It imports pkg/termtext.
package exit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"codex/pkg/termtext"
)

// Statuses shared by all programs of the suite. A sandboxed command's own status and
// 128+n for signals come on top of them.
const (
	OK          = 0
	Failed      = 1
	Usage       = 2
	Partly      = 3
	Limit       = 124
	NoSandbox   = 126
	Interrupted = 130
)

// Coder is an error that knows its exit status.
type Coder interface {
	error
	ExitCode() int
}

type coded struct {
	status int
	err    error
}

func (e *coded) Error() string { return e.err.Error() }
func (e *coded) Unwrap() error { return e.err }
func (e *coded) ExitCode() int { return e.status }

// With gives err the exit status. A nil err stays nil.
func With(status int, err error) error {
	if err == nil {
		return nil
	}
	return &coded{status, err}
}

// Silent is an exit status as an error about which everything has been said already:
// Report prints nothing for it. Silent(0) ends a program early and well.
type Silent int

func (s Silent) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// ExitCode gives the status itself.
func (s Silent) ExitCode() int { return int(s) }

// Status gives the exit status for err: 0 for nil, what the nearest Coder in its chain
// says, else 1.
func Status(err error) int {
	if err == nil {
		return OK
	}
	if c, ok := errors.AsType[Coder](err); ok {
		return c.ExitCode()
	}
	return Failed
}

// Report writes err to w, unless it is nil or Silent, and gives the exit status: as
// "program: err", or as [UsageError] does when the status is Usage. What strangers wrote
// in err does nothing on a terminal. So a main ends with
// os.Exit(exit.Report(os.Stderr, "x", err)).
func Report(w io.Writer, program string, err error) int {
	return ReportAs(w, program, err, func(err error) string { return program + ": " + err.Error() + "\n" })
}

// ReportAs is Report for a program that has words of its own for what failed.
func ReportAs(w io.Writer, program string, err error, words func(error) string) int {
	var s Silent
	var u *UsageError
	var text string
	switch cause := OutputError(err); {
	case err == nil || errors.As(err, &s):
	case errors.As(err, &u):
		text = u.Message()
	case cause != nil:
		text = fmt.Sprintf("%s: write to stdout: %v\n", program, cause)
	case Status(err) == Usage:
		text = (&UsageError{Text: err.Error()}).Message()
	default:
		text = words(err)
	}
	fmt.Fprint(w, termtext.Visible(text))
	return Status(err)
}

// OutputError gives the cause of an error of writing to standard output, nil for other
// errors.
func OutputError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Op == "write" && pe.Path == os.Stdout.Name() {
		return pe.Err
	}
	return nil
}
