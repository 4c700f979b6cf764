package sandbox

import (
	"golang.org/x/sys/unix"
)

// devices are copies of the host's device files, taken while they may still
// be opened, in the order of deviceNames; -1 where the host has none.
type devices struct {
	trees   []int
	console int // copy of the terminal on the standard streams, or -1
}

func deviceNames() []string { return []string{"null", "zero", "full", "random", "urandom", "tty"} }

func takeDevices() (*devices, error) {
	d := &devices{console: -1}
	for _, name := range deviceNames() {
		tree, err := unix.OpenTree(unix.AT_FDCWD, "/dev/"+name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
		if err == unix.ENOENT {
			tree, err = -1, nil
		}
		if err != nil {
			return nil, &fault{causeRefused, "copying /dev/" + name + ": " + errText(err), err}
		}
		d.trees = append(d.trees, tree)
	}
	// ttyname(3) looks below /dev for the terminal that a stream is; the new
	// devpts does not have it.
	for fd := range 3 {
		if _, err := unix.IoctlGetTermios(fd, unix.TCGETS); err != nil {
			continue
		}
		tree, err := unix.OpenTree(fd, "", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_EMPTY_PATH)
		if err == nil {
			d.console = tree
		}
		break
	}
	return d, nil
}

// place mounts a private /dev: the copied devices, a devpts of its own, and
// /dev/shm. It is writable; what is made there is gone with the sandbox.
func (d *devices) place() error {
	if err := unix.Mount("tmpfs", "/dev", "tmpfs", unix.MS_NOSUID|unix.MS_STRICTATIME, "mode=755"); err != nil {
		return during(err, "mount /dev")
	}
	dev, err := unix.Open("/dev", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return during(err, "open /dev")
	}
	defer unix.Close(dev)
	for i, name := range deviceNames() {
		if err := d.one(dev, name, d.trees[i]); err != nil {
			return during(err, "make /dev/%s", name)
		}
	}
	if err := d.one(dev, "console", d.console); err != nil {
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
	err = unix.Mount("devpts", "/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
	return during(err, "mount /dev/pts")
}

// one makes an empty file and puts a copied device on it.
func (d *devices) one(dev int, name string, tree int) error {
	if tree < 0 {
		return nil
	}
	defer unix.Close(tree)
	if err := unix.Mknodat(dev, name, unix.S_IFREG|0o644, 0); err != nil {
		return err
	}
	return unix.MoveMount(tree, "", dev, name, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// procCovers are the parts of /proc through which the host's root, even
// without capabilities, could change the machine: their files belong to uid 0
// and ask for nothing more.
func procCovers() []string {
	return []string{"sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "mtrr", "driver", "pressure", "asound", "kcore"}
}

// placeProc mounts a /proc that shows the pid namespace only, with the parts
// that set up the machine read-only. Where the kernel refuses (a container
// whose own /proc is partly covered) the read-only copy of the outer one stays.
func placeProc() error {
	err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err == unix.EPERM {
		return nil
	}
	if err != nil {
		return during(err, "mount /proc")
	}
	forbidUserNamespaces()
	proc, err := unix.Open("/proc", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return during(err, "open /proc")
	}
	defer unix.Close(proc)
	covers := procCovers()
	if unix.Geteuid() != 0 {
		covers = covers[:1] // the rest is not ours to write anyway
	}
	for _, name := range covers {
		tree, err := unix.OpenTree(proc, name, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
		if err == unix.ENOENT {
			continue
		}
		if err != nil {
			return during(err, "copy /proc/%s", name)
		}
		err = setAttr(tree, attrReadOnly|unix.MOUNT_ATTR_NOEXEC)
		if err == nil {
			err = unix.MoveMount(tree, "", proc, name, unix.MOVE_MOUNT_F_EMPTY_PATH)
		}
		unix.Close(tree)
		if err != nil {
			return during(err, "protect /proc/%s", name)
		}
	}
	return nil
}

// forbidUserNamespaces sets this user namespace's own limit to none: in a
// nested one a command would have capabilities again. The filter refuses the
// flags too; clone3 hides them from it.
func forbidUserNamespaces() {
	fd, err := unix.Open("/proc/sys/user/max_user_namespaces", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	unix.Write(fd, []byte("0"))
	unix.Close(fd)
}
