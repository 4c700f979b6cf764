//go:build unix

package termtext

import (
	"os"

	"golang.org/x/sys/unix"
)

// Width gives the columns of the terminal f, 0 when it is none or does not say.
func Width(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
