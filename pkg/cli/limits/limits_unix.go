//go:build unix

// Package limits says it in words when a process may have too little to start: Go's own
// runtime dies of it with a trace. What it needs before a program begins (710 MB of address
// space) is in codex(1).
package limits

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// What a turn with a sandboxed command needs: files for its pipes, processes, of which threads
// count too, and address space, of which the runtime reserves 700 MB that it does not use.
const (
	leastFiles     = 32
	leastProcesses = 40
	leastSpace     = 900
)

// Check gives an error when the limits of this process are too low for a turn. uid is of
// the user: the number of root's processes has no limit.
func Check(uid int) error {
	return check(uid, func(what int) (uint64, error) {
		var r unix.Rlimit
		err := unix.Getrlimit(what, &r)
		return uint64(r.Cur), err
	})
}

func check(uid int, limit func(what int) (uint64, error)) error {
	for _, l := range []struct {
		what        int
		unit, least uint64
		name        string
		flag        string
	}{
		{unix.RLIMIT_NOFILE, 1, leastFiles, "open files", "-n"},
		{unix.RLIMIT_NPROC, 1, leastProcesses, "processes and threads", "-u"},
		{unix.RLIMIT_AS, 1 << 20, leastSpace, "MB of address space", "-v"},
	} {
		if l.what == unix.RLIMIT_NPROC && uid == 0 {
			continue
		}
		if n, err := limit(l.what); err == nil && n/l.unit < l.least {
			return fmt.Errorf("at most %d %s are allowed here, %d are needed: see ulimit %s", n/l.unit, l.name, l.least, l.flag)
		}
	}
	return nil
}
