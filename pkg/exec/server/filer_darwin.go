package server

import (
	"bytes"
	"unsafe"

	"golang.org/x/sys/unix"
)

const openDir = unix.O_RDONLY

// fdPath asks for the true path of an open directory.
func fdPath(fd int) (string, error) {
	var buf [1024]byte // MAXPATHLEN
	if _, _, errno := unix.Syscall(unix.SYS_FCNTL, uintptr(fd), unix.F_GETPATH, uintptr(unsafe.Pointer(&buf[0]))); errno != 0 {
		return "", errno
	}
	name, _, _ := bytes.Cut(buf[:], []byte{0})
	return string(name), nil
}
