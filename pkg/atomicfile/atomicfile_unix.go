//go:build linux || darwin

package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Write makes the pieces, one after the other, the content of a file. A new one gets the
// mode perm less the umask.
func Write(path string, perm os.FileMode, pieces ...[]byte) error {
	return write(path, perm, text(pieces))
}

// WriteAt is Write for a name in an open folder; a link there is an error. replace says
// whether its place may be taken by a new file, otherwise it is rewritten in place.
func WriteAt(dir int, name string, perm os.FileMode, replace bool, pieces ...[]byte) error {
	return writeAt(dir, name, perm, replace, text(pieces))
}

// Copy makes what is in a file, from its beginning, the content of another one, and perm
// its mode.
func Copy(path string, perm os.FileMode, in *os.File) error {
	return write(path, private, copied{in, perm})
}

// CopyAt is Copy for a name in an open folder, as WriteAt is Write.
func CopyAt(dir int, name string, perm os.FileMode, replace bool, in *os.File) error {
	return writeAt(dir, name, private, replace, copied{in, perm})
}

// private is the mode of files that get another one when they are written.
const private os.FileMode = 0o600

// content is what goes into a file.
type content interface {
	// to writes it into a file that is empty, or that is none of a disk.
	to(f *os.File) error
	// over writes it over what a file of some size has.
	over(f *os.File, size int64) error
	// settle makes the rest of a file right that has it.
	settle(f *os.File) error
}

// text is in memory.
type text [][]byte

func (t text) to(f *os.File) error               { return fill(f, t) }
func (t text) over(f *os.File, size int64) error { return rewrite(f, size, t) }
func (t text) settle(*os.File) error             { return nil }

// copied is in another file.
type copied struct {
	in   *os.File
	perm os.FileMode
}

func (c copied) to(f *os.File) error {
	_, err := c.in.Seek(0, io.SeekStart)
	if err == nil {
		_, err = io.Copy(f, c.in)
	}
	return err
}

// over writes first what makes the file longer, as in rewrite.
func (c copied) over(f *os.File, size int64) error {
	fi, err := c.in.Stat()
	if err != nil {
		return err
	}
	part := func(from, to int64) error {
		_, err := io.Copy(io.NewOffsetWriter(f, from), io.NewSectionReader(c.in, from, max(to-from, 0)))
		return err
	}
	if err := part(size, fi.Size()); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	if err := part(0, min(size, fi.Size())); err != nil {
		return err
	}
	return f.Truncate(fi.Size())
}

func (c copied) settle(f *os.File) error { return f.Chmod(c.perm) }

func write(path string, perm os.FileMode, c content) error {
	target, open, err := follow(path)
	if err != nil {
		return err
	}
	if open { // what a descriptor of a process leads to gets more
		f, err := os.OpenFile(target, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		return errors.Join(c.to(f), f.Close())
	}
	if err := writeAt(unix.AT_FDCWD, target, perm, true, c); err != nil {
		return &os.PathError{Op: "write", Path: path, Err: cause(err)}
	}
	return nil
}

// Create puts a new file of the mode perm, less the umask, at path, whole or not at all. What
// is there stays: the error is fs.ErrExist then.
func Create(path string, perm os.FileMode, pieces ...[]byte) error {
	t, err := newTemp(unix.AT_FDCWD, path, perm)
	if err == nil {
		err = t.fill(text(pieces))
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
		err = t.fill(text(pieces))
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

// cause leaves the names of temporary files out of an error.
func cause(err error) error {
	if no, ok := errors.AsType[unix.Errno](err); ok {
		return no
	}
	return err
}

func writeAt(dir int, name string, perm os.FileMode, replace bool, c content) error {
	old, err := openAt(dir, name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if errors.Is(err, unix.ENOENT) {
		return create(dir, name, perm, replace, c)
	}
	if err != nil {
		return err
	}
	var st unix.Stat_t
	err = unix.Fstat(int(old.Fd()), &st)
	switch {
	case err != nil:
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		err = c.to(old)
	default:
		done := false
		if replace && st.Nlink == 1 {
			done, err = replaceFile(dir, name, private, c, func(t *temp) bool { return t.alike(old, &st) })
		}
		if !done && err == nil {
			if err = c.over(old, st.Size); err == nil {
				err = c.settle(old)
			}
		}
	}
	return errors.Join(err, old.Close())
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
func create(dir int, name string, perm os.FileMode, replace bool, c content) error {
	if replace {
		if done, err := replaceFile(dir, name, perm, c, func(*temp) bool { return true }); done || err != nil {
			return err
		}
	}
	f, err := openAt(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, perm)
	if err != nil {
		return err
	}
	if err = c.to(f); err == nil {
		err = c.settle(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = unix.Unlinkat(dir, name, 0) // ours, and of no use
	}
	return err
}

// replaceFile puts a new file in a place, if it fits there. done is false when that cannot
// be done, without an error; the error is one of writing.
func replaceFile(dir int, name string, perm os.FileMode, c content, fits func(*temp) bool) (done bool, err error) {
	t, err := newTemp(dir, name, perm)
	if err != nil {
		return false, nil
	}
	if !fits(t) {
		t.drop()
		return false, nil
	}
	if err := t.fill(c); err != nil {
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
func (t *temp) fill(c content) error {
	err := c.to(t.file)
	if err == nil {
		err = c.settle(t.file)
	}
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
