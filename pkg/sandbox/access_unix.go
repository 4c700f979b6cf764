//go:build unix && !linux

package sandbox

import "golang.org/x/sys/unix"

func access(p string) error { return unix.Access(p, unix.X_OK) }
