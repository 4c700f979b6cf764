package server

import (
	"os"

	"golang.org/x/sys/unix"
)

// pollable gives the file again such that closing it ends a read under way: the pty
// package leaves terminals blocking.
func pollable(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// awaitExit waits until the child is dead, and leaves it to be reaped. With the poller
// that takes no thread, of which the system may have too few for so many children.
func awaitExit(pid int) {
	var info unix.Siginfo
	if fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK); err == nil {
		f := os.NewFile(uintptr(fd), "child")
		defer f.Close()
		dead := func(uintptr) bool {
			err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG, nil)
			return err == nil && info.Signo != 0 || err != nil && err != unix.EINTR
		}
		if conn, err := f.SyscallConn(); err == nil && conn.Read(dead) == nil {
			return
		}
	}
	for unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
