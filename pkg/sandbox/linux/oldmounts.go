//go:build linux

package linux

import (
	"bufio"
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/ostext"
	"codex/pkg/policy"

	"golang.org/x/sys/unix"
)

// Before Linux 5.12 there is no mount_setattr(2), and before 5.2 none of its family.
// There the view is made with mount(2): each mount that exists is changed by name, one
// after the other. Profiles that list what may be read are refused: they are put
// together from detached mounts.

// oldMountCalls reports whether this kernel lacks the calls that enterMounts uses.
func oldMountCalls() bool {
	return unix.MountSetattr(-1, "", 0, &unix.MountAttr{}) == unix.ENOSYS
}

// enterOldMounts does what enterMounts does, in the mount namespace that this thread
// already has.
func enterOldMounts(p *plan) (lost byte, err error) {
	if p.has(flagOnlyListed) {
		return 0, &fault{cause: causeRefused, text: "profiles that list what may be read need Linux 5.12"}
	}
	if len(p.readable) > 0 || slices.ContainsFunc(p.roots, func(r root) bool {
		return slices.ContainsFunc(p.denied, func(d string) bool { return d != r.path && policy.Below(r.path, d) })
	}) {
		return 0, &fault{cause: causeRefused, text: "profiles that open something below what they hide need Linux 5.12"}
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return 0, &fault{causeRefused, "making mounts private: " + ostext.Of(err), err}
	}
	dev, err := takeDevices(openDevice)
	if err != nil {
		return 0, err
	}
	dev.put = bindFile
	late, err := bindRoots(p.roots)
	if err != nil {
		return 0, err
	}
	if err := remountAll(p.roots); err != nil {
		return 0, refusal(err)
	}
	if err := dev.mountOn("/dev"); err != nil {
		return 0, refusal(err)
	}
	if err := holdDevices(); err != nil {
		return 0, refusal(err)
	}
	for name, fd := range late {
		err := makePoint(name, fd)
		if err == nil {
			err = bindTree(fd, name, attrFlags)
		}
		unix.Close(fd)
		if err != nil {
			return 0, during(err, "mount %s", name)
		}
	}
	v := view{plan: p, roots: make([]int, len(p.roots))}
	if err := v.mountAll(v.mountOld); err != nil {
		return 0, err
	}
	lost, err = mountProc("/proc", p, func(_ int, name string) error {
		at := "/proc/" + name
		if _, err := os.Lstat(at); err != nil {
			return unix.ENOENT
		}
		return bindOnItself(at, attrFlags|unix.MS_RDONLY|unix.MS_NOEXEC)
	})
	return lost, refusal(err)
}

// bindRoots makes a mount of each writable root. Those below /dev are only opened: a new
// /dev comes between.
func bindRoots(roots []root) (late map[string]int, err error) {
	late = map[string]int{}
	for _, r := range roots {
		if r.path == "/" {
			continue
		}
		fd, err := openRoot(r)
		if err != nil {
			return nil, err
		}
		if policy.Below(r.path, "/dev") {
			late[r.path] = fd
			continue
		}
		err = unix.Mount(descriptor(fd), descriptor(fd), "", unix.MS_BIND|unix.MS_REC, "")
		unix.Close(fd)
		if err != nil {
			return nil, during(err, "copy writable root %s", r.path)
		}
	}
	return late, nil
}

// remountAll makes every mount read-only that is not at or below a writable root, and
// takes set-user-id programs and devices from all of them. What is in /dev is left: it is
// covered next, and its devices are still to be copied.
func remountAll(roots []root) error {
	points, err := mountPoints()
	if err != nil {
		return err
	}
	for _, m := range points {
		if policy.Below(m.path, "/dev") {
			continue
		}
		flags := uintptr(attrFlags | unix.MS_RDONLY)
		for _, r := range roots {
			if policy.Below(m.path, r.path) {
				flags = attrFlags
			}
		}
		if err := remount(m, flags); err != nil {
			return during(err, "restrict mount %s", m.path)
		}
	}
	return nil
}

// mountOld does for one path what mount does. The writable roots are mounts already, also
// those below what becomes read-only.
func (v *view) mountOld(s spot) (err error) {
	switch {
	case s.tree >= 0:
	case s.deny:
		err = hideOld(s.path)
	case s.link != "":
		err = pinLink(s.path, s.link)
	case s.pin:
		err = pinOld(s.path)
	default:
		err = bindOnItself(s.path, attrFlags|unix.MS_RDONLY, v.plan.roots...)
	}
	if err != nil {
		return crossed(err, "protect", s.path)
	}
	return nil
}

// pinLink makes a mount of a link that says link.
func pinLink(name, link string) error {
	fd, err := openGuard(name, link)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Mount(descriptor(fd), descriptor(fd), "", unix.MS_BIND, "")
}

// pinOld makes a mount of name that is as writable as before.
func pinOld(name string) error {
	err := bindOnItself(name, attrFlags)
	if outOfReach(err) {
		return nil
	}
	return err
}

// hideOld mounts something without names and bytes on name.
func hideOld(name string) error {
	fd, err := openTrue(name)
	if outOfReach(err) {
		return nil // there is nothing to hide
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		return unix.Mount("tmpfs", descriptor(fd), "tmpfs", attrFlags|unix.MS_RDONLY, "mode=000")
	}
	const empty = "/dev/.denied" // a name in the sandbox's own /dev, for as long as it is bound
	if err := unix.Mknod(empty, unix.S_IFREG, 0); err != nil {
		return err
	}
	defer unix.Unlink(empty)
	if err := unix.Mount(empty, descriptor(fd), "", unix.MS_BIND, ""); err != nil {
		return err
	}
	return remount(mountPoint{path: name}, attrFlags|unix.MS_RDONLY)
}

// bindOnItself makes a mount of name with flags, and of all that is mounted below it; those
// of roots stay writable.
func bindOnItself(name string, flags uintptr, roots ...root) error {
	fd, err := openTrue(name)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return bindTree(fd, name, flags, roots...)
}

// bindTree mounts fd and what is below it on name, with flags.
func bindTree(fd int, name string, flags uintptr, roots ...root) error {
	at, err := openTrue(name)
	if err != nil {
		return err
	}
	err = unix.Mount(descriptor(fd), descriptor(at), "", unix.MS_BIND|unix.MS_REC, "")
	unix.Close(at)
	if err != nil {
		return err
	}
	points, err := mountPoints()
	if err != nil {
		return err
	}
	for _, m := range points {
		if !policy.Below(m.path, name) {
			continue
		}
		flags := flags
		if slices.ContainsFunc(roots, func(r root) bool {
			return r.path != name && policy.Below(r.path, name) && policy.Below(m.path, r.path)
		}) {
			flags &^= unix.MS_RDONLY
		}
		if err := remount(m, flags); err != nil {
			return err
		}
	}
	return nil
}

// remount adds flags to the mount on top at m. One that cannot be reached by name is
// covered by another, or out of the user's reach, and so of the command's.
func remount(m mountPoint, flags uintptr) error {
	fd, err := openTrue(m.path)
	if err == unix.ENOENT || err == unix.EACCES || err == unix.ENOTDIR {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Mount("", descriptor(fd), "", unix.MS_REMOUNT|unix.MS_BIND|m.flags|flags, "")
}

// descriptor is a name for what fd is open on.
func descriptor(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// openDevice and bindFile are how devices get into the new /dev here.
func openDevice(name string) (int, error) {
	return unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
}

func bindFile(fd int, at string) error {
	return unix.Mount(descriptor(fd), at, "", unix.MS_BIND, "")
}

// holdDevices makes the copies of devices read-only, which keeps their modes and times.
func holdDevices() error {
	points, err := mountPoints()
	if err != nil {
		return err
	}
	for _, m := range points {
		if m.path == "/dev/console" || strings.HasPrefix(m.path, "/dev/") && slices.Contains(deviceNames(), m.path[len("/dev/"):]) {
			if err := remount(m, unix.MS_NOSUID|unix.MS_NOEXEC|unix.MS_RDONLY); err != nil {
				return during(err, "restrict %s", m.path)
			}
		}
	}
	return nil
}

// mountPoint is a mount of this thread's namespace.
type mountPoint struct {
	path  string
	flags uintptr // what is locked and must be said again when it is changed
}

// mountPoints lists the mounts, the later ones on top. The namespace is this thread's
// own, not that of the process.
func mountPoints() ([]mountPoint, error) {
	b, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		return nil, err
	}
	return parseMountInfo(b), nil
}

// parseMountInfo reads proc_pid_mountinfo(5); lines of another form are passed over.
func parseMountInfo(b []byte) []mountPoint {
	var out []mountPoint
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, len(b)+1)
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) < 6 || !strings.HasPrefix(f[4], "/") {
			continue
		}
		out = append(out, mountPoint{path: unescapeMount(f[4]), flags: mountFlags(f[5])})
	}
	return out
}

// mountFlags are the flags of a mount's options that remounting would otherwise clear.
func mountFlags(options string) (flags uintptr) {
	times := uintptr(unix.MS_STRICTATIME)
	for _, o := range strings.Split(options, ",") {
		switch o {
		case "ro":
			flags |= unix.MS_RDONLY
		case "nosuid":
			flags |= unix.MS_NOSUID
		case "nodev":
			flags |= unix.MS_NODEV
		case "noexec":
			flags |= unix.MS_NOEXEC
		case "nodiratime":
			flags |= unix.MS_NODIRATIME
		case "noatime":
			times = unix.MS_NOATIME
		case "relatime":
			times = unix.MS_RELATIME
		}
	}
	return flags | times
}

// unescapeMount turns the octal escapes of blanks, newlines and backslashes back.
func unescapeMount(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// walkTrue is openWay without openat2(2), Linux 5.6: one name after the other.
func walkTrue(name string, link bool) (int, error) {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if err != nil {
			return -1, err
		}
		if part == "" {
			continue
		}
		var next int
		next, err = unix.Openat(fd, part, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		unix.Close(fd)
		if err != nil {
			return -1, err
		}
		fd = next
		var st unix.Stat_t
		if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK && !(link && i == len(parts)-1) {
			err = unix.ELOOP
		}
		if err != nil {
			unix.Close(fd)
		}
	}
	if err != nil {
		return -1, err
	}
	return fd, nil
}
