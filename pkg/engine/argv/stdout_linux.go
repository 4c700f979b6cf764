package argv

import (
	"os"
	"syscall"
)

// stdout is where lines go. A pipe is opened once more, so that a write to a frontend that
// does not read can be given up without changing the file that other programs share
// with us.
func stdout() *os.File {
	if fi, err := os.Stdout.Stat(); err != nil || fi.Mode()&os.ModeNamedPipe == 0 {
		return os.Stdout
	}
	f, err := os.OpenFile("/proc/self/fd/1", os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return os.Stdout // no /proc, or a pipe of another user's
	}
	return f
}
