//go:build unix

// Package onexec keeps files that a process has inherited, whoever forgot them, from what it
// starts itself.
//
// Ground layer: it imports golang.org/x/sys only.
package onexec

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Close has every descriptor above the standard three closed when a program is started.
func Close() error {
	if closeRange() == nil {
		return nil
	}
	dir, err := os.Open(descriptors)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return err
}
