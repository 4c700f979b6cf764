package argv

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TIOCGETA
	setTermios = unix.TIOCSETA
)

// resume lets output go on that was stopped by a call instead of a key.
func resume(fd int) { _ = unix.IoctlSetInt(fd, unix.TIOCSTART, 0) } // the terminal may be gone
