//go:build linux

package linux

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"codex/pkg/policy"
	"codex/pkg/sandbox/linux/seccomp"

	"golang.org/x/sys/unix"
)

// landlockNeeded is the ABI that makes Landlock enough for read-only: it
// sees truncation.
const landlockNeeded = 3

// landlockMoves is the first that can allow files to be moved between directories: without
// that it is not used.
const landlockMoves = 2

// Probe finds which layers this kernel gives. It starts the init process once
// to try them together and, only when that fails, a process for each alone.
func Probe() Support {
	s := Support{Landlock: landlockABI(), Seccomp: seccomp.Supported()}
	flags := uint32(0)
	if !s.Seccomp {
		flags |= flagNoFilter
	}
	lost, err := probeSpaces(flags)
	s.UserNS = err == nil
	if err != nil {
		s.Reason = reasonOf(err)
		if os.Geteuid() == 0 {
			lost, err = probeSpaces(flags | flagAsRoot)
			s.AsRoot = err == nil
		}
	}
	if err == nil {
		s.MountNS, s.PidNS, s.IpcNS, s.NetNS, s.Spaces = true, true, true, true, true
		s.OuterProc = lost&lostProc != 0
		return s
	}
	s.UserNS = probeFlags(unix.CLONE_NEWUSER)
	s.MountNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWNS)
	s.PidNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWPID)
	s.IpcNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWIPC)
	s.NetNS = s.UserNS && probeFlags(unix.CLONE_NEWUSER|unix.CLONE_NEWNET)
	return s
}

// reasonOf is what the kernel refused.
func reasonOf(err error) string {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Reason
	}
	return err.Error()
}

// probeSpaces sets up a read-only sandbox, runs nothing in it, and tells what it
// had to do without.
func probeSpaces(flags uint32) (lost byte, err error) {
	p := &plan{flags: flags | flagProbe, dir: "/"}
	cmd, c := child(context.Background(), p, "")
	if cmd, err = c.Start(cmd); err != nil {
		return 0, err
	}
	err = cmd.Wait()
	c.Ended()
	return c.lost, err
}

// probeFlags tries to make one kind of namespace: the init process, started
// without a control socket, ends at once.
func probeFlags(flags uintptr) bool {
	c := exec.Command(self)
	c.Args, c.Env = []string{initName, "probe"}, []string{}
	c.SysProcAttr = &syscall.SysProcAttr{}
	spaces(c.SysProcAttr, 0)
	c.SysProcAttr.Cloneflags = flags
	if err := c.Start(); err != nil {
		return false
	}
	c.Wait()
	return true
}

// refuses says why pol cannot run here, or nil. Without namespaces Landlock and the
// filter are enough to forbid all writing; alone lets them do for what they hold of
// writable roots, too. Without a filter the namespaces are enough.
func (s *Support) refuses(pol policy.Policy, alone bool) error {
	switch {
	case s.Spaces:
		return nil
	case !s.Seccomp:
		return refused(s.Reason + "; and this kernel has no seccomp filters")
	case len(pol.Denied)+len(pol.DeniedGlobs) > 0 || !pol.FullDiskRead, len(pol.Writable) > 0 && !alone:
		return refused(s.Reason)
	case s.Landlock < landlockNeeded:
		return refused(s.Reason + "; and Landlock is missing or too old")
	}
	return nil
}

// Explain lists what of pol is not enforced here, or why it is refused.
// Nil means all of it is enforced.
func (s Support) Explain(pol policy.Policy, alone bool) []string {
	if !pol.Restricted() {
		return nil
	}
	if networkOnly(pol) {
		if s.Seccomp {
			return nil
		}
		return []string{"commands are refused: this kernel has no seccomp filters, which would switch the network off"}
	}
	if err := s.refuses(pol, alone); err != nil {
		var r *Refusal
		errors.As(err, &r)
		return append([]string{"commands are refused: " + r.Reason}, r.Hints...)
	}
	var out []string
	if s.Spaces {
		if s.OuterProc {
			out = append(out, "/proc cannot be mounted: processes outside are visible to the command")
		}
		if !s.Seccomp {
			out = append(out, "this kernel has no seccomp filters: Unix sockets outside can be reached, and so can every call of the kernel")
		}
		if s.Landlock < landlockMoves { // mounts hold what is in files, not what is in pipes
			out = append(out, "Landlock is missing or too old: named pipes (FIFOs) outside can be written to")
		}
		return out
	}
	out = append(out, "namespaces are refused ("+s.Reason+"): Landlock and seccomp hold the command instead")
	if len(pol.Writable) > 0 {
		out = append(out, ".git, .agents, .codex and CODEX_HOME below the writable roots can be changed",
			"modes, owners, times and attributes of files outside can be changed")
	}
	if pol.Proxy != nil && !pol.Network {
		out = append(out, "the network is off: the proxy needs a network namespace")
	}
	out = append(out, "processes outside are visible to it", "background processes may outlive it")
	if s.Landlock < 6 {
		out = append(out, "signals reach processes outside")
	}
	return out
}

// refused makes the error for a kernel that says no, with what to do about
// it.
func refused(reason string) *Refusal {
	r := &Refusal{Reason: reason}
	switch {
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
		"'use_legacy_landlock = true' below [features] lets these do for workspace-write, too: .git, .agents and .codex are not protected then",
		"danger-full-access mode runs commands without a sandbox")
	return r
}

func sysctlIs(name, value string) bool {
	b, err := os.ReadFile(name)
	return err == nil && strings.TrimSpace(string(b)) == value
}
