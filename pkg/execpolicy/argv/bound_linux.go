package argv

import "golang.org/x/sys/unix"

// maxMemory is what reading rules files may take: a few words of a program can ask for
// any amount.
const maxMemory = 1 << 30

// Bound limits the memory of this process. A failure leaves it as it is.
func Bound() {
	l := unix.Rlimit{Cur: maxMemory, Max: maxMemory}
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &l)
}
