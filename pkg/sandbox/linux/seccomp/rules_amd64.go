//go:build linux

package seccomp

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// x32Bit marks the numbers of the x32 ABI, a second set of the same calls.
const x32Bit = 0x40000000

var foreignNumbers = []span{{x32Bit, target(NoSys)}}

var alwaysArch = []Rule{{Then: Deny, Calls: []uint32{unix.SYS_IOPL, unix.SYS_IOPERM}}}

var filesArch = []Rule{
	{Then: Deny, Calls: []uint32{unix.SYS_OPEN}, All: []Test{{Arg: 1, Set: createFlags}, {Arg: 2, Set: setID}}},
	{Then: Deny, Calls: []uint32{unix.SYS_CREAT, unix.SYS_CHMOD, unix.SYS_MKNOD}, Any: []Test{{Arg: 1, Set: setID}}},
}

var mappedArch = []Rule{
	{Then: Deny, Calls: []uint32{unix.SYS_CHOWN, unix.SYS_LCHOWN}, Any: []Test{{Arg: 1, Other: user}, {Arg: 2, Other: group}}},
}

var metadataArch = []Rule{{Then: Deny, Calls: []uint32{
	unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT}}}
