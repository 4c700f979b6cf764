//go:build linux

package seccomp

import "golang.org/x/sys/unix"

// Flags that make new namespaces; clone takes all but time, unshare all.
const newSpaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// createFlags of an open make a file, for which its mode counts.
const createFlags = unix.O_CREAT | 0x400000 // __O_TMPFILE

// openTreeAttr and the like are newer calls, the same numbers everywhere (Linux 6.13 to 6.17).
const (
	setxattrat    = 463
	removexattrat = 466
	openTreeAttr  = 467
	fileSetattr   = 469
)

// always holds whatever the policy: administration of the machine, and interfaces that a
// build or test does not need but an exploit does.
var always = []Rule{
	{Then: Deny, Calls: []uint32{unix.SYS_IOCTL}, Any: []Test{{Arg: 1, In: []uint32{
		unix.TIOCSTI,   // types into the terminal
		unix.TIOCLINUX, // pastes on the console
		unix.TIOCEXCL,  // keeps its user from it
		unix.TIOCSETD,  // takes its line discipline away
	}}}},
	{Then: Deny, Calls: []uint32{unix.SYS_CLONE}, Any: []Test{{Arg: 0, Set: newSpaces}}},
	{Then: NoSys, Calls: []uint32{unix.SYS_CLONE3}}, // its flags are in memory; all callers fall back
	{Then: Deny, Calls: []uint32{unix.SYS_UNSHARE}, Any: []Test{{Arg: 0, Set: newSpaces | unix.CLONE_NEWTIME}}},
	{Then: Deny, Calls: []uint32{unix.SYS_USERFAULTFD}, Any: []Test{{Arg: 0, Lacks: 1}}}, // UFFD_USER_MODE_ONLY
	{Then: Deny, Calls: []uint32{
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT,
		unix.SYS_OPEN_TREE, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK,
		unix.SYS_MOUNT_SETATTR, openTreeAttr, unix.SYS_SETNS, unix.SYS_OPEN_BY_HANDLE_AT,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD,
		unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD,
		unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
		unix.SYS_SYSLOG, unix.SYS_VHANGUP, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_NFSSERVCTL,
	}},
}

// setID are the bits of a mode that give a program another user or group.
const setID = unix.S_ISUID | unix.S_ISGID

// files refuses to leave programs with these bits behind: nosuid makes them harmless
// inside, but the host would run them. And it refuses leases, which hold up those who
// write the files of the host.
var files = []Rule{
	{Then: Deny, Calls: []uint32{unix.SYS_OPENAT}, All: []Test{{Arg: 2, Set: createFlags}, {Arg: 3, Set: setID}}},
	{Then: NoSys, Calls: []uint32{unix.SYS_OPENAT2}}, // its mode is in memory; all callers fall back
	{Then: Deny, Calls: []uint32{unix.SYS_FCHMOD}, Any: []Test{{Arg: 1, Set: setID}}},
	{Then: Deny, Calls: []uint32{unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_MKNODAT}, Any: []Test{{Arg: 2, Set: setID}}},
	{Then: Deny, Calls: []uint32{unix.SYS_FCNTL}, Any: []Test{{Arg: 1, In: []uint32{unix.F_SETLEASE}}}},
}

// mapped answers calls about users and groups that a user namespace with one of each
// does not have as the host answers an ordinary user: not permitted, instead of invalid.
var mapped = []Rule{
	{Then: Deny, Calls: []uint32{unix.SYS_SETUID}, Any: []Test{{Arg: 0, Other: user}}},
	{Then: Deny, Calls: []uint32{unix.SYS_SETGID}, Any: []Test{{Arg: 0, Other: group}}},
	{Then: Deny, Calls: []uint32{unix.SYS_SETREUID}, Any: []Test{{Arg: 0, Other: user}, {Arg: 1, Other: user}}},
	{Then: Deny, Calls: []uint32{unix.SYS_SETREGID}, Any: []Test{{Arg: 0, Other: group}, {Arg: 1, Other: group}}},
	{Then: Deny, Calls: []uint32{unix.SYS_SETRESUID}, Any: []Test{{Arg: 0, Other: user}, {Arg: 1, Other: user}, {Arg: 2, Other: user}}},
	{Then: Deny, Calls: []uint32{unix.SYS_SETRESGID}, Any: []Test{{Arg: 0, Other: group}, {Arg: 1, Other: group}, {Arg: 2, Other: group}}},
	{Then: Deny, Calls: []uint32{unix.SYS_FCHOWN}, Any: []Test{{Arg: 1, Other: user}, {Arg: 2, Other: group}}},
	{Then: Deny, Calls: []uint32{unix.SYS_FCHOWNAT}, Any: []Test{{Arg: 2, Other: user}, {Arg: 3, Other: group}}},
}

// notUnixStream is true of sockets but connected unix ones. Datagram sockets (and raw
// ones, which the kernel turns into datagrams) can be given any address in a sendmsg,
// where no filter sees it.
var notUnixStream = []Test{{Arg: 0, Not: []uint32{unix.AF_UNIX}}, {Arg: 1, Mask: 0xf, In: []uint32{unix.SOCK_DGRAM, unix.SOCK_RAW}}}

// noAddresses leaves of sendto what send(2) is: it without an address.
var noAddresses = Rule{Then: Deny, Calls: []uint32{unix.SYS_SENDTO}, Any: []Test{{Arg: 4, Given: true}}}

// networkOff leaves of the socket calls what works between processes of the sandbox.
var networkOff = []Rule{
	{Then: Deny, Calls: []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR}, Any: notUnixStream},
	noAddresses,
	{Then: Deny, Calls: []uint32{unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4}},
}

// noDebugging refuses to look into other processes where the network is
// restricted, as the original does.
var noDebugging = []Rule{{Then: Deny, Calls: []uint32{
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD}}}

// Behind the proxy the network namespace has a loopback interface and nothing else, so
// TCP may connect. Unix sockets with a path are in no network namespace, so none can be
// made but connected pairs. Other protocols never reach their code in the kernel.
var (
	notInternet    = Test{Arg: 0, Not: []uint32{unix.AF_INET, unix.AF_INET6}}
	networkProxied = []Rule{
		{Then: Deny, Calls: []uint32{unix.SYS_SOCKET}, Any: []Test{notInternet,
			{Arg: 1, Mask: 0xf, Not: []uint32{unix.SOCK_STREAM}}, {Arg: 2, Not: []uint32{0, unix.IPPROTO_TCP}}}},
		{Then: Deny, Calls: []uint32{unix.SYS_SOCKETPAIR}, Any: notUnixStream},
		noAddresses, // sendto can open a connection too
		{Then: Deny, Calls: []uint32{unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4}},
	}
	networkLoopback = []Rule{
		{Then: Deny, Calls: []uint32{unix.SYS_SOCKET}, Any: []Test{notInternet,
			{Arg: 1, Mask: 0xf, Above: unix.SOCK_DGRAM}, // the kernel refuses streams of UDP itself
			{Arg: 2, Not: []uint32{0, unix.IPPROTO_UDP, unix.IPPROTO_TCP}}}},
		{Then: Deny, Calls: []uint32{unix.SYS_SOCKETPAIR}, Any: notUnixStream},
	}
)

// networks are the rules for less than an open network.
var networks = [...][]Rule{NetworkOff: networkOff, NetworkProxied: networkProxied, NetworkLoopback: networkLoopback}

// Ways to change a file, or to make one in a directory, through a descriptor that is open
// for reading.
const (
	fsSetEncryption = 0x800c6613 // FS_IOC_SET_ENCRYPTION_POLICY, which says that it reads
	btrfsSetFlags   = 0x4008941a // BTRFS_IOC_SUBVOL_SETFLAGS

	ioctlKind  = 0xc000ff00 // direction and letter of an ioctl
	ioctlWrite = 0x40000000

	ioctlSized = 0xf000ff00 // and some of its argument's size
	btrfsNamed = 0x50009400 // those of btrfs that take a name: subvolumes are made and removed
)

// setsFiles are the letters of ioctls that set flags, versions and attributes.
var setsFiles = []uint32{ioctlWrite | 'f'<<8, ioctlWrite | 'v'<<8, ioctlWrite | 'X'<<8,
	ioctlWrite | 'r'<<8,  // FAT
	ioctlWrite | 0xbc<<8, // bcachefs, subvolumes too
}

// alone refuses what namespaces would have put out of reach: IPC by number, which needs
// no key, limits and priorities of other processes, and what changes a file without
// opening it for writing.
var alone = []Rule{
	{Then: Deny, Calls: []uint32{
		unix.SYS_SHMGET, unix.SYS_SHMAT, unix.SYS_SHMCTL, unix.SYS_SEMGET, unix.SYS_SEMOP, unix.SYS_SEMTIMEDOP, unix.SYS_SEMCTL,
		unix.SYS_MSGGET, unix.SYS_MSGSND, unix.SYS_MSGRCV, unix.SYS_MSGCTL, unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK,
		unix.SYS_PROCESS_MADVISE, unix.SYS_PROCESS_MRELEASE}},
	{Then: Deny, Calls: []uint32{unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETPARAM, unix.SYS_SCHED_SETSCHEDULER,
		unix.SYS_SCHED_SETATTR, unix.SYS_MIGRATE_PAGES, unix.SYS_MOVE_PAGES}, Any: []Test{{Arg: 0, Not: []uint32{0}}}},
	// Nobody is its user, too, with all processes of that.
	{Then: Deny, Calls: []uint32{unix.SYS_SETPRIORITY}, Any: []Test{{Arg: 0, Above: unix.PRIO_PGRP}, {Arg: 1, Not: []uint32{0}}}},
	{Then: Deny, Calls: []uint32{unix.SYS_IOPRIO_SET}, Any: []Test{{Arg: 0, Above: ioprioGroup}, {Arg: 1, Not: []uint32{0}}}},
	// Its own limits, and reading those of others.
	{Then: Deny, Calls: []uint32{unix.SYS_PRLIMIT64}, All: []Test{{Arg: 0, Not: []uint32{0}}, {Arg: 2, Given: true}}},
	{Then: Deny, Calls: []uint32{unix.SYS_IOCTL}, Any: []Test{
		{Arg: 1, In: []uint32{unix.TIOCSTI, unix.TIOCLINUX, unix.TIOCEXCL, unix.TIOCSETD, fsSetEncryption, btrfsSetFlags}},
		{Arg: 1, Mask: ioctlKind, In: setsFiles},
		{Arg: 1, Mask: ioctlSized, In: []uint32{btrfsNamed}},
	}},
}

// ioprioGroup is IOPRIO_WHO_PGRP.
const ioprioGroup = 2

// metadata changes files without opening them for writing, which Landlock does not see.
// It is refused where Landlock is all there is and nothing may be written; where some
// may be, builds need chmod and utime.
var metadata = []Rule{{Then: Deny, Calls: []uint32{
	unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT,
	unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, setxattrat,
	unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, removexattrat, fileSetattr,
}}}
