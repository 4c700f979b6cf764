//go:build unix

package server

import (
	"os"
	"syscall"
	"time"
)

// interrupt makes a read of f that waits, or the next one, return
// os.ErrDeadlineExceeded.
func interrupt(f *os.File) error { return f.SetReadDeadline(time.Unix(1, 0)) }

// readHeld reads what f holds without waiting, and takes the interrupt back. 0 is nothing
// now.
func readHeld(f *os.File, buf []byte) (n int) {
	if f.SetReadDeadline(time.Time{}) != nil {
		return 0
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return 0
	}
	err = raw.Read(func(fd uintptr) bool {
		for {
			if n, err = syscall.Read(int(fd), buf); err != syscall.EINTR {
				return true
			}
		}
	})
	if err != nil {
		return 0
	}
	return n
}
