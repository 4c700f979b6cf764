//go:build !race

package argv

import "golang.org/x/sys/unix"

// bound limits the memory of this process. A failure leaves it as it is.
func bound() {
	l := unix.Rlimit{Cur: maxMemory, Max: maxMemory}
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &l)
}
