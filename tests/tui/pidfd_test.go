//go:build linux

package tui

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pidfd opens a process: it can be read from when that has ended.
func pidfd(pid int) (*os.File, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "process"), nil
}

// readable waits until something can be read.
func readable(f *os.File, most time.Duration) error {
	p := []unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}
	for late := time.Now().Add(most); ; {
		n, err := unix.Poll(p, int(time.Until(late).Milliseconds()))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return err
		case n == 0:
			return os.ErrDeadlineExceeded
		default:
			return nil
		}
	}
}
