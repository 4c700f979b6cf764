//go:build unix

package foreign

import "syscall"

// nonblocking: a FIFO without a writer opens at once, and a terminal does not become ours.
const nonblocking = syscall.O_NONBLOCK | syscall.O_NOCTTY
