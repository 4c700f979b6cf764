//go:build linux

package linux

import (
	"strconv"

	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
)

// devices are copies of the host's device files, taken while they may still
// be opened, in the order of deviceNames; -1 where the host has none.
type devices struct {
	trees   []int
	console int // copy of the terminal on the standard streams, or -1

	put func(tree int, at string) error // puts a copy on the file at
}

func deviceNames() []string { return []string{"null", "zero", "full", "random", "urandom", "tty"} }

// cloneDevice gives a detached copy of one file's mount, read-only: a device can be
// written all the same, but not its mode and times.
func cloneDevice(name string) (int, error) {
	tree, err := unix.OpenTree(unix.AT_FDCWD, name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return -1, err
	}
	return tree, setAttr(tree, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC)
}

func takeDevices(take func(name string) (int, error)) (*devices, error) {
	d := &devices{console: -1, put: func(tree int, at string) error {
		return unix.MoveMount(tree, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH)
	}}
	for _, name := range deviceNames() {
		tree, err := take("/dev/" + name)
		if err == unix.ENOENT {
			tree, err = -1, nil
		}
		if err != nil {
			return nil, &fault{causeRefused, "copying /dev/" + name + ": " + ostext.Of(err), err}
		}
		d.trees = append(d.trees, tree)
	}
	d.console = takeTerminal(take)
	return d, nil
}

// takeTerminal copies the terminal that a standard stream is, or gives -1.
// ttyname(3) looks for it below /dev; the new devpts does not have it.
func takeTerminal(take func(name string) (int, error)) int {
	for fd := range 3 {
		if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
			continue
		}
		// The stream itself is on a mount that is not ours to copy; the same
		// file is found by its name.
		name, err := readlinkAt(unix.AT_FDCWD, descriptor(fd))
		if err != nil {
			return -1
		}
		var want, got unix.Stat_t
		if unix.Fstat(fd, &want) != nil {
			return -1
		}
		rdev := deviceOf(fd, &want)
		if name == "/dev/tty" { // the kernel's word for it
			name = "/dev/pts/" + strconv.Itoa(int(unix.Minor(rdev)))
		}
		tree, err := take(name)
		if err != nil {
			return -1
		}
		if unix.Fstat(tree, &got) != nil || got.Rdev != rdev {
			unix.Close(tree)
			return -1
		}
		return tree
	}
	return -1
}

// mountOn mounts a private /dev on at: the copied devices, a devpts of its own, and
// /dev/shm. It is writable; what is made there is gone with the sandbox.
func (d *devices) mountOn(at string) error {
	if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_STRICTATIME, "mode=755"); err != nil {
		return during(err, "mount /dev")
	}
	dev, err := unix.Open(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return during(err, "open /dev")
	}
	defer unix.Close(dev)
	for i, name := range deviceNames() {
		if err := d.one(dev, at, name, d.trees[i]); err != nil {
			return during(err, "make /dev/%s", name)
		}
	}
	if err := d.one(dev, at, "console", d.console); err != nil {
		return during(err, "make /dev/console")
	}
	for _, l := range [][2]string{{"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
		{"/proc/self/fd/2", "stderr"}, {"pts/ptmx", "ptmx"}} {
		if err := unix.Symlinkat(l[0], dev, l[1]); err != nil {
			return during(err, "make /dev/%s", l[1])
		}
	}
	if err := unix.Mkdirat(dev, "shm", 0o777); err != nil {
		return during(err, "make /dev/shm")
	}
	if err := unix.Fchmodat(dev, "shm", 0o1777, 0); err != nil {
		return during(err, "make /dev/shm")
	}
	if err := unix.Mkdirat(dev, "pts", 0o755); err != nil {
		return during(err, "make /dev/pts")
	}
	err = unix.Mount("devpts", at+"/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
	return during(err, "mount /dev/pts")
}

// one makes an empty file and puts a copied device on it.
func (d *devices) one(dev int, at, name string, tree int) error {
	if tree < 0 {
		return nil
	}
	defer unix.Close(tree)
	if err := unix.Mknodat(dev, name, unix.S_IFREG|0o644, 0); err != nil {
		return err
	}
	return d.put(tree, at+"/"+name)
}

// mountProc mounts on at a /proc that shows the pid namespace only, with the parts
// that set up the machine read-only, each by cover. Where the kernel refuses (a container
// whose own /proc is partly covered) the read-only copy of the outer one stays.
func mountProc(at string, p *plan, cover func(proc int, name string) error) (lost byte, err error) {
	err = unix.Mount("proc", at, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err == unix.EPERM {
		return lostProc, nil
	}
	if err != nil {
		return 0, during(err, "mount /proc")
	}
	if !p.has(flagAsRoot) { // then the limit is the whole machine's
		forbidUserNamespaces(at)
	}
	proc, err := unix.Open(at, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, during(err, "open /proc")
	}
	defer unix.Close(proc)
	covers, err := procCovers(proc)
	if err != nil {
		return 0, during(err, "look at /proc")
	}
	for _, name := range covers {
		if err := cover(proc, name); err != nil && err != unix.ENOENT {
			return 0, during(err, "protect /proc/%s", name)
		}
	}
	return 0, nil
}

// coverProc puts a read-only copy of a part of /proc on it.
func coverProc(proc int, name string) error {
	tree, err := unix.OpenTree(proc, name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return err
	}
	defer unix.Close(tree)
	if err := setAttr(tree, attrReadOnly|unix.MOUNT_ATTR_NOEXEC); err != nil {
		return err
	}
	return unix.MoveMount(tree, "", proc, name, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// procCovers lists what of /proc becomes read-only: its settings, and for the
// host's root everything beside the processes that may be written. Its files
// belong to uid 0, and many ask for nothing more, no capability either: with
// them the machine could be changed, or taken over.
func procCovers(proc int) ([]string, error) {
	if unix.Geteuid() != 0 {
		return []string{"sys", "pressure"}, nil // the rest is not for everybody to write
	}
	dir, err := unix.Openat(proc, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir)
	var names, covers []string
	buf := make([]byte, 8<<10)
	for {
		n, err := unix.ReadDirent(dir, buf)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
	for _, name := range names {
		if name[0] >= '0' && name[0] <= '9' && name != "1" { // but pid 1's
			continue
		}
		var st unix.Stat_t
		if err := unix.Fstatat(proc, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return nil, err
		}
		kind := st.Mode & unix.S_IFMT
		if kind == unix.S_IFDIR || kind == unix.S_IFREG && st.Mode&0o222 != 0 {
			covers = append(covers, name)
		}
	}
	return covers, nil
}

// forbidUserNamespaces sets this user namespace's own limit to none: in a
// nested one a command would have capabilities again. The filter refuses the
// flags too; clone3 hides them from it.
func forbidUserNamespaces(proc string) {
	fd, err := unix.Open(proc+"/sys/user/max_user_namespaces", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	unix.Write(fd, []byte("0"))
	unix.Close(fd)
}
