package loop

import "syscall"

// resized is a number that no signal has: the console tells of its size in other ways.
const resized = syscall.Signal(0x100)
