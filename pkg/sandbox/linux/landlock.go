//go:build linux

package linux

import (
	"strconv"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Rights on paths, by what they are for.
const (
	rightsRead = ll.AccessFSExecute | ll.AccessFSReadFile | ll.AccessFSReadDir
	rightsFile = ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSIoctlDev | ll.AccessFSExecute
	rightsMake = ll.AccessFSRemoveDir | ll.AccessFSRemoveFile | ll.AccessFSMakeChar | ll.AccessFSMakeDir |
		ll.AccessFSMakeReg | ll.AccessFSMakeSock | ll.AccessFSMakeFifo | ll.AccessFSMakeBlock | ll.AccessFSMakeSym
	rightsTree = rightsRead | rightsFile | rightsMake | ll.AccessFSRefer
)

// landlockABI is the kernel's Landlock version, 0 without.
func landlockABI() int {
	v, err := ll.LandlockGetABIVersion()
	if err != nil || v < 0 {
		return 0
	}
	return v
}

// ruleset is a Landlock ruleset being written: with the kernel's ABI, and
// applied to this thread alone. The library's own front restricts every thread
// of the process, which costs more than all the rest of it, and would hold
// pid 1 to rules meant for the command.
type ruleset struct {
	fd      int
	handled uint64
}

// newRuleset gives nil when the kernel has no Landlock. abi 1 has no right to
// move files between directories, and forbids it always: it is left out.
func newRuleset(p *plan) (*ruleset, error) {
	abi := landlockABI()
	if abi < landlockMoves {
		return nil, nil
	}
	attr := ll.RulesetAttr{HandledAccessFS: rightsTree &^ (ll.AccessFSTruncate | ll.AccessFSIoctlDev)}
	if abi >= 3 {
		attr.HandledAccessFS |= ll.AccessFSTruncate
	}
	if abi >= 5 {
		attr.HandledAccessFS |= ll.AccessFSIoctlDev
	}
	if abi >= 6 {
		attr.Scoped = ll.ScopeSignal
	}
	if !p.has(flagNetwork) {
		if abi >= 4 && !p.has(flagBind) {
			attr.HandledAccessNet = ll.AccessNetBindTCP | ll.AccessNetConnectTCP
		}
		if abi >= 6 {
			attr.Scoped |= ll.ScopeAbstractUnixSocket
		}
		if abi >= 9 {
			attr.HandledAccessFS |= ll.AccessFSResolveUnix
		}
		if abi >= 10 && !p.has(flagBind) {
			attr.HandledAccessNet |= ll.AccessNetBindUDP | ll.AccessNetConnectSendUDP
		}
	}
	fd, err := ll.LandlockCreateRuleset(&attr, 0)
	if err != nil {
		return nil, during(err, "make a Landlock ruleset")
	}
	r := &ruleset{fd: fd, handled: attr.HandledAccessFS}
	if err := r.allowPorts(p, attr.HandledAccessNet); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return r, nil
}

// allow grants rights below name, or on it when it is a file. A missing name,
// or one that is hidden, grants nothing.
func (r *ruleset) allow(name string, rights uint64) error {
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if outOfReach(err) {
		return nil
	}
	if err != nil {
		return during(err, "open %s for Landlock", name)
	}
	defer unix.Close(fd)
	return r.allowOpen(fd, name, rights)
}

// allowOpen is allow for what fd is open on.
func (r *ruleset) allowOpen(fd int, name string, rights uint64) error {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= rightsFile
	}
	rule := ll.PathBeneathAttr{AllowedAccess: rights & r.handled, ParentFd: fd}
	if err := ll.LandlockAddPathBeneathRule(r.fd, &rule, 0); err != nil {
		return during(err, "allow %s with Landlock", name)
	}
	return nil
}

// allowRoots grants all rights below the writable roots, which no mount holds in place.
func (r *ruleset) allowRoots(p *plan) error {
	for _, root := range p.roots {
		fd, err := openRoot(root)
		if err != nil {
			return err
		}
		err = r.allowOpen(fd, root.path, rightsTree)
		unix.Close(fd)
		if err != nil {
			return err
		}
	}
	return nil
}

// allowStreams lets a standard stream that is open for writing be opened
// again, as scripts do with /dev/stderr.
func (r *ruleset) allowStreams() error {
	for fd := range 3 {
		fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err != nil || fl&unix.O_ACCMODE == unix.O_RDONLY {
			continue
		}
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil {
			continue
		}
		switch st.Mode & unix.S_IFMT {
		case unix.S_IFREG, unix.S_IFCHR:
			if err := r.allow("/proc/self/fd/"+strconv.Itoa(fd), rightsFile); err != nil {
				return err
			}
		}
	}
	return nil
}

// enforce allows reading everywhere and applies the rules to this thread, and
// so to what it starts.
func (r *ruleset) enforce() error {
	err := r.allow("/", rightsRead)
	if err == nil {
		err = during(ll.LandlockRestrictSelf(r.fd, 0), "restrict with Landlock")
	}
	unix.Close(r.fd)
	return err
}

// landlockWritable adds Landlock as a second layer below the mounts. It says
// less than they do (it cannot take a path out of a tree), but it holds for
// files reached past them: through /proc/self/fd of a stream that was opened
// outside. It also forbids changing mounts, and signals and abstract sockets
// to the outside. A kernel without it runs on the mounts alone.
func landlockWritable(p *plan) error {
	r, err := newRuleset(p)
	if r == nil {
		return err
	}
	if err := r.allowStreams(); err != nil {
		return err
	}
	if err := r.allow("/dev", rightsTree); err != nil {
		return err
	}
	if err := r.allow("/proc", rightsRead|rightsFile); err != nil {
		return err
	}
	for _, root := range p.roots { // they cannot be moved here, only hidden
		if err := r.allow(root.path, rightsTree); err != nil {
			return err
		}
	}
	return r.enforce()
}

// landlockInPlace is the file system rule where there are no namespaces.
func landlockInPlace(p *plan) error {
	r, err := newRuleset(p)
	if err != nil {
		return err
	}
	if r == nil {
		return during(unix.ENOSYS, "restrict with Landlock")
	}
	if err := r.allowStreams(); err != nil {
		return err
	}
	// The terminals below /dev/pts are the user's own: there are no new ones.
	for _, dev := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		if err := r.allow("/dev/"+dev, rightsRead|rightsFile); err != nil {
			return err
		}
	}
	if err := r.allowRoots(p); err != nil {
		return err
	}
	return r.enforce()
}
