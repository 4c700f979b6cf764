package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_X86_64

// x32Bit marks the numbers of the x32 ABI, a second set of the same calls.
const x32Bit = 0x40000000

func foreignNumbers() []span { return []span{{x32Bit, toNoSys}} }

func (p *program) setuidBitsArch() {
	p.denyMode(unix.SYS_OPEN, 1, 2, unix.S_ISUID)
	p.denyBits(1, unix.S_ISUID, unix.SYS_CREAT, unix.SYS_CHMOD, unix.SYS_MKNOD)
}

func kernelCallsArch() []uint32 { return []uint32{unix.SYS_IOPL, unix.SYS_IOPERM} }

func metadataCallsArch() []uint32 {
	return []uint32{unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_FUTIMESAT}
}
