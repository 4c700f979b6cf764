package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// x32Bit marks the numbers of the x32 ABI, a second set of the same calls.
const x32Bit = 0x40000000

func headArch() []unix.SockFilter {
	return []unix.SockFilter{op(bpfAbove, 0, 1, x32Bit), ret(retNoSys)}
}

func (p *program) setuidBitsArch() {
	p.denyBitsIf(unix.SYS_OPEN, 2, unix.S_ISUID, 1, createFlags)
	p.denyBits(unix.SYS_CREAT, 1, unix.S_ISUID)
	p.denyBits(unix.SYS_CHMOD, 1, unix.S_ISUID)
	p.denyBits(unix.SYS_MKNOD, 1, unix.S_ISUID)
}

func kernelCallsArch() []uint32 { return []uint32{unix.SYS_IOPL, unix.SYS_IOPERM} }

func metadataCallsArch() []uint32 {
	return []uint32{unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT}
}
