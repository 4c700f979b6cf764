//go:build unix

package foreign

import "syscall"

// NonBlocking: a FIFO without a writer opens at once, and a terminal does not become ours.
const NonBlocking = syscall.O_NONBLOCK | syscall.O_NOCTTY
