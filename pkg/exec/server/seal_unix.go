//go:build unix && !linux

package server

import "golang.org/x/sys/unix"

// sealFiles keeps files that this process inherited, whoever forgot them, from its
// children.
func sealFiles() {
	for fd := 3; fd < 256; fd++ {
		unix.CloseOnExec(fd)
	}
}
