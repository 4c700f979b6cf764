package server

import (
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// sealFiles keeps files that this process inherited, whoever forgot them, from its
// children.
func sealFiles() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) == nil {
		return
	}
	dir, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	if err != nil {
		return
	}
	for _, e := range dir {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
