//go:build unix

package atomicfile

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Copy makes what is in a file, from its beginning, the content of another one, and perm
// its mode.
func Copy(path string, perm os.FileMode, in *os.File) error {
	target, open, err := follow(path)
	if err != nil {
		return err
	}
	if open {
		f, err := os.OpenFile(target, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, in)
		return errors.Join(err, f.Close())
	}
	if err := CopyAt(unix.AT_FDCWD, target, perm, true, in); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: cause(err)}
	}
	return nil
}

// CopyAt makes what is in a file, from its beginning, the content of a name in an open
// folder, and perm its mode; it is like WriteAt otherwise.
func CopyAt(dir int, name string, perm os.FileMode, replace bool, in *os.File) error {
	old, err := openAt(dir, name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) {
		return copyNew(dir, name, perm, replace, in)
	}
	if err != nil {
		return err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(old.Fd()), &st)
	switch {
	case err != nil:
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		_, err = io.Copy(old, in)
	default:
		done := false
		if replace && st.Nlink == 1 {
			done, err = copyTemp(dir, name, perm, in, func(t *temp) bool { return t.alike(old, &st) })
		}
		if !done && err == nil {
			err = copyOver(old, st.Size, perm, in)
		}
	}
	return errors.Join(err, old.Close())
}

// copyTemp copies to a new file that takes the name; done is false when that cannot be
// done, without an error.
func copyTemp(dir int, name string, perm os.FileMode, in *os.File, fits func(*temp) bool) (done bool, err error) {
	t, err := newTemp(dir, name, 0o600)
	if err != nil {
		return false, nil
	}
	if !fits(t) {
		t.drop()
		return false, nil
	}
	if _, err = io.Copy(t.file, in); err == nil {
		err = t.file.Chmod(perm)
	}
	if err != nil {
		t.drop()
		return false, err
	}
	if done, err = t.commit(name); !done && err == nil {
		_, err = in.Seek(0, io.SeekStart)
	}
	return done, err
}

func copyNew(dir int, name string, perm os.FileMode, replace bool, in *os.File) error {
	if replace {
		if done, err := copyTemp(dir, name, perm, in, func(*temp) bool { return true }); done || err != nil {
			return err
		}
	}
	f, err := openAt(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(f, in); err == nil {
		err = f.Chmod(perm)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = unix.Unlinkat(dir, name, 0) // ours, and of no use
	}
	return err
}

// copyOver copies over a file of some size: first what makes it longer, as in rewrite.
func copyOver(f *os.File, size int64, perm os.FileMode, in *os.File) error {
	fi, err := in.Stat()
	if err != nil {
		return err
	}
	part := func(from, to int64) error {
		_, err := io.Copy(io.NewOffsetWriter(f, from), io.NewSectionReader(in, from, max(to-from, 0)))
		return err
	}
	if err := part(size, fi.Size()); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	if err := part(0, min(size, fi.Size())); err != nil {
		return err
	}
	return errors.Join(f.Truncate(fi.Size()), f.Chmod(perm))
}
