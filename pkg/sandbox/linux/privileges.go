//go:build linux

package linux

import (
	"errors"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noSetuidFixup, locked: uid 0 gets no capabilities by being uid 0.
const noSetuidFixup = 1<<0 | 1<<1 // SECBIT_NOROOT, SECBIT_NOROOT_LOCKED

// dropPrivileges gives up every capability for good, for this thread and the
// command that it starts: none now, and none from programs run later.
func dropPrivileges() error {
	unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	// Without CAP_SETPCAP these fail, and there is nothing to drop.
	unix.Prctl(unix.PR_SET_SECUREBITS, noSetuidFixup, 0, 0, 0)
	for c := uintptr(0); c <= 63; c++ {
		if unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) != nil {
			break // past the kernel's last one, or not permitted
		}
	}
	if err := noCapabilities(syscall.Syscall); err != nil {
		return err
	}
	return during(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")
}

// dropEverywhere takes the capabilities from the other threads of pid 1. It
// interrupts them all, so it is done while the command already runs.
func dropEverywhere() error {
	err := noCapabilities(syscall.AllThreadsSyscall)
	if errors.Is(err, unix.ENOTSUP) { // a build with cgo, which ours are not: this thread at least
		err = noCapabilities(syscall.Syscall)
	}
	return err
}

func noCapabilities(call func(trap, a1, a2, a3 uintptr) (r1, r2 uintptr, err syscall.Errno)) error {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, no := call(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&hdr)), uintptr(unsafe.Pointer(&none)), 0)
	runtime.KeepAlive(&hdr)
	runtime.KeepAlive(&none)
	if no != 0 {
		return during(no, "drop capabilities")
	}
	return nil
}
