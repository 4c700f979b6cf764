//go:build unix

package jsonrpc

import (
	"syscall"
	"time"
)

// Begin gives what writes to a pipe or socket as much of a line as there is room for, without
// waiting, and gives the rest; nil for a file of another kind.
func Begin(to any) func(line []byte) (rest []byte) {
	f, ok := to.(interface {
		syscall.Conn
		SetWriteDeadline(time.Time) error
	})
	if !ok || f.SetWriteDeadline(time.Time{}) != nil { // who writes to it waits in the system
		return nil
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil
	}
	return func(line []byte) []byte {
		n := 0
		_ = raw.Write(func(fd uintptr) bool { // what is not written is written later, or fails then
			n, _ = syscall.Write(int(fd), line)
			return true
		})
		return line[max(n, 0):]
	}
}
