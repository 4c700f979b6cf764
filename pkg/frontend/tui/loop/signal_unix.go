//go:build unix

package loop

import "syscall"

// resized tells that the terminal has another size.
const resized = syscall.SIGWINCH
