//go:build unix

package execserver

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"codex/pkg/execwire"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
)

// maxLinks is how many symbolic links are followed before giving up, as in the kernel.
const maxLinks = 40

// errDenied is what a refused write gets, and a command in the sandbox too; what must not
// be read does not exist.
const (
	errDenied = syscall.EROFS
	errHidden = syscall.ENOENT
)

// filer works on files, under a policy if there is one. Then nothing is done by name
// twice: the directory is opened, its true name is asked of the system and judged, and
// the last component is used through that directory without being followed. A link that
// is put in place meanwhile leads nowhere.
type filer struct {
	pol *policy.Policy // nil: everything may be done
}

// place is a name in a directory. Without a policy it is the whole path from anywhere.
type place struct {
	dir  int
	base string
	real string // true path of the name; "" without a policy
	own  bool   // dir is to be closed
	flag int    // for opening: O_NOFOLLOW under a policy
}

func (p place) close() {
	if p.own {
		unix.Close(p.dir)
	}
}

func (p place) stat(st *unix.Stat_t, follow bool) error {
	flag := unix.AT_SYMLINK_NOFOLLOW
	if follow && !p.own {
		flag = 0
	}
	return retry(func() error { return unix.Fstatat(p.dir, p.base, st, flag) })
}

func (p place) open(flag int, perm uint32) (*os.File, error) {
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Openat(p.dir, p.base, flag|p.flag|unix.O_CLOEXEC, perm)
		return err
	})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), p.base), nil
}

func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

func isKind(st *unix.Stat_t, kind uint32) bool { return uint32(st.Mode)&unix.S_IFMT == kind }

// at finds the directory of a clean absolute path; its last component is not followed.
func (f *filer) at(path string) (place, error) {
	if f.pol == nil {
		return place{dir: unix.AT_FDCWD, base: path}, nil
	}
	dir, base := filepath.Split(path)
	if base == "" {
		base = "."
	}
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Open(dir, openDir|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return place{}, err
	}
	real, err := fdPath(fd)
	if err != nil {
		unix.Close(fd)
		return place{}, err
	}
	return place{dir: fd, base: base, real: filepath.Join(real, base), own: true, flag: unix.O_NOFOLLOW}, nil
}

// follow is at with the last component followed, whether what it leads to exists or not.
func (f *filer) follow(path string) (place, error) {
	for range maxLinks {
		p, err := f.at(path)
		if err != nil || f.pol == nil {
			return p, err
		}
		var st unix.Stat_t
		if err := p.stat(&st, false); err != nil || !isKind(&st, unix.S_IFLNK) {
			return p, nil // what is missing is for the caller to see
		}
		target, err := readLink(p)
		p.close()
		if err != nil {
			return place{}, err
		}
		if !filepath.IsAbs(target) {
			// Not cleaned before the directory is known by its true name.
			target = filepath.Dir(p.real) + "/" + target
		}
		if path, err = trueDir(target); err != nil {
			return place{}, err
		}
	}
	return place{}, syscall.ELOOP
}

// trueDir gives a link's target a form in which dots can be resolved by text: the
// directory part is followed first, as the system would.
func trueDir(target string) (string, error) {
	target = strings.TrimRight(target, "/")
	if target == "" {
		return "/", nil
	}
	dir, base := filepath.Split(target)
	if base == "." || base == ".." {
		return filepath.EvalSymlinks(target)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	return filepath.Join(real, base), nil
}

func readLink(p place) (string, error) {
	buf := make([]byte, 4096)
	n, err := unix.Readlinkat(p.dir, p.base, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

func (f *filer) mayRead(p place) error {
	if f.pol != nil && !f.pol.CanRead(p.real) {
		return errHidden
	}
	return nil
}

func (f *filer) mayWrite(p place) error {
	switch {
	case f.pol == nil || f.pol.CanWrite(p.real):
		return nil
	case !f.pol.CanRead(p.real):
		return errHidden
	}
	return errDenied
}

// mayMove is mayWrite for what takes a whole tree away: it must not hold a place with
// rules of its own, whether that exists or not.
func (f *filer) mayMove(p place) error {
	if err := f.mayWrite(p); err != nil || f.pol == nil {
		return err
	}
	inside := func(at string) bool { return policy.Below(at, p.real) }
	for _, w := range f.pol.Writable {
		if inside(w.Path) {
			return errDenied
		}
		for _, ro := range w.ReadOnly {
			if inside(ro) {
				return errDenied
			}
		}
	}
	for _, d := range f.pol.Denied {
		if inside(d) {
			return errDenied
		}
	}
	if len(f.pol.DeniedGlobs) == 0 {
		return nil
	}
	return filepath.WalkDir(p.real, func(path string, _ os.DirEntry, err error) error {
		if err == nil && !f.pol.CanWrite(path) {
			return errDenied
		}
		return nil
	})
}

func (f *filer) readFile(path string) ([]byte, error) {
	p, err := f.follow(path)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return nil, err
	}
	file, err := p.open(unix.O_RDONLY|unix.O_NONBLOCK, 0) // a fifo must not hold us up
	if err != nil {
		return nil, err
	}
	defer file.Close()
	fi, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case fi.IsDir():
		return nil, syscall.EISDIR
	case !fi.Mode().IsRegular():
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/readFile only supports regular files")
	case fi.Size() > execwire.MaxReadFile:
		return nil, errTooLarge()
	}
	data := make([]byte, 0, fi.Size()+512) // room to see the end without growing
	for {
		n, err := file.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		switch {
		case err == io.EOF:
			return data, nil
		case err != nil:
			return nil, err
		case len(data) > execwire.MaxReadFile:
			return nil, errTooLarge()
		}
		if len(data) == cap(data) { // it grew, or has no size, as in /proc
			data = append(data, 0)[:len(data)]
		}
	}
}

func errTooLarge() error {
	return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "file is too large to read: limit is %d bytes", execwire.MaxReadFile)
}

func (f *filer) writeFile(path string, data []byte) error {
	file, err := f.create(path, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if e := file.Close(); err == nil {
		err = e
	}
	return err
}

// create opens a file for writing from its beginning.
func (f *filer) create(path string, perm uint32) (*os.File, error) {
	p, err := f.follow(path)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := f.mayWrite(p); err != nil {
		return nil, err
	}
	return p.open(unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC|unix.O_NONBLOCK, perm)
}

func (f *filer) makeDirectory(path string, recursive bool) error {
	err := f.mkdir(path)
	if !recursive {
		return err
	}
	if errors.Is(err, syscall.ENOENT) && path != "/" {
		if err := f.makeDirectory(filepath.Dir(path), true); err != nil {
			return err
		}
		err = f.mkdir(path)
	}
	if err == nil {
		return nil
	}
	// A directory that is there already is fine, whatever may be written.
	p, e := f.follow(path)
	if e != nil {
		return err
	}
	defer p.close()
	var st unix.Stat_t
	if f.mayRead(p) == nil && p.stat(&st, true) == nil && isKind(&st, unix.S_IFDIR) {
		return nil
	}
	return err
}

func (f *filer) mkdir(path string) error {
	p, err := f.at(path)
	if err != nil {
		return err
	}
	defer p.close()
	if err := f.mayWrite(p); err != nil {
		return err
	}
	return unix.Mkdirat(p.dir, p.base, 0o777)
}

func (f *filer) metadata(path string) (execwire.Metadata, error) {
	var m execwire.Metadata
	var st unix.Stat_t
	p, err := f.at(path)
	if err != nil {
		return m, err
	}
	err = p.stat(&st, false)
	p.close()
	if err != nil {
		return m, err
	}
	m.IsSymlink = isKind(&st, unix.S_IFLNK)
	if p, err = f.follow(path); err != nil {
		return m, err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return m, err
	}
	if m.IsSymlink {
		if err := p.stat(&st, true); err != nil {
			return m, err
		}
	}
	m.IsDirectory, m.IsFile = isKind(&st, unix.S_IFDIR), isKind(&st, unix.S_IFREG)
	m.Size = st.Size
	m.ModifiedAtMs = int64(st.Mtim.Sec)*1000 + int64(st.Mtim.Nsec)/1_000_000
	return m, nil
}

func (f *filer) readDirectory(path string) ([]execwire.DirEntry, error) {
	p, err := f.follow(path)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return nil, err
	}
	dir, err := p.open(unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	entries := []execwire.DirEntry{}
	for _, name := range names {
		m, err := f.metadata(filepath.Join(path, name))
		if err != nil {
			continue // a dangling link, gone meanwhile, or hidden
		}
		entries = append(entries, execwire.DirEntry{
			FileName: strings.ToValidUTF8(name, "\uFFFD"), IsDirectory: m.IsDirectory, IsFile: m.IsFile,
		})
	}
	return entries, nil
}

func (f *filer) remove(path string, recursive, force bool) error {
	err := f.removeNow(path, recursive)
	if force && errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return err
}

func (f *filer) removeNow(path string, recursive bool) error {
	p, err := f.at(path)
	if err != nil {
		return err
	}
	defer p.close()
	var st unix.Stat_t
	if err := p.stat(&st, false); err != nil {
		return err
	}
	if !isKind(&st, unix.S_IFDIR) {
		if err := f.mayWrite(p); err != nil {
			return err
		}
		return unix.Unlinkat(p.dir, p.base, 0)
	}
	if err := f.mayMove(p); err != nil {
		return err
	}
	if !recursive {
		return unix.Unlinkat(p.dir, p.base, unix.AT_REMOVEDIR)
	}
	return removeTree(p.dir, p.base)
}

// removeTree removes a directory through open directories only, so that no link is
// followed.
func removeTree(dir int, name string) error {
	err := retry(func() error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) })
	if err != unix.ENOTEMPTY && err != unix.EEXIST {
		return err
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	d := os.NewFile(uintptr(fd), name)
	defer d.Close()
	for {
		names, err := d.Readdirnames(1024)
		for _, n := range names {
			err := retry(func() error { return unix.Unlinkat(fd, n, 0) })
			if err == unix.EISDIR || err == unix.EPERM { // Linux says the one, BSDs the other
				err = removeTree(fd, n)
			}
			if err != nil && err != unix.ENOENT {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if _, err := d.Seek(0, io.SeekStart); err != nil { // what was removed shifts the rest
			return err
		}
	}
	return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR)
}

func (f *filer) copy(src, dst string, recursive bool) error {
	var st unix.Stat_t
	p, err := f.at(src)
	if err != nil {
		return err
	}
	defer p.close()
	if err := f.mayRead(p); err != nil {
		return err
	}
	if err := p.stat(&st, false); err != nil {
		return err
	}
	switch {
	case isKind(&st, unix.S_IFREG):
		return f.copyFile(p, dst, uint32(st.Mode)&0o7777)
	case isKind(&st, unix.S_IFLNK):
		return f.copyLink(p, dst)
	case !isKind(&st, unix.S_IFDIR):
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/copy only supports regular files, directories, and symlinks")
	case !recursive:
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/copy requires recursive: true when sourcePath is a directory")
	case policy.Below(nearest(dst), nearest(src)):
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "fs/copy cannot copy a directory to itself or one of its descendants")
	}
	return f.copyTree(p, src, dst)
}

// nearest follows as much of a path as exists.
func nearest(path string) string {
	rest := ""
	for at := path; ; at = filepath.Dir(at) {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == "/" {
			return path
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

func (f *filer) copyFile(p place, dst string, perm uint32) error {
	in, err := p.open(unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := f.create(dst, perm)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Chmod(os.FileMode(perm & 0o777))
	}
	if e := out.Close(); err == nil {
		err = e
	}
	return err
}

func (f *filer) copyLink(p place, dst string) error {
	target, err := readLink(p)
	if err != nil {
		return err
	}
	q, err := f.at(dst)
	if err != nil {
		return err
	}
	defer q.close()
	if err := f.mayWrite(q); err != nil {
		return err
	}
	return unix.Symlinkat(target, q.dir, q.base)
}

func (f *filer) copyTree(p place, src, dst string) error {
	dir, err := p.open(unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	dir.Close()
	if err != nil {
		return err
	}
	if err := f.makeDirectory(dst, true); err != nil {
		return err
	}
	for _, name := range names {
		err := f.copy(filepath.Join(src, name), filepath.Join(dst, name), true)
		var e *jsonrpc.Error
		if err != nil && !errors.As(err, &e) { // other kinds inside a tree are left out
			return err
		}
	}
	return nil
}

func (f *filer) rename(src, dst string) error {
	p, err := f.at(src)
	if err != nil {
		return err
	}
	defer p.close()
	q, err := f.at(dst)
	if err != nil {
		return err
	}
	defer q.close()
	if err := f.mayMove(p); err != nil {
		return err
	}
	if err := f.mayMove(q); err != nil {
		return err
	}
	return unix.Renameat(p.dir, p.base, q.dir, q.base)
}

func (f *filer) canonicalize(path string) (string, error) {
	if f.pol == nil {
		return filepath.EvalSymlinks(path)
	}
	p, err := f.follow(path)
	if err != nil {
		return "", err
	}
	defer p.close()
	var st unix.Stat_t
	if err := f.mayRead(p); err != nil {
		return "", err
	}
	return p.real, p.stat(&st, false)
}
