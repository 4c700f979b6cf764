package sandbox

import "golang.org/x/sys/unix"

// Where there are no namespaces, the processes and files outside are in sight of the
// command, and Landlock knows of some ways to them only.

// Ways to change a file through a descriptor that is open for reading.
const (
	fsSetFlags      = 0x40086602 // FS_IOC_SETFLAGS
	fsSetVersion    = 0x40087602 // FS_IOC_SETVERSION
	fsSetXattr      = 0x401c5820 // FS_IOC_FSSETXATTR
	fsSetEncryption = 0x800c6613 // FS_IOC_SET_ENCRYPTION_POLICY
	fsEnableVerity  = 0x40806685 // FS_IOC_ENABLE_VERITY
)

// alone refuses what namespaces would have put out of reach: IPC by number, limits and
// priorities of other processes, and what changes a file without opening it for writing.
// The last is left where some may be written: builds need chmod and utime.
func (p *program) alone(readOnly bool) {
	p.deny(toDeny, unix.SYS_SHMGET, unix.SYS_SEMGET, unix.SYS_MSGGET, unix.SYS_MQ_OPEN,
		unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE)
	other := func(arg uint32) []step { return []step{low(arg), ifEqual(0, toAllow, toDeny)} }
	p.when(other(0), unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETATTR,
		unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES)
	p.when(other(1), unix.SYS_SETPRIORITY, unix.SYS_IOPRIO_SET)
	p.when([]step{low(0), ifEqual(0, toAllow, onward), // its own limits
		low(2), ifEqual(0, onward, toDeny), high(2), ifEqual(0, toAllow, toDeny)}, // reading those of others
		unix.SYS_PRLIMIT64)
	p.when([]step{low(1),
		ifEqual(unix.TIOCSTI, toDeny, onward), ifEqual(unix.TIOCLINUX, toDeny, onward),
		ifEqual(fsSetFlags, toDeny, onward), ifEqual(fsSetVersion, toDeny, onward), ifEqual(fsSetXattr, toDeny, onward),
		ifEqual(fsSetEncryption, toDeny, onward), ifEqual(fsEnableVerity, toDeny, toAllow)}, unix.SYS_IOCTL)
	if readOnly {
		p.deny(toDeny, metadataCalls()...)
	}
}
