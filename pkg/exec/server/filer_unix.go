//go:build unix

package server

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

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

func newFiler(pol *policy.Policy) (*filer, error) { return &filer{pol}, nil }

// entry is a name in a directory. Without a policy it is the whole path from anywhere.
type entry struct {
	dir  int
	base string
	real string // true path of the name; "" without a policy
	own  bool   // dir is to be closed
	flag int    // for opening: O_NOFOLLOW under a policy
}

func (p entry) close() {
	if p.own {
		unix.Close(p.dir)
	}
}

func (p entry) stat(st *unix.Stat_t, follow bool) error {
	flag := unix.AT_SYMLINK_NOFOLLOW
	if follow && !p.own {
		flag = 0
	}
	return retry(func() error { return unix.Fstatat(p.dir, p.base, st, flag) })
}

func (p entry) open(flag int) (*os.File, error) {
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Openat(p.dir, p.base, flag|p.flag|unix.O_CLOEXEC, 0)
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
func (f *filer) at(path string) (entry, error) {
	if f.pol == nil {
		return entry{dir: unix.AT_FDCWD, base: path}, nil
	}
	dir, base := filepath.Split(path)
	base = cmp.Or(base, ".")
	var fd int
	err := retry(func() (err error) {
		fd, err = unix.Open(dir, openDir|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return entry{}, err
	}
	real, err := fdPath(fd)
	if err != nil {
		unix.Close(fd)
		return entry{}, err
	}
	return entry{dir: fd, base: base, real: filepath.Join(real, base), own: true, flag: unix.O_NOFOLLOW}, nil
}

// follow is at with the last component followed, whether what it leads to exists or not.
func (f *filer) follow(path string) (entry, error) {
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
			return entry{}, err
		}
		if !filepath.IsAbs(target) {
			// Not cleaned before the directory is known by its true name.
			target = filepath.Dir(p.real) + "/" + target
		}
		if path, err = trueDir(target); err != nil {
			return entry{}, err
		}
	}
	return entry{}, syscall.ELOOP
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

func readLink(p entry) (string, error) {
	buf := make([]byte, 4096)
	n, err := unix.Readlinkat(p.dir, p.base, buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

func (f *filer) mayRead(p entry) error {
	if f.pol != nil && !f.pol.CanRead(p.real) {
		return errHidden
	}
	return nil
}

func (f *filer) mayWrite(p entry) error {
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
func (f *filer) mayMove(p entry) error {
	if err := f.mayWrite(p); err != nil || f.pol == nil {
		return err
	}
	inside := func(at string) bool { return policy.Below(at, p.real) }
	for _, w := range f.pol.Writable {
		if inside(w.Path) {
			return errDenied
		}
		if slices.ContainsFunc(w.ReadOnly, inside) {
			return errDenied
		}
	}
	if slices.ContainsFunc(f.pol.Denied, inside) {
		return errDenied
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
