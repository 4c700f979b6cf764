//go:build linux

package linux

import (
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"codex/pkg/policy"
)

// A protected name that does not exist is held by a placeholder while a command runs.
// For .git, and for parts of a git directory, that is a link, mounted on itself in the
// command's view so that it can be neither removed nor renamed nor created through. It
// leads nowhere, whatever anybody makes, for /dev/null is no directory: who looks for a
// repository finds none, inside and outside. Other names are empty directories, which git
// passes over where it would list a link. What marks them as ours is the sticky bit although
// only their owner can write there, which nobody else has a use for.
//
// Every sandbox that relies on a placeholder has a lock on its directory; the last one
// removes it. One left behind by a crash is known by its mark, and is taken over and then
// removed by the next sandbox there.
const (
	heldTarget = "/dev/null/held-by-codex-sandbox"
	heldMode   = 0o1755
)

// guard is a path to protect: what is there, or, when link is not "", a symbolic link
// itself, with what it says.
type guard struct{ path, link string }

// holds are the placeholders in use, and the directories they are in.
type holds struct {
	dirs  map[string]int // by path, open and locked, as the host sees them
	names []hold
}

type hold struct {
	dir  int
	name string
}

// guard looks at what is protected below the plan's roots and makes what is missing. A
// guard of something missing is its placeholder, which stands at the path's first missing
// component; where nothing can be made there is none. It must run before this thread
// leaves the host's view.
func (p *plan) guard() (holds, error) {
	hs := holds{dirs: map[string]int{}}
	for _, r := range p.roots {
		for _, name := range r.readOnly {
			g, err := p.guardOne(&hs, r.path, name)
			if err != nil {
				return hs, err
			}
			if g.path != "" {
				p.guards = append(p.guards, g)
			}
		}
	}
	// What is missing and denied is kept missing: there is nothing to hide.
	p.denied = slices.DeleteFunc(p.denied, func(d string) bool {
		return slices.ContainsFunc(p.guards, func(g guard) bool { return g.link == heldTarget && policy.Below(d, g.path) })
	})
	return hs, nil
}

// guardOne sees to one protected path below root. The zero guard is none. A symbolic
// link on the way could be turned by the command, so it is an error, unless it is the
// path itself and leads where no command can write.
func (p *plan) guardOne(hs *holds, root, protected string) (guard, error) {
	rest, ok := strings.CutPrefix(protected, strings.TrimSuffix(root, "/")+"/")
	if !ok {
		return guard{path: protected}, nil
	}
	dir, err := openTrue(root)
	if err != nil {
		return guard{}, crossed(err, "open writable root", root)
	}
	defer func() { unix.Close(dir) }()
	above, at := root, strings.TrimSuffix(root, "/")
	for {
		name, more, deeper := strings.Cut(rest, "/")
		at += "/" + name
		var st unix.Stat_t
		err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW)
		kind := st.Mode & unix.S_IFMT
		target := ""
		if err == nil && kind == unix.S_IFLNK {
			target, err = readlinkAt(dir, name)
		}
		switch {
		case err == unix.ENOENT || target == heldTarget || err == nil && marked(&st) && (!deeper || emptyDir(dir, name)):
			g, err := hs.hold(dir, above, name)
			return g, during(err, "protect %s, which is missing", protected)
		case err == unix.ENOTDIR: // a root that is a file stays one
			return guard{}, nil
		case err != nil:
			return guard{}, during(err, "look at %s", protected)
		case kind == unix.S_IFLNK && !deeper && p.leadsOut(path.Dir(at), target):
			return guard{at, target}, nil
		case kind == unix.S_IFLNK:
			return guard{}, &fault{causeOther, "cannot enforce sandbox read-only path " + protected +
				" because it crosses writable symlink " + at, nil}
		case !deeper || kind != unix.S_IFDIR:
			return guard{path: at}, nil
		}
		next, err := unix.Openat(dir, name, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return guard{}, during(err, "open %s", at)
		}
		unix.Close(dir)
		dir, rest, above = next, more, at
	}
}

// maxLinks bounds the links on one way, as the kernel does.
const maxLinks = 40

// leadsOut reports whether a link in dir, which says target, leads to where no command
// can write, by a way that none can change.
func (p *plan) leadsOut(dir, target string) bool {
	at, rest := dir, target
	if strings.HasPrefix(target, "/") {
		at = "/"
	}
	for links := 0; rest != ""; {
		name, more, _ := strings.Cut(rest, "/")
		rest = more
		switch name {
		case "", ".":
			continue
		case "..":
			at = path.Dir(at)
		default:
			at = path.Join(at, name)
		}
		// What is above dir is held in place already.
		if p.writable(at) && !(policy.Below(dir, at) && rest != "") {
			return false
		}
		to, err := readlinkAt(unix.AT_FDCWD, at)
		switch {
		case err == unix.EINVAL || err == unix.ENOENT: // no link, or nothing at all
			continue
		case err != nil || links == maxLinks:
			return false
		}
		links++
		rest = to + "/" + rest
		if at = path.Dir(at); strings.HasPrefix(to, "/") {
			at = "/"
		}
	}
	return true
}

// writable reports whether name is a writable root or below one.
func (p *plan) writable(name string) bool {
	return slices.ContainsFunc(p.roots, func(r root) bool { return policy.Below(name, r.path) })
}

// hold makes the placeholder name in the directory above, which dir is open on, and
// locks it. The zero guard says that nothing can ever be made there.
func (hs *holds) hold(dir int, above, name string) (guard, error) {
	locked, ok := hs.dirs[above]
	if !ok {
		var err error
		if locked, err = lockable(dir); err != nil {
			return guard{}, err
		}
		hs.dirs[above] = locked
	}
	waitFor(locked, unix.LOCK_SH) // who removes one looks for locks with the gate closed
	err := makeHeld(locked, name)
	unix.Flock(locked, unix.LOCK_UN)
	g := guard{path: path.Join(above, name)}
	switch {
	case err == unix.EEXIST && !isHeld(locked, name):
		return g, nil // something real has appeared
	case err == unix.EROFS:
		return guard{}, nil
	case err == unix.EACCES || err == unix.EPERM:
		// The command is refused as we are, unless it owns the directory and can
		// change its mode.
		var st unix.Stat_t
		if unix.Fstat(locked, &st) == nil && int(st.Uid) != unix.Geteuid() {
			return guard{}, nil
		}
		return guard{}, err
	case err != nil && err != unix.EEXIST:
		return guard{}, err
	}
	if byLink(name) {
		g.link = heldTarget
	}
	hs.names = append(hs.names, hold{locked, name})
	return g, nil
}

// byLink reports whether a name is held by a link: what git looks for.
func byLink(name string) bool { return name == ".git" || name == "refs" || name == "objects" }

func makeHeld(dir int, name string) error {
	if byLink(name) {
		return unix.Symlinkat(heldTarget, dir, name)
	}
	return unix.Mkdirat(dir, name, heldMode)
}

// isHeld recognises a placeholder. Another user's counts too: its owner must not
// remove it under us.
func isHeld(dir int, name string) bool {
	if byLink(name) {
		to, err := readlinkAt(dir, name)
		return err == nil && to == heldTarget
	}
	var st unix.Stat_t
	return unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW) == nil && marked(&st)
}

// marked recognises a directory that is a placeholder; whether it is empty shows when
// it is removed.
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

// The lock of those who rely on placeholders in a directory is one that anybody can have
// and ask about, and that nobody can be kept from having: of a byte that a directory does
// not have, for reading. flock(2) is the gate for the moment of making and removing.
const lockedByte = 0x636f646578

func lockOf(kind int16) *unix.Flock_t {
	return &unix.Flock_t{Type: kind, Start: lockedByte, Len: 1}
}

// lockable opens a directory again and locks it.
func lockable(dir int) (int, error) {
	fd, err := unix.Openat(dir, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, lockOf(unix.F_RDLCK)); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// waitFor closes the gate. It is closed to us for the moment of a removal; a stranger who
// has it for longer keeps us from nothing, since nobody removes anything then.
func waitFor(fd, how int) bool {
	for range 500 {
		err := unix.Flock(fd, how|unix.LOCK_NB)
		if err != unix.EWOULDBLOCK && err != unix.EINTR {
			return err == nil
		}
		unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
	}
	return false
}

// release removes the placeholders that nobody else uses. The threads that
// have them mounted must have ended, and so must the command.
func (hs holds) release() {
	for _, dir := range hs.dirs {
		unix.FcntlFlock(uintptr(dir), unix.F_OFD_SETLK, lockOf(unix.F_UNLCK))
		if waitFor(dir, unix.LOCK_EX) && unused(dir) {
			for _, h := range hs.names {
				if h.dir == dir {
					h.remove()
				}
			}
		}
		unix.Close(dir)
	}
}

// unused reports whether nobody has a lock on dir.
func unused(dir int) bool {
	l := lockOf(unix.F_WRLCK)
	return unix.FcntlFlock(uintptr(dir), unix.F_OFD_GETLK, l) == nil && l.Type == unix.F_UNLCK
}

func (h hold) remove() {
	switch {
	case !isHeld(h.dir, h.name):
	case byLink(h.name):
		unix.Unlinkat(h.dir, h.name, 0)
	case unix.Unlinkat(h.dir, h.name, unix.AT_REMOVEDIR) == unix.ENOTEMPTY:
		unix.Fchmodat(h.dir, h.name, heldMode&0o777, 0) // it is somebody's now
	}
}

func readlinkAt(dir int, name string) (string, error) {
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(dir, name, buf[:])
	return string(buf[:max(n, 0)]), err
}

// sweepRoot removes unused placeholders of one root from outside, after an
// init process was killed.
func sweepRoot(r root) {
	hs := holds{dirs: map[string]int{}}
	for _, ro := range r.readOnly {
		for at := ro; len(at) > len(r.path); at = path.Dir(at) {
			above := path.Dir(at)
			if _, ok := hs.dirs[above]; !ok {
				dir, err := openTrue(above)
				if err != nil {
					continue
				}
				locked, err := lockable(dir)
				unix.Close(dir)
				if err != nil {
					continue
				}
				hs.dirs[above] = locked
			}
			hs.names = append(hs.names, hold{hs.dirs[above], path.Base(at)})
		}
	}
	hs.release()
}
