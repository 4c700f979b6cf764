package sandbox

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"codex/pkg/policy"

	"golang.org/x/sys/unix"
)

// landlockNeeded is the ABI that makes Landlock enough for read-only: it
// sees truncation.
const landlockNeeded = 3

// hostSupport is Probe, once a process.
var hostSupport = sync.OnceValue(func() *Support {
	s := Probe()
	return &s
})

// Probe finds which layers this kernel gives. It starts the second stage once
// to try them together and, only when that fails, a process for each alone.
func Probe() Support {
	s := Support{Landlock: landlockABI(), Seccomp: seccompFilters()}
	err := probeSpaces()
	if err == nil {
		s.UserNS, s.MountNS, s.PidNS, s.IpcNS, s.NetNS, s.Spaces = true, true, true, true, true, true
		return s
	}
	s.Reason = err.Error()
	var r *RefusedError
	if errors.As(err, &r) {
		s.Reason = r.Reason
	}
	s.UserNS = probeFlags(unix.CLONE_NEWUSER)
	s.MountNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWNS)
	s.PidNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWPID)
	s.IpcNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWIPC)
	s.NetNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWNET)
	return s
}

// probeSpaces sets up a read-only sandbox and runs nothing in it.
func probeSpaces() error {
	p := &plan{flags: flagProbe, dir: "/"}
	c := stageCmd(context.Background(), Spec{Policy: policy.Policy{FullDiskRead: true}, Argv: []string{self}}, p)
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// probeFlags tries to make one kind of namespace: the second stage, started
// without a control socket, ends at once.
func probeFlags(flags uintptr) bool {
	c := exec.Command(self)
	c.Args, c.Env = []string{stageName, "probe"}, []string{}
	c.SysProcAttr = &syscall.SysProcAttr{}
	spaces(c.SysProcAttr)
	c.SysProcAttr.Cloneflags = flags
	if err := c.Start(); err != nil {
		return false
	}
	c.Wait()
	return true
}

func seccompFilters() bool {
	const actionAvail = 2 // SECCOMP_GET_ACTION_AVAIL
	action := uint32(retErrno)
	_, _, no := unix.Syscall(unix.SYS_SECCOMP, actionAvail, 0, uintptr(unsafe.Pointer(&action)))
	return no == 0
}

// refuses says why pol cannot run on a kernel without namespaces, or nil when
// Landlock and the filter are enough for it.
func (s *Support) refuses(pol policy.Policy) error {
	switch {
	case !s.Seccomp:
		return refused(s.Reason + "; and this kernel has no seccomp filters")
	case len(pol.Writable) > 0 || len(pol.Denied) > 0 || !pol.FullDiskRead:
		return refused(s.Reason)
	case s.Landlock < landlockNeeded:
		return refused(s.Reason + "; and Landlock is missing or too old")
	}
	return nil
}

// Explain lists what of pol is not enforced here, or why it is refused. Nil
// means all of it is enforced.
func (s Support) Explain(pol policy.Policy) []string {
	if !pol.Restricted() || s.Spaces {
		return nil
	}
	if pol.FullDiskWrite && len(pol.Denied) == 0 {
		if s.Seccomp {
			return nil
		}
		return []string{"seccomp filters are missing: the network cannot be switched off, commands are refused"}
	}
	if err := s.refuses(pol); err != nil {
		var r *RefusedError
		errors.As(err, &r)
		return append([]string{"commands are refused: " + r.Reason}, r.Hints...)
	}
	out := []string{
		"namespaces are refused (" + s.Reason + "): Landlock and seccomp hold the command instead",
		"processes outside are visible to it",
		"background processes may outlive it",
		"System V shared memory of the host can be reached",
	}
	if s.Landlock < 6 {
		out = append(out, "signals reach processes outside")
	}
	return out
}

// refused makes the error for a kernel that says no, with what to do about
// it.
func refused(reason string) *RefusedError {
	r := &RefusedError{Reason: reason}
	switch {
	case strings.Contains(reason, errText(unix.ENOSYS)):
		r.Hints = append(r.Hints, "namespaces are used through calls of Linux 5.12")
	case sysctlIs("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"):
		r.Hints = append(r.Hints, "AppArmor restricts user namespaces: allow them with 'sysctl kernel.apparmor_restrict_unprivileged_userns=0' or an AppArmor profile for codex-sandbox")
	case sysctlIs("/proc/sys/kernel/unprivileged_userns_clone", "0"):
		r.Hints = append(r.Hints, "user namespaces are switched off: 'sysctl kernel.unprivileged_userns_clone=1'")
	case sysctlIs("/proc/sys/user/max_user_namespaces", "0"):
		r.Hints = append(r.Hints, "user namespaces are switched off: 'sysctl user.max_user_namespaces=15000' (inside another sandbox this is as it should be)")
	default:
		r.Hints = append(r.Hints, "in a container, start it with a seccomp profile that lets user namespaces be made")
	}
	r.Hints = append(r.Hints, "read-only mode needs only Landlock and seccomp",
		"danger-full-access mode runs commands without a sandbox")
	return r
}

func sysctlIs(name, value string) bool {
	b, err := os.ReadFile(name)
	return err == nil && strings.TrimSpace(string(b)) == value
}
