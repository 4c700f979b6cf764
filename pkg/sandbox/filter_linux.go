package sandbox

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
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

// A filter is a function from the call's number to a target: a verdict, or a
// piece of code that looks at the arguments and ends in one. The kernel runs
// it once for every number when it is loaded, to learn which are always
// allowed, so the way from a number to its target is a search tree.

// target is where a number leads: a verdict below firstCode, else a piece.
type target uint8

const (
	toAllow target = iota
	toDeny         // EPERM
	toNoSys        // ENOSYS: callers fall back to an older call
	firstCode
)

// step is one instruction of a piece. jt and jf are verdicts, or onward.
type step struct {
	code   uint16
	jt, jf target
	k      uint32
}

// onward in a jump means the next instruction.
const onward target = 255

// maxNr bounds the numbers that rules are about; above it all is allowed.
const maxNr = 512

// program is a filter being written.
type program struct {
	table  [maxNr]target
	pieces [][]step
}

// deny answers the calls nrs with verdict v.
func (p *program) deny(v target, nrs ...uint32) {
	for _, nr := range nrs {
		p.table[nr] = v
	}
}

// when runs steps for the calls nrs. The last one must jump to verdicts.
func (p *program) when(steps []step, nrs ...uint32) {
	p.pieces = append(p.pieces, steps)
	p.deny(firstCode+target(len(p.pieces)-1), nrs...)
}

// low and high load halves of an argument; both of our architectures are
// little-endian.
func low(arg uint32) step { return step{code: bpfLoad, jt: onward, jf: onward, k: offArgs + 8*arg} }
func high(arg uint32) step {
	return step{code: bpfLoad, jt: onward, jf: onward, k: offArgs + 8*arg + 4}
}

func and(k uint32) step                    { return step{code: bpfAnd, jt: onward, jf: onward, k: k} }
func ifBits(k uint32, jt, jf target) step  { return step{bpfBits, jt, jf, k} }
func ifEqual(k uint32, jt, jf target) step { return step{bpfEqual, jt, jf, k} }
func ifAbove(k uint32, jt, jf target) step { return step{bpfAbove, jt, jf, k} } // or equal

// denyBits refuses the calls nrs when argument arg has one of bits.
func (p *program) denyBits(arg, bits uint32, nrs ...uint32) {
	p.when([]step{low(arg), ifBits(bits, toDeny, toAllow)}, nrs...)
}

// denyMode refuses nr when it creates a file with one of bits in its mode.
func (p *program) denyMode(nr, flags, mode, bits uint32) {
	p.when([]step{low(flags), ifBits(createFlags, onward, toAllow), low(mode), ifBits(bits, toDeny, toAllow)}, nr)
}

// span is a run of numbers with one target, from start to the next span's.
type span struct {
	start uint32
	to    target
}

// assemble lays the filter out: head, search tree, pieces, verdicts. It panics
// when that is too long for BPF's short jumps, which a test rules out.
func (p *program) assemble() []unix.SockFilter {
	spans := make([]span, 1, 160)
	for nr, to := range p.table {
		if to != spans[len(spans)-1].to {
			spans = append(spans, span{uint32(nr), to})
		}
	}
	if spans[len(spans)-1].to != toAllow {
		spans = append(spans, span{maxNr, toAllow})
	}
	spans = append(spans, foreignNumbers()...)

	head := []unix.SockFilter{
		{Code: bpfLoad, K: offArch},
		{Code: bpfEqual, Jt: 1, K: auditArch},
		{Code: bpfRet, K: retKill}, // 32-bit calls would slip past every number
		{Code: bpfLoad, K: offNr},
	}
	a := assembler{code: make([]unix.SockFilter, len(head), 255), spans: spans}
	copy(a.code, head)
	// Where things will be: a tree over n spans has n-1 nodes.
	at := len(head) + len(spans) - 1
	a.at = make([]int, int(firstCode)+len(p.pieces))
	for i, steps := range p.pieces {
		a.at[int(firstCode)+i] = at
		at += len(steps)
	}
	for v := range firstCode {
		a.at[v] = at + int(v)
	}
	a.tree(0, len(spans))
	for _, steps := range p.pieces {
		for _, s := range steps {
			a.emit(s.code, s.k, a.place(s.jt), a.place(s.jf))
		}
	}
	a.code = append(a.code, unix.SockFilter{Code: bpfRet, K: retAllow}, unix.SockFilter{Code: bpfRet, K: retDeny},
		unix.SockFilter{Code: bpfRet, K: retNoSys})
	return a.code
}

type assembler struct {
	code  []unix.SockFilter
	spans []span
	at    []int // of each target
}

// place is the position of a target, or of the next instruction.
func (a *assembler) place(t target) int {
	if t == onward {
		return len(a.code) + 1
	}
	return a.at[t]
}

func (a *assembler) emit(code uint16, k uint32, jt, jf int) {
	next := len(a.code) + 1
	if jt-next > 255 || jf-next > 255 {
		panic("seccomp filter is too long")
	}
	a.code = append(a.code, unix.SockFilter{Code: code, Jt: uint8(jt - next), Jf: uint8(jf - next), K: k})
}

// tree emits the nodes that tell spans lo to hi apart.
func (a *assembler) tree(lo, hi int) {
	if hi-lo < 2 {
		return
	}
	mid := (lo + hi) / 2
	below := len(a.code) + 1      // the left part's nodes come next
	above := below + mid - lo - 1 // and the right part's after them
	if mid-lo == 1 {
		below = a.at[a.spans[lo].to]
	}
	if hi-mid == 1 {
		above = a.at[a.spans[mid].to]
	}
	a.emit(bpfAbove, a.spans[mid].start, above, below)
	a.tree(lo, mid)
	a.tree(mid, hi)
}

// filterFor writes the filter of a plan for a process of effective uid euid.
func filterFor(pl *plan, euid int) []unix.SockFilter {
	p := &program{pieces: make([][]step, 0, 16)}
	if pl.mode != modeSeccomp {
		p.setuidBits(euid)
	}
	p.when([]step{low(1),
		ifEqual(unix.TIOCSTI, toDeny, onward),                     // types into the terminal
		ifEqual(unix.TIOCLINUX, toDeny, toAllow)}, unix.SYS_IOCTL) // pastes on the console
	p.denyBits(0, newSpaces, unix.SYS_CLONE)
	p.deny(toNoSys, unix.SYS_CLONE3) // its flags are in memory; all callers fall back
	p.denyBits(0, newSpaces|unix.CLONE_NEWTIME, unix.SYS_UNSHARE)
	const userModeOnly = 1
	p.when([]step{low(0), ifBits(userModeOnly, toAllow, toDeny)}, unix.SYS_USERFAULTFD)
	switch {
	case pl.has(flagProxy):
		p.loopback(pl.has(flagBind))
		p.noDebugging()
	case !pl.has(flagNetwork):
		p.noNetwork()
		p.noDebugging()
	}
	p.deny(toDeny, kernelCalls()...)
	if pl.mode == modeLandlock {
		p.alone(len(pl.roots) == 0)
	}
	return p.assemble()
}

// setuidBits refuses to leave set-user-id programs behind: nosuid makes them
// harmless inside, but the host would run them. Where the user is root that
// matters most, and openat2, whose mode is in memory, is hidden too.
func (p *program) setuidBits(euid int) {
	p.denyMode(unix.SYS_OPENAT, 2, 3, unix.S_ISUID)
	p.denyBits(1, unix.S_ISUID, unix.SYS_FCHMOD)
	p.denyBits(2, unix.S_ISUID, unix.SYS_FCHMODAT, unix.SYS_FCHMODAT2, unix.SYS_MKNODAT)
	p.setuidBitsArch()
	if euid == 0 {
		p.deny(toNoSys, unix.SYS_OPENAT2)
	}
}

// noNetwork leaves of the socket calls what works between processes of the
// sandbox: connected unix stream pairs. Datagram sockets (and raw ones, which
// the kernel turns into datagrams) can be given any address in a sendmsg,
// where no filter sees it.
func (p *program) noNetwork() {
	p.streamPairs(unix.SYS_SOCKET, unix.SYS_SOCKETPAIR)
	p.noAddresses()
	p.deny(toDeny, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4)
}

// streamPairs leaves of the calls nrs those for connected unix sockets.
func (p *program) streamPairs(nrs ...uint32) {
	p.when([]step{low(0), ifEqual(unix.AF_UNIX, onward, toDeny),
		low(1), and(0xf), ifEqual(unix.SOCK_DGRAM, toDeny, onward), ifEqual(unix.SOCK_RAW, toDeny, toAllow)}, nrs...)
}

// noAddresses leaves of sendto what send(2) is: it without an address.
func (p *program) noAddresses() {
	p.when([]step{low(4), ifEqual(0, onward, toDeny), high(4), ifEqual(0, toAllow, toDeny)}, unix.SYS_SENDTO)
}

// noDebugging refuses to look into other processes where the network is
// restricted, as the original does.
func (p *program) noDebugging() {
	p.deny(toDeny, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV,
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
// does not see. They are refused where Landlock is all there is and nothing may be
// written.
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
	if pl.has(flagNoFilter) {
		return nil
	}
	code := filterFor(pl, unix.Geteuid())
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	tid, _, no := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&prog)))
	if no == unix.ENOSYS || no == unix.EINVAL {
		return &fault{causeRefused, "loading the seccomp filter: " + ostext.Of(no), no}
	}
	if no != 0 {
		return during(no, "load the seccomp filter")
	}
	if tid != 0 {
		return during(unix.EAGAIN, "%s", fmt.Sprintf("load the seccomp filter on thread %d", tid))
	}
	return nil
}
