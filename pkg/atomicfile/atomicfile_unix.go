//go:build linux || darwin

package atomicfile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Write makes the pieces, one after the other, the content of a file. A new one gets the
// mode perm less the umask.
func Write(path string, perm os.FileMode, pieces ...[]byte) error {
	target, open, err := follow(path)
	if err != nil {
		return err
	}
	if open {
		return writeOpen(target, pieces)
	}
	if err := WriteAt(unix.AT_FDCWD, target, perm, true, pieces...); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: cause(err)}
	}
	return nil
}

// Create puts a new file of the mode perm, less the umask, at path, whole or not at all. What
// is there stays: the error is fs.ErrExist then.
func Create(path string, perm os.FileMode, pieces ...[]byte) error {
	t, err := newTemp(unix.AT_FDCWD, path, perm)
	if err == nil {
		err = t.fill(pieces)
	}
	if err == nil {
		if t.name == "" {
			err = linkUnnamed(t.file, unix.AT_FDCWD, path)
		} else {
			err = unix.Linkat(unix.AT_FDCWD, t.name, unix.AT_FDCWD, path, 0)
		}
		t.drop()
	}
	if err != nil {
		return &os.PathError{Op: "create", Path: path, Err: cause(err)}
	}
	return nil
}

// Replace puts a new file of the mode perm, less the umask, in the place of what is at path,
// which may be nothing, and has it on the disk before that. A link is replaced itself.
func Replace(path string, perm os.FileMode, pieces ...[]byte) error {
	t, err := newTemp(unix.AT_FDCWD, path, perm)
	if err == nil {
		err = t.fill(pieces)
	}
	if err == nil {
		if err = t.file.Sync(); err != nil {
			t.drop()
		}
	}
	if err == nil {
		var done bool
		if done, err = t.commit(path); err == nil && !done {
			err = errors.New("its folder takes no new file of this name")
		}
	}
	if err != nil {
		return &os.PathError{Op: "replace", Path: path, Err: cause(err)}
	}
	return nil
}

// writeOpen adds to what a descriptor of a process leads to.
func writeOpen(path string, pieces [][]byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	err = fill(f, pieces)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// cause leaves the names of temporary files out of an error.
func cause(err error) error {
	if no, ok := errors.AsType[unix.Errno](err); ok {
		return no
	}
	return err
}

// WriteAt is Write for a name in an open folder; a link there is an error. replace says
// whether its place may be taken by a new file, otherwise it is rewritten in place.
func WriteAt(dir int, name string, perm os.FileMode, replace bool, pieces ...[]byte) error {
	old, err := openAt(dir, name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) {
		return create(dir, name, perm, replace, pieces)
	}
	if err != nil {
		return err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(old.Fd()), &st)
	switch {
	case err != nil:
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = fill(old, pieces)
	default:
		done := false
		if replace && st.Nlink == 1 {
			done, err = replaceFile(dir, name, old, &st, pieces)
		}
		if !done && err == nil {
			err = rewrite(old, st.Size, pieces)
		}
	}
	if e := old.Close(); err == nil {
		err = e
	}
	return err
}

func openAt(dir int, name string, flag int, perm os.FileMode) (*os.File, error) {
	for {
		fd, err := unix.Openat(dir, name, flag|unix.O_CLOEXEC, uint32(perm.Perm()))
		if err == nil {
			return os.NewFile(uintptr(fd), name), nil
		}
		if err != unix.EINTR {
			return nil, err
		}
	}
}

// create makes a file that is not there.
func create(dir int, name string, perm os.FileMode, replace bool, pieces [][]byte) error {
	if replace {
		t, err := newTemp(dir, name, perm)
		if err != nil {
			return err
		}
		if err := t.fill(pieces); err != nil {
			return err
		}
		if done, err := t.commit(name); done || err != nil {
			return err
		}
	}
	f, err := openAt(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, perm)
	if err != nil {
		return err
	}
	err = fill(f, pieces)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = unix.Unlinkat(dir, name, 0) // ours, and of no use
	}
	return err
}

// replaceFile puts a new file in the place of old. done is false when that cannot be
// done, without an error; the error is one of writing.
func replaceFile(dir int, name string, old *os.File, st *unix.Stat_t, pieces [][]byte) (done bool, err error) {
	t, err := newTemp(dir, name, 0o600)
	if err != nil {
		return false, nil
	}
	if !t.alike(old, st) {
		t.drop()
		return false, nil
	}
	if err := t.fill(pieces); err != nil {
		return false, err
	}
	return t.commit(name)
}

// temp is a file on its way to a name in a folder.
type temp struct {
	dir  int
	file *os.File
	name string // "" while it has none
}

func newTemp(dir int, name string, perm os.FileMode) (*temp, error) {
	if f, err := openUnnamed(dir, filepath.Dir(name), perm); err == nil {
		return &temp{dir: dir, file: f}, nil
	}
	t := &temp{dir: dir, name: tempName(name)}
	var err error
	t.file, err = openAt(dir, t.name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, perm)
	return t, err
}

// drop forgets the file. Its errors are those of something that is of no use.
func (t *temp) drop() {
	_ = t.file.Close()
	if t.name != "" {
		_ = unix.Unlinkat(t.dir, t.name, 0)
	}
}

// fill writes the content; after an error the file is gone.
func (t *temp) fill(pieces [][]byte) error {
	err := fill(t.file, pieces)
	if err != nil {
		t.drop()
	}
	return err
}

// commit gives the file its name, and says whether it could; otherwise it is gone. The
// error is one of writing, which some file systems find out about only now.
func (t *temp) commit(name string) (done bool, err error) {
	if t.name == "" {
		at := tempName(name)
		if linkUnnamed(t.file, t.dir, at) != nil {
			t.drop()
			return false, nil
		}
		t.name = at
	}
	if err := t.file.Close(); err != nil {
		t.drop()
		return false, err
	}
	if unix.Renameat(t.dir, t.name, t.dir, name) != nil {
		t.drop()
		return false, nil
	}
	return true, nil
}

// alike gives the file the owner, the mode and the attributes of old, and says whether it
// could. Set-id bits go, as with any write.
func (t *temp) alike(old *os.File, st *unix.Stat_t) bool {
	fd := int(t.file.Fd())
	var now unix.Stat_t
	if unix.Fstat(fd, &now) != nil {
		return false
	}
	if (now.Uid != st.Uid || now.Gid != st.Gid) && unix.Fchown(fd, int(st.Uid), int(st.Gid)) != nil {
		return false
	}
	if unix.Fchmod(fd, uint32(st.Mode)&0o1777) != nil {
		return false
	}
	return copyAttributes(int(old.Fd()), fd)
}

// copyAttributes copies what extended attributes to does not have by itself.
func copyAttributes(from, to int) bool {
	size, err := unix.Flistxattr(from, nil)
	if err != nil {
		return errors.Is(err, unix.ENOTSUP)
	}
	if size == 0 {
		return true
	}
	list := make([]byte, size)
	if size, err = unix.Flistxattr(from, list); err != nil {
		return false
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list[:size]), "\x00"), "\x00") {
		value, err := attribute(from, name)
		if err != nil {
			return false
		}
		if have, err := attribute(to, name); err == nil && bytes.Equal(have, value) {
			continue
		}
		if unix.Fsetxattr(to, name, value, 0) != nil {
			return false
		}
	}
	return true
}

func attribute(fd int, name string) ([]byte, error) {
	size, err := unix.Fgetxattr(fd, name, nil)
	if err != nil {
		return nil, err
	}
	value := make([]byte, size)
	size, err = unix.Fgetxattr(fd, name, value)
	return value[:max(size, 0)], err
}
