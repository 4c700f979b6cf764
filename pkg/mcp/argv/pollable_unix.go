//go:build unix

package argv

import (
	"os"
	"syscall"
)

// pollable gives a pipe in a form in which a goroutine that waits for it holds no thread:
// what it hands on runs at once, not when the runtime notices that the thread is held.
func pollable(stream any) any {
	f, ok := stream.(*os.File)
	if !ok {
		return stream
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeNamedPipe == 0 {
		return stream
	}
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		return stream
	}
	syscall.CloseOnExec(fd)
	if syscall.SetNonblock(fd, true) != nil {
		syscall.Close(fd)
		return stream
	}
	f.Close()
	return os.NewFile(uintptr(fd), f.Name())
}
