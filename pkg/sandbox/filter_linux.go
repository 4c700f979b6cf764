package sandbox

import (
	"fmt"
	"sort"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The seccomp filter. Mounts and namespaces hide what can be hidden; this
// refuses the calls that reach past them: sockets, kernel interfaces that
// have been the way out of many a sandbox, new namespaces, set-user-id bits.
// It is assembled by hand: table-driven libraries spend more time at start
// than the rest of the second stage.

// Classic BPF, as much of it as seccomp takes.
const (
	bpfLoad  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	bpfAnd   = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
	bpfEqual = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	bpfAbove = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	bpfBits  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	bpfJump  = unix.BPF_JMP | unix.BPF_JA
	bpfRet   = unix.BPF_RET | unix.BPF_K
)

// Verdicts.
const (
	retAllow = 0x7fff0000
	retKill  = 0x80000000
	retErrno = 0x00050000
	retDeny  = retErrno | uint32(unix.EPERM)
	retNoSys = retErrno | uint32(unix.ENOSYS)
)

// Offsets in struct seccomp_data.
const (
	offNr   = 0
	offArch = 4
	offArgs = 16
)

// Flags that make new namespaces; clone takes all but time, unshare all.
const (
	newSpaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
		unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
	createFlags = unix.O_CREAT | 0x400000 // __O_TMPFILE
)

// program is a filter being written: for each call number a rule that ends in
// a verdict. A number without one is allowed.
type program struct{ rules []rule }

type rule struct {
	nr   uint32
	code []unix.SockFilter
}

// Instructions.
func op(code uint16, jt, jf uint8, k uint32) unix.SockFilter {
	return unix.SockFilter{Code: code, Jt: jt, Jf: jf, K: k}
}

func ret(verdict uint32) unix.SockFilter { return op(bpfRet, 0, 0, verdict) }

// low and high load halves of an argument; both of our architectures are
// little-endian.
func low(arg uint32) unix.SockFilter  { return op(bpfLoad, 0, 0, offArgs+8*arg) }
func high(arg uint32) unix.SockFilter { return op(bpfLoad, 0, 0, offArgs+8*arg+4) }

// when runs code for call nr; past its end the call is allowed.
func (p *program) when(nr uint32, code ...unix.SockFilter) {
	p.rules = append(p.rules, rule{nr, append(code, ret(retAllow))})
}

// deny answers the calls nrs with verdict.
func (p *program) deny(verdict uint32, nrs ...uint32) {
	for _, nr := range nrs {
		p.rules = append(p.rules, rule{nr, []unix.SockFilter{ret(verdict)}})
	}
}

// denyBits refuses nr when argument arg has one of bits.
func (p *program) denyBits(nr, arg, bits uint32) {
	p.when(nr, low(arg), op(bpfBits, 0, 1, bits), ret(retDeny))
}

// denyBitsIf is denyBits where argument ifArg has one of ifBits.
func (p *program) denyBitsIf(nr, arg, bits, ifArg, ifBits uint32) {
	p.when(nr, low(ifArg), op(bpfBits, 1, 0, ifBits), ret(retAllow), low(arg), op(bpfBits, 0, 1, bits), ret(retDeny))
}

// assemble writes the rules as a decision tree over the call number: the
// kernel runs the filter once for every number when it is loaded, to learn
// which are always allowed.
func (p *program) assemble() []unix.SockFilter {
	sort.SliceStable(p.rules, func(i, j int) bool { return p.rules[i].nr < p.rules[j].nr })
	rules := p.rules[:0]
	for _, r := range p.rules { // of two rules for a number the first holds
		if len(rules) == 0 || rules[len(rules)-1].nr != r.nr {
			rules = append(rules, r)
		}
	}
	code := []unix.SockFilter{
		op(bpfLoad, 0, 0, offArch), op(bpfEqual, 1, 0, auditArch),
		ret(retKill), // 32-bit calls would slip past every number below
		op(bpfLoad, 0, 0, offNr),
	}
	code = append(code, headArch()...)
	return append(code, tree(rules)...)
}

func tree(rules []rule) []unix.SockFilter {
	if len(rules) == 1 {
		code := append([]unix.SockFilter{op(bpfEqual, 0, uint8(len(rules[0].code)), rules[0].nr)}, rules[0].code...)
		return append(code, ret(retAllow))
	}
	half := len(rules) / 2
	below, above := tree(rules[:half]), tree(rules[half:])
	// A conditional jump reaches 255 instructions, an unconditional one all.
	code := []unix.SockFilter{op(bpfAbove, 0, 1, rules[half].nr), op(bpfJump, 0, 0, uint32(len(below)))}
	return append(append(code, below...), above...)
}

// filterFor writes the filter of a plan for a process of effective uid euid.
func filterFor(pl *plan, euid int) []unix.SockFilter {
	p := &program{}
	if pl.mode == modeLandlock {
		p.deny(retDeny, metadataCalls()...)
	}
	if pl.mode != modeSeccomp {
		p.setuidBits(euid)
	}
	p.when(unix.SYS_IOCTL, low(1),
		op(bpfEqual, 0, 1, unix.TIOCSTI), ret(retDeny), // types into the terminal
		op(bpfEqual, 0, 1, unix.TIOCLINUX), ret(retDeny)) // pastes on the console
	p.denyBits(unix.SYS_CLONE, 0, newSpaces)
	p.deny(retNoSys, unix.SYS_CLONE3) // its flags are in memory; all callers fall back
	p.denyBits(unix.SYS_UNSHARE, 0, newSpaces|unix.CLONE_NEWTIME)
	p.when(unix.SYS_USERFAULTFD, low(0), op(bpfBits, 1, 0, 1 /* UFFD_USER_MODE_ONLY */), ret(retDeny))
	if !pl.has(flagNetwork) {
		p.noNetwork()
	}
	p.deny(retDeny, kernelCalls()...)
	return p.assemble()
}

// setuidBits refuses to leave set-user-id programs behind: nosuid makes them
// harmless inside, but the host would run them. Where the user is root that
// matters most, and openat2, whose mode is in memory, is hidden too.
func (p *program) setuidBits(euid int) {
	p.denyBitsIf(unix.SYS_OPENAT, 3, unix.S_ISUID, 2, createFlags)
	p.denyBits(unix.SYS_FCHMOD, 1, unix.S_ISUID)
	p.denyBits(unix.SYS_FCHMODAT, 2, unix.S_ISUID)
	p.denyBits(unix.SYS_FCHMODAT2, 2, unix.S_ISUID)
	p.denyBits(unix.SYS_MKNODAT, 2, unix.S_ISUID)
	p.setuidBitsArch()
	if euid == 0 {
		p.deny(retNoSys, unix.SYS_OPENAT2)
	}
}

// noNetwork leaves of the socket calls what works between processes of the
// sandbox: connected unix stream pairs. Datagram sockets (and raw ones, which
// the kernel turns into datagrams) can be given any address in a sendmsg,
// where no filter sees it.
func (p *program) noNetwork() {
	for _, nr := range []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR} {
		p.when(nr, low(0), op(bpfEqual, 1, 0, unix.AF_UNIX), ret(retDeny),
			low(1), op(bpfAnd, 0, 0, 0xf),
			op(bpfEqual, 0, 1, unix.SOCK_DGRAM), ret(retDeny),
			op(bpfEqual, 0, 1, unix.SOCK_RAW), ret(retDeny))
	}
	p.when(unix.SYS_SENDTO, // send(2) is sendto without an address
		low(4), op(bpfEqual, 1, 0, 0), ret(retDeny),
		high(4), op(bpfEqual, 1, 0, 0), ret(retDeny))
	p.deny(retDeny, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4)
	// Debugging is refused with the network, as the original does.
	p.deny(retDeny, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
		unix.SYS_KCMP, unix.SYS_PIDFD_GETFD)
}

// kernelCalls are refused whatever the policy: administration of the machine,
// and interfaces that a build or test does not need but an exploit does.
func kernelCalls() []uint32 {
	return append([]uint32{
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT,
		unix.SYS_OPEN_TREE, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK,
		unix.SYS_MOUNT_SETATTR, openTreeAttr, unix.SYS_SETNS, unix.SYS_OPEN_BY_HANDLE_AT,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD,
		unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD,
		unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
		unix.SYS_SYSLOG, unix.SYS_VHANGUP, unix.SYS_LOOKUP_DCOOKIE, unix.SYS_NFSSERVCTL,
	}, kernelCallsArch()...)
}

// openTreeAttr is open_tree_attr(2), Linux 6.15, the same number everywhere.
const openTreeAttr = 467

// metadataCalls change files without opening them for writing, which Landlock
// does not see. They are refused where Landlock is all there is; nothing is
// writable there anyway.
func metadataCalls() []uint32 {
	return append([]uint32{
		unix.SYS_FCHMOD, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_UTIMENSAT,
		unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR, setxattrat,
		unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, removexattrat, fileSetattr,
	}, metadataCallsArch()...)
}

// Newer calls, the same numbers everywhere (Linux 6.13, 6.17).
const (
	setxattrat    = 463
	removexattrat = 466
	fileSetattr   = 469
)

// loadFilter puts the filter on every thread of this process, pid 1 included,
// and so on the command and all that it starts.
func loadFilter(pl *plan) error {
	code := filterFor(pl, unix.Geteuid())
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	tid, _, no := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&prog)))
	if no != 0 {
		return during(no, "load the seccomp filter")
	}
	if tid != 0 {
		return during(unix.EAGAIN, "%s", fmt.Sprintf("load the seccomp filter on thread %d", tid))
	}
	return nil
}
