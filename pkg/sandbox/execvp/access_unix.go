//go:build unix && !linux

package execvp

import "golang.org/x/sys/unix"

func access(p string) error { return unix.Access(p, unix.X_OK) }
