package argv

import "golang.org/x/sys/unix"

const (
	getTermios = unix.TCGETS
	setTermios = unix.TCSETS
)

// resume lets output go on that was stopped by a call instead of a key.
func resume(fd int) {
	const outputOn = 1                              // TCOON
	_ = unix.IoctlSetInt(fd, unix.TCXONC, outputOn) // the terminal may be gone
}
