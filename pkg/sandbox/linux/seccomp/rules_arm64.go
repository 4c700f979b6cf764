//go:build linux

package seccomp

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// This architecture has no older calls beside those that all have.
var (
	foreignNumbers                                  []span
	alwaysArch, filesArch, mappedArch, metadataArch []Rule
)
