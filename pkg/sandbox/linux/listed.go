//go:build linux

package linux

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
)

// A profile that lists what may be read gets a file system of its own: an
// empty tmpfs with what is listed mounted in it. It is put together on the
// host's /dev, which a new one replaces anyway, and becomes the root
// when it is complete.
const listedBase = "/dev"

// takeReadable copies what is listed while the host's tree is in sight.
func (v *view) takeReadable() error {
	for _, name := range v.plan.readable {
		fd, err := openTrue(name)
		if err != nil {
			return crossed(err, "open readable", name)
		}
		tree, err := copyTree(fd)
		unix.Close(fd)
		if err == nil {
			err = setAttr(tree, attrReadOnly)
		}
		if err != nil {
			return during(err, "copy readable %s", name)
		}
		v.readable = append(v.readable, tree)
	}
	return nil
}

// begin mounts the empty tree.
func (v *view) begin() error {
	v.base = listedBase
	if err := unix.Mount("tmpfs", v.base, "tmpfs", attrFlags, "mode=755"); err != nil {
		return &fault{causeRefused, "mounting a root: " + ostext.Of(err), err}
	}
	for _, dir := range []string{"/dev", "/proc", "/tmp"} {
		if err := os.Mkdir(v.base+dir, 0o755); err != nil {
			return during(err, "make %s", dir)
		}
	}
	return nil
}

// attrFlags is attrLocked in the words of mount(2).
const attrFlags = unix.MS_NOSUID | unix.MS_NODEV

// finish adds the links, makes the tree the root and lets go of the old one.
func (v *view) finish() error {
	for _, l := range v.plan.links {
		name := v.base + l.Path
		if _, err := os.Lstat(name); err == nil {
			continue // inside something that is mounted, with its links
		}
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			err = os.Symlink(l.Target, name)
		}
		if err != nil {
			return during(err, "link %s", l.Path)
		}
	}
	if err := unix.Chdir(v.base); err != nil {
		return during(err, "enter the new root")
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return during(err, "change the root")
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return during(err, "let go of the old root")
	}
	if err := unix.Chdir("/"); err != nil {
		return during(err, "enter the new root")
	}
	a := unix.MountAttr{Attr_set: attrReadOnly}
	return during(unix.MountSetattr(unix.AT_FDCWD, "/", 0, &a), "make the new root read-only")
}

// makePoint makes a directory or file to mount tree on.
func makePoint(name string, tree int) error {
	var st unix.Stat_t
	if err := unix.Fstat(tree, &st); err != nil {
		return err
	}
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return os.MkdirAll(name, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, nil, 0o444)
}
