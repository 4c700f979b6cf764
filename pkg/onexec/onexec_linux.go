package onexec

import (
	"math"

	"golang.org/x/sys/unix"
)

const descriptors = "/proc/self/fd"

// closeRange is there since Linux 5.11.
func closeRange() error { return unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) }
