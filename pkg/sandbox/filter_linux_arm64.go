package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

func foreignNumbers() []span       { return nil }
func (p *program) setuidBitsArch() {}
func kernelCallsArch() []uint32    { return nil }
func metadataCallsArch() []uint32  { return nil }
