package atomicfile

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openUnnamed makes a file without a name, so that a kill leaves nothing behind.
func openUnnamed(dir int, folder string, perm os.FileMode) (*os.File, error) {
	return openAt(dir, folder, unix.O_TMPFILE|unix.O_WRONLY, perm)
}

func linkUnnamed(f *os.File, dir int, name string) error {
	return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", f.Fd()), dir, name, unix.AT_SYMLINK_FOLLOW)
}
