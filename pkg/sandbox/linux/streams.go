//go:build linux

package linux

import (
	"golang.org/x/sys/unix"

	"codex/pkg/onexec"
)

// closeInherited closes what the caller's caller left open above the standard
// three. Go's runtime may hold descriptors of its own here, but only after it
// met a non-blocking standard stream: those are left, closed on exec.
func closeInherited() error {
	err := unix.CloseRange(ctlFd, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC)
	if err != nil { // Linux before 5.11
		return onexec.Close()
	}
	for fd := range 3 {
		fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err == nil && fl&unix.O_NONBLOCK != 0 {
			return nil
		}
	}
	return unix.CloseRange(ctlFd+1, ^uint(0)>>1, 0)
}

// replaceDirectories puts /dev/null instead of a standard stream that is
// a directory: through it the command could name files as the host sees them.
func replaceDirectories() {
	for fd := range 3 {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
			continue
		}
		if null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
			unix.Dup3(null, fd, 0)
			unix.Close(null)
		} else {
			unix.Close(fd)
		}
	}
}

// muteStdio lets go of the command's streams, so that their other ends see
// the end of file when the command closes them and not later.
func muteStdio() {
	fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	for i := range 3 {
		unix.Dup3(fd, i, 0)
	}
	unix.Close(fd)
}
