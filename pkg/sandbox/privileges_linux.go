package sandbox

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// noSetuidFixup, locked: uid 0 gets no capabilities by being uid 0.
const noSetuidFixup = 1<<0 | 1<<1 // SECBIT_NOROOT, SECBIT_NOROOT_LOCKED

// dropPrivileges gives up every capability for good, in all threads: bounding
// and ambient sets for this one, which starts the command, the rest for pid 1
// as a whole. No new ones can come from programs run later.
func dropPrivileges() error {
	unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	// Without CAP_SETPCAP these fail, and there is nothing to drop.
	unix.Prctl(unix.PR_SET_SECUREBITS, noSetuidFixup, 0, 0, 0)
	for c := uintptr(0); c <= 63; c++ {
		if unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) != nil {
			break // past the kernel's last one, or not permitted
		}
	}
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_, _, no := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&hdr)), uintptr(unsafe.Pointer(&none)), 0)
	if no == unix.ENOTSUP { // a build with cgo, which ours are not: at least this thread
		_, _, no = unix.Syscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&hdr)), uintptr(unsafe.Pointer(&none)), 0)
	}
	if no != 0 {
		return during(no, "drop capabilities")
	}
	return during(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs")
}
