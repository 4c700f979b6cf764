//go:build unix

package server

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// leastFiles are for the runtime's poller, which ends the program where it finds none, and
// for one child.
const leastFiles = 12

// enoughFiles says that a server would not come far.
func enoughFiles() error {
	var got []int
	defer func() {
		for _, fd := range got {
			unix.Close(fd)
		}
	}()
	for range leastFiles {
		fd, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
			return fmt.Errorf("too few file descriptors: %d are free, %d are needed (ulimit -n)", len(got), leastFiles)
		}
		if err == nil {
			got = append(got, fd)
		}
	}
	return nil
}
