//go:build unix

package argv

import (
	"os"

	"golang.org/x/sys/unix"
)

// keepTerminal gives what puts the settings of our terminal back: a command can switch
// its echo off, or its output. They are left alone when we are in the background, where
// they are those of somebody else by then.
func keepTerminal(streams ...*os.File) (restore func()) {
	for _, f := range streams {
		fd := int(f.Fd())
		was, err := unix.IoctlGetTermios(fd, getTermios)
		if err != nil {
			continue
		}
		return func() {
			if front, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err != nil || front != unix.Getpgrp() {
				return
			}
			if is, err := unix.IoctlGetTermios(fd, getTermios); err == nil && *is != *was {
				_ = unix.IoctlSetTermios(fd, setTermios, was) // the terminal may be gone
			}
			resume(fd)
		}
	}
	return func() {}
}
