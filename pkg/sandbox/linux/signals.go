//go:build linux

package linux

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sigaction is the kernel's, of which we only look at the handler.
type sigaction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

// unkillable takes the runtime's handlers away from pid 1, which shares its process
// group with the command: the kernel lets no signal from inside reach an init process
// that has none for it. With a terminal, pid 1 takes it for its session, and hands the
// command the end of the line.
func unkillable(terminal bool) error {
	if terminal {
		if err := unix.IoctlSetInt(0, unix.TIOCSCTTY, 0); err != nil {
			return during(err, "take the terminal")
		}
		passHangup()
	}
	for sig := unix.SIGHUP; sig <= unix.SIGSYS; sig++ {
		if sig == unix.SIGHUP && terminal || sig == unix.SIGURG { // the runtime's own
			continue
		}
		toDefault(sig)
	}
	return nil
}

// toDefault leaves what is ignored to be inherited.
func toDefault(sig syscall.Signal) {
	const ignored = 1
	var is sigaction
	_, _, no := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&is)), 8, 0, 0)
	if no == 0 && is.handler > ignored {
		unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&sigaction{})), 0, 8, 0, 0)
	}
}

// passHangup gives the command, once, what the kernel tells the leader of a session when
// its terminal is gone. Its goroutine ends with the process.
func passHangup() {
	gone := make(chan os.Signal, 1)
	signal.Notify(gone, unix.SIGHUP)
	go func() {
		<-gone
		signal.Stop(gone)
		toDefault(unix.SIGHUP)
		unix.Kill(0, unix.SIGHUP)
		unix.Kill(0, unix.SIGCONT)
	}()
}
