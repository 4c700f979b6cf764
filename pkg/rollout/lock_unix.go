//go:build unix

package rollout

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func lockFile(f *os.File) error { return flock(f, unix.LOCK_EX|unix.LOCK_NB) }

func shareFile(f *os.File) error { return flock(f, unix.LOCK_SH|unix.LOCK_NB) }

func unlockFile(f *os.File) error { return flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	err := unix.Flock(int(f.Fd()), how)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errHeld
	}
	return err
}
