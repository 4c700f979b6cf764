//go:build linux

package linux

import (
	"errors"
	"fmt"
	"syscall"
)

// fault is why the init process could not start the command.
type fault struct {
	cause uint32
	text  string
	err   error
}

func (f *fault) Error() string {
	if f.err == nil {
		return f.text
	}
	return f.text + ": " + f.err.Error()
}

func (f *fault) Unwrap() error { return f.err }

// during wraps err with what was being done.
func during(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &fault{causeOther, fmt.Sprintf(format, args...), err}
}

// report sends an E record.
func report(err error) {
	f := &fault{causeOther, "", nil}
	var no syscall.Errno
	if errors.As(err, &f) {
		err = f.err
	}
	if !errors.As(err, &no) && err != nil {
		if f.text != "" {
			f.text += ": "
		}
		f.text += err.Error()
	}
	writeAll(ctlFd, errorRecord(f.cause, uint32(no), f.text))
}
