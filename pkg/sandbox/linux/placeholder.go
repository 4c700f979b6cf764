//go:build linux

package linux

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// A protected name that does not exist cannot be mounted on, so an empty
// directory stands for it while a command runs. What marks it as ours is on
// the directory itself: it is empty, and has the sticky bit although only its
// owner can write there, which nobody else has a use for.
// Every sandbox that relies on it holds a shared lock; the last one out, which
// can make its lock exclusive, removes it. One left behind by a crash has no
// lock and is taken over, and then removed, by the next sandbox there.
const placeholderMode = 0o1755

// hold is one placeholder in use.
type hold struct {
	dir  int    // its parent, as the host sees it
	name string // in dir
	lock int    // the placeholder, with a shared lock
}

type holds []hold

// placeholders makes what is missing among the protected paths of roots. A
// protected path then names its placeholder, which stands at the path's first
// missing component, or is "" when nothing can be made there. It must run
// before this thread leaves the host's view.
func placeholders(roots []root) (holds, error) {
	var hs holds
	for _, r := range roots {
		for i := range r.readOnly {
			at, h, err := holdOne(r.path, r.readOnly[i])
			if err != nil {
				return hs, err
			}
			r.readOnly[i] = at
			if h != nil {
				hs = append(hs, *h)
			}
		}
	}
	return hs, nil
}

// release removes the placeholders that nobody else uses. The threads that
// have them mounted must have ended, and so must the command.
func (hs holds) release() {
	for _, h := range hs {
		h.release()
	}
}

func (h hold) release() {
	if unix.Flock(h.lock, unix.LOCK_EX|unix.LOCK_NB) == nil && h.named() {
		if err := unix.Unlinkat(h.dir, h.name, unix.AT_REMOVEDIR); err == unix.ENOTEMPTY {
			unix.Fchmod(h.lock, placeholderMode&0o777) // it is somebody's now
		}
	}
	unix.Close(h.lock)
	unix.Close(h.dir)
}

// named reports whether the name still leads to the locked directory. An
// exclusive lock alone does not tell: it can be had on one that was removed.
func (h hold) named() bool {
	var mine, now unix.Stat_t
	return unix.Fstat(h.lock, &mine) == nil && unix.Fstatat(h.dir, h.name, &now, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		now.Ino == mine.Ino && now.Dev == mine.Dev
}

// holdOne sees to one protected path below root. It gives the path to protect
// and, when that is a placeholder, the hold on it. A symbolic link on the way
// could be turned by the command, so it is an error.
func holdOne(root, protected string) (string, *hold, error) {
	rest, ok := strings.CutPrefix(protected, strings.TrimSuffix(root, "/")+"/")
	if !ok {
		return protected, nil, nil
	}
	dir, err := openTrue(root)
	if err != nil {
		return "", nil, crossed(err, "open writable root", root)
	}
	at := strings.TrimSuffix(root, "/")
	for {
		name, more, deeper := strings.Cut(rest, "/")
		at += "/" + name
		var st unix.Stat_t
		err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		kind := st.Mode & unix.S_IFMT
		switch {
		case err == unix.ENOENT || err == nil && marked(&st) && (!deeper || emptyDir(dir, name)):
			h, err := take(dir, name)
			if h == nil {
				unix.Close(dir)
				if err == unix.EROFS {
					at, err = "", nil
				}
				return at, nil, during(err, "protect %s, which is missing", protected)
			}
			return at, h, nil
		case err == unix.ENOTDIR: // a root that is a file stays one
			unix.Close(dir)
			return "", nil, nil
		case err != nil:
			unix.Close(dir)
			return "", nil, during(err, "look at %s", protected)
		case kind == unix.S_IFLNK:
			unix.Close(dir)
			return "", nil, &fault{causeOther, "cannot enforce sandbox read-only path " + protected +
				" because it crosses writable symlink " + at, nil}
		case !deeper || kind != unix.S_IFDIR:
			unix.Close(dir)
			return at, nil, nil
		}
		next, err := unix.Openat(dir, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		unix.Close(dir)
		if err != nil {
			return "", nil, during(err, "open %s", at)
		}
		dir, rest = next, more
	}
}

// marked recognises a placeholder by its mark; whether it is empty shows when
// it is removed. Another user's counts too: its owner must not remove it
// under us.
func marked(st *unix.Stat_t) bool {
	return st.Mode&(unix.S_IFMT|unix.S_ISVTX|0o022) == unix.S_IFDIR|unix.S_ISVTX
}

func emptyDir(dir int, name string) bool {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var buf [1024]byte
	n, err := unix.ReadDirent(fd, buf[:])
	_, count, _ := unix.ParseDirent(buf[:max(n, 0)], 1, nil)
	return err == nil && count == 0
}

// take locks the placeholder dir/name, making it if need be. It gives nil
// without an error when something real has appeared there, and EROFS when
// nothing ever can.
func take(dir int, name string) (*hold, error) {
	for {
		fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		switch err {
		case nil:
		case unix.EINTR:
			continue
		case unix.ENOENT:
			switch err := unix.Mkdirat(dir, name, placeholderMode); err {
			case nil, unix.EEXIST, unix.EINTR:
				continue
			case unix.EACCES, unix.EPERM:
				// The command is refused as we are, unless it owns the
				// directory and can change its mode.
				var st unix.Stat_t
				if unix.Fstat(dir, &st) == nil && int(st.Uid) != unix.Geteuid() {
					return nil, unix.EROFS
				}
				return nil, err
			default:
				return nil, err
			}
		default:
			return nil, nil
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil || !marked(&st) {
			unix.Close(fd)
			return nil, err
		}
		h := &hold{dir: dir, name: name, lock: fd}
		if err := share(fd); err != nil {
			unix.Close(fd)
			if int(st.Uid) != unix.Geteuid() {
				return nil, nil // a stranger's, for reasons of his own
			}
			return nil, err
		}
		if h.named() {
			return h, nil
		}
		unix.Close(fd) // removed before we had the lock
	}
}

// share takes the shared lock. An exclusive one is held only for the moment of
// a removal; somebody who holds it longer must not hang us.
func share(fd int) error {
	for range 500 {
		err := unix.Flock(fd, unix.LOCK_SH|unix.LOCK_NB)
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			return err
		}
		unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
	}
	return unix.EBUSY
}

// sweepRoot removes unused placeholders of one root from outside, after a
// init process was killed.
func sweepRoot(r root) {
	for _, ro := range r.readOnly {
		// Only what exists is looked at: take would make what does not.
		for at := ro; len(at) > len(r.path); at = path.Dir(at) {
			var st unix.Stat_t
			if err := unix.Lstat(at, &st); err != nil || !marked(&st) {
				continue
			}
			dir, err := openTrue(path.Dir(at))
			if err != nil {
				continue
			}
			fd, err := unix.Openat(dir, path.Base(at), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
			if err != nil {
				unix.Close(dir)
				continue
			}
			hold{dir: dir, name: path.Base(at), lock: fd}.release()
		}
	}
}
