package execvp

import "golang.org/x/sys/unix"

// access asks with the effective ids, as exec does; faccessat2 needs 5.8.
func access(p string) error {
	err := unix.Faccessat(unix.AT_FDCWD, p, unix.X_OK, unix.AT_EACCESS)
	if err == unix.ENOSYS || err == unix.EINVAL || err == unix.EPERM {
		return unix.Access(p, unix.X_OK)
	}
	return err
}
