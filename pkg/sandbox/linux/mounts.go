//go:build linux

package linux

import (
	"errors"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
	"codex/pkg/policy"
)

// Flags of every mount in the sandbox: no set-user-id programs, no devices.
const (
	attrLocked   = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV
	attrReadOnly = attrLocked | unix.MOUNT_ATTR_RDONLY
)

// enterMounts moves this thread into a mount namespace of its own and builds
// the command's view of the file system there, and tells what is lost of it. The
// other threads stay where they are.
func enterMounts(p *plan) (lost byte, err error) {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return 0, &fault{causeRefused, "creating a mount namespace: " + ostext.Of(err), err}
	}
	if oldMountCalls() {
		return enterOldMounts(p)
	}
	// Copies are taken before anything becomes read-only.
	dev, err := takeDevices(cloneDevice)
	if err != nil {
		return 0, err
	}
	roots, err := takeRoots(p.roots)
	if err != nil {
		return 0, err
	}
	v := view{plan: p, roots: roots}
	if err := v.takeReadable(); err != nil {
		return 0, err
	}
	all := unix.MountAttr{Attr_set: attrReadOnly, Propagation: unix.MS_PRIVATE}
	if len(p.roots) > 0 && p.roots[0].path == "/" {
		all.Attr_set = attrLocked // only paths below it are protected
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &all); err != nil {
		return 0, &fault{causeRefused, "making the file system read-only: " + ostext.Of(err), err}
	}
	if p.has(flagOnlyListed) {
		if err := v.begin(); err != nil {
			return 0, err
		}
	}
	if err := dev.mountOn(v.base + "/dev"); err != nil {
		return 0, refusal(err)
	}
	if err := v.mountAll(v.mount); err != nil {
		return 0, err
	}
	lost, err = mountProc(v.base+"/proc", p, coverProc)
	if err != nil {
		return lost, refusal(err)
	}
	if p.has(flagOnlyListed) {
		err = v.finish()
	}
	return lost, err
}

// refusal marks an error that the kernel's rules, not the policy's paths, are
// the cause of.
func refusal(err error) error {
	var f *fault
	if errors.As(err, &f) && f.cause == causeOther {
		return &fault{causeRefused, f.text + ": " + ostext.Of(f.err), f.err}
	}
	return err
}

// openTrue opens name without following any symbolic link: names were resolved
// when the policy was made, so a link now is a swap.
func openTrue(name string) (int, error) { return openWay(name, 0) }

// openWay is openTrue, or, with O_NOFOLLOW, opens a link that name is itself.
func openWay(name string, noFollow uint64) (int, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | noFollow, Resolve: unix.RESOLVE_NO_SYMLINKS}
	for {
		fd, err := unix.Openat2(unix.AT_FDCWD, name, &how)
		if err == unix.ENOSYS {
			return walkTrue(name, noFollow != 0)
		}
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
}

// copyTree gives a detached copy of the mounts at fd.
func copyTree(fd int) (int, error) {
	return unix.OpenTree(fd, "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH|unix.AT_RECURSIVE)
}

// attach puts a detached tree on top of what at is.
func attach(tree, at int) error {
	return unix.MoveMount(tree, "", at, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH)
}

// setAttr changes a detached tree, with all mounts in it.
func setAttr(tree int, set uint64) error {
	a := unix.MountAttr{Attr_set: set, Propagation: unix.MS_PRIVATE}
	return unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &a)
}

// openRoot opens a writable root, and makes sure that it is still what it was when the
// policy was resolved.
func openRoot(r root) (int, error) {
	fd, err := openTrue(r.path)
	if err != nil {
		return -1, crossed(err, "open writable root", r.path)
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if is := (policy.FileID{Dev: uint64(st.Dev), Ino: st.Ino}); err == nil && r.id != (policy.FileID{}) && r.id != is {
		err = errors.New("it is not the directory that was granted")
	}
	if err != nil {
		unix.Close(fd)
		return -1, during(err, "open writable root %s", r.path)
	}
	return fd, nil
}

// openGuard opens what a guard is about: a link itself, if it still says what it did.
func openGuard(name, link string) (int, error) {
	if link == "" {
		return openTrue(name)
	}
	fd, err := openWay(name, unix.O_NOFOLLOW)
	if err != nil {
		return -1, err
	}
	if to, err := readlinkAt(fd, ""); err != nil || to != link {
		unix.Close(fd)
		return -1, unix.ESTALE
	}
	return fd, nil
}

// takeRoots copies each writable root while it is still writable.
func takeRoots(roots []root) ([]int, error) {
	trees := make([]int, len(roots))
	for i, r := range roots {
		if r.path == "/" {
			continue
		}
		fd, err := openRoot(r)
		if err != nil {
			return nil, err
		}
		trees[i], err = copyTree(fd)
		unix.Close(fd)
		if err != nil {
			return nil, during(err, "copy writable root %s", r.path)
		}
		if err := setAttr(trees[i], attrLocked); err != nil {
			return nil, during(err, "restrict writable root %s", r.path)
		}
	}
	return trees, nil
}

// view is the file system being put together below base: the host's own tree,
// or, with flagOnlyListed, an empty one.
type view struct {
	plan     *plan
	base     string
	roots    []int // detached copies of plan.roots
	readable []int // and of plan.readable
	empty    int   // a tmpfs with a directory and a file that nobody may look into; 0 is none yet
	spots    []spot
}

// spot is a path to mount on: a detached tree, or, with tree < 0, a path that
// becomes read-only, or hidden, or stays what it is.
type spot struct {
	path   string
	link   string // what path says, which is a link and stays one
	tree   int
	deny   bool
	pin    bool
	opened []spot // with deny: what is below it all the same
}

// mountAll puts the writable roots back and the protected paths on top, parents
// before children so that the narrower rule covers the wider.
func (v *view) mountAll(mount func(s spot) error) error {
	p := v.plan
	for i, r := range p.readable {
		v.add(spot{path: r, tree: v.readable[i]})
	}
	for i, r := range p.roots {
		if r.path != "/" {
			v.add(spot{path: r.path, tree: v.roots[i]})
		} else {
			v.add(spot{path: "/sys", tree: -1}) // the machine is not part of the files
		}
	}
	for _, g := range p.guards {
		v.add(spot{path: g.path, link: g.link, tree: -1})
	}
	for _, d := range p.denied {
		v.add(spot{path: d, tree: -1, deny: true, opened: v.below(d)})
	}
	for _, name := range p.pins() {
		v.add(spot{path: name, tree: -1, pin: true})
	}
	deepest := 0
	for i := range v.spots {
		deepest = max(deepest, depth(v.spots[i].path))
	}
	for level := range deepest + 1 {
		for i := range v.spots {
			if depth(v.spots[i].path) != level {
				continue
			}
			if err := mount(v.spots[i]); err != nil {
				return err
			}
		}
	}
	for _, d := range p.hidden {
		if err := mount(spot{path: d, tree: -1, deny: true}); err != nil {
			return err
		}
	}
	return nil
}

//go:noinline
func (v *view) add(s spot) { v.spots = append(v.spots, s) }

// below gives what is mounted of its own below a path that is to be hidden.
func (v *view) below(hidden string) (opened []spot) {
	for _, s := range v.spots {
		if s.tree >= 0 && s.path != hidden && policy.Below(s.path, hidden) {
			opened = append(opened, s)
		}
	}
	return opened
}

// pins gives the directories between a writable root and what is protected or hidden
// below it. They become mounts too, which cannot be renamed: one that was moved away
// could be replaced by another, with the protected name in it to write at will.
func (p *plan) pins() []string {
	mounted := map[string]bool{}
	for _, r := range p.roots {
		mounted[r.path] = true
	}
	for _, g := range p.guards {
		mounted[g.path] = true
	}
	var out []string
	above := func(name string) {
		for at := path.Dir(name); p.movable(at); at = path.Dir(at) {
			if !mounted[at] {
				mounted[at] = true
				out = append(out, at)
			}
		}
	}
	for _, r := range p.roots {
		above(r.path)
	}
	for _, g := range p.guards {
		above(g.path)
	}
	for _, d := range append(p.denied[:len(p.denied):len(p.denied)], p.hidden...) {
		above(d)
	}
	return out
}

// movable reports whether name lies in a writable root, and is not one's top alone.
func (p *plan) movable(name string) bool {
	return slices.ContainsFunc(p.roots, func(r root) bool { return name != r.path && policy.Below(name, r.path) })
}

func depth(p string) int {
	if p == "/" {
		return 0
	}
	return strings.Count(p, "/")
}

func (v *view) mount(s spot) error {
	name := v.base + s.path
	if s.tree >= 0 && (v.base != "" || strings.HasPrefix(s.path, "/dev/")) {
		if err := makePoint(name, s.tree); err != nil { // what is below is empty
			return during(err, "make %s", s.path)
		}
	}
	at, err := openGuard(name, s.link)
	if err != nil {
		if (s.deny || s.pin) && outOfReach(err) {
			return nil // there is nothing to hide, or to hold
		}
		return crossed(err, "open", s.path)
	}
	defer unix.Close(at)
	tree := s.tree
	if s.deny {
		if tree, err = v.nothing(at, s); err != nil {
			return during(err, "hide %s", s.path)
		}
	} else if tree < 0 {
		if tree, err = copyTree(at); err != nil {
			return during(err, "copy %s", s.path)
		}
		if !s.pin {
			err = setAttr(tree, attrReadOnly)
		}
		if err != nil {
			return during(err, "protect %s", s.path)
		}
	}
	defer unix.Close(tree)
	return during(attach(tree, at), "mount %s", s.path)
}

// outOfReach tells from an error of openTrue that a command will not get at the
// name either.
func outOfReach(err error) bool {
	return err == unix.ENOENT || err == unix.ENOTDIR || err == unix.EACCES
}

// nothing gives a detached mount that shows neither names nor bytes, of the
// kind that at is, a directory or a file. Those without anything opened below
// are copies of one.
func (v *view) nothing(at int, s spot) (int, error) {
	var st unix.Stat_t
	if err := unix.Fstat(at, &st); err != nil {
		return -1, err
	}
	name := "file"
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		name = "directory"
	}
	if len(s.opened) > 0 && name == "directory" {
		root, err := newTmpfs()
		if err != nil {
			return -1, err
		}
		defer unix.Close(root)
		if err := v.passage(root, s); err != nil {
			return -1, err
		}
		return readOnlyPart(root, "passage")
	}
	if v.empty <= 0 {
		root, err := newTmpfs()
		if err != nil {
			return -1, err
		}
		err = unix.Mkdirat(root, "directory", 0)
		if err == nil {
			err = unix.Mknodat(root, "file", unix.S_IFREG, 0)
		}
		if v.empty = root; err != nil {
			return -1, err
		}
	}
	return readOnlyPart(v.empty, name)
}

// passage makes a directory of root that can be gone through, but not listed,
// to the directories to mount what is opened below s.
func (v *view) passage(root int, s spot) error {
	base := "/proc/self/fd/" + strconv.Itoa(root) + "/passage"
	dirs := map[string]bool{base: true}
	if err := os.Mkdir(base, 0o700); err != nil {
		return err
	}
	for _, o := range s.opened {
		name := path.Join(base, o.path[len(s.path):])
		if err := makePoint(name, o.tree); err != nil {
			return err
		}
		for at := path.Dir(name); len(at) > len(base); at = path.Dir(at) {
			dirs[at] = true
		}
	}
	for _, at := range slices.Sorted(maps.Keys(dirs)) { // the way stays open
		if err := os.Chmod(at, 0o111); err != nil {
			return err
		}
	}
	return nil
}

// newTmpfs gives the root of a detached tmpfs.
func newTmpfs() (int, error) {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fs)
	if err := unix.FsconfigCreate(fs); err != nil {
		return -1, err
	}
	return unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, attrLocked)
}

// readOnlyPart gives a copy of a tree from name on that nobody can change.
func readOnlyPart(root int, name string) (int, error) {
	tree, err := unix.OpenTree(root, name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return -1, err
	}
	return tree, setAttr(tree, attrReadOnly)
}

// crossed explains a name that leads over a symbolic link.
func crossed(err error, what, name string) error {
	if errors.Is(err, unix.ELOOP) {
		return &fault{causeOther, "cannot enforce sandbox read-only path " + name +
			" because it crosses writable symlink " + linkOn(name), nil}
	}
	return during(err, "%s %s", what, name)
}

// linkOn finds the first symbolic link on the way to name.
func linkOn(name string) string {
	for i := 1; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		var st unix.Stat_t
		if err := unix.Lstat(name[:i], &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
			return name[:i]
		}
	}
	return name
}
