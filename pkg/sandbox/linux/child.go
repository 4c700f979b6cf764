//go:build linux

package linux

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
	"codex/pkg/policy"
)

// initName is argv[0] of the init process, and how Init knows it.
const initName = "codex-sandbox-init"

// self is the running program, also after its file was replaced.
const self = "/proc/self/exe"

// Spec is one command to confine.
type Spec struct {
	Policy policy.Policy
	Prog   string   // looked up in the PATH of Env
	Argv   []string // with argv[0]
	Dir    string
	Env    []string
	Tty    bool   // stdin becomes the controlling terminal
	Tag    string // shown in the init process's command line

	// Take gets the sockets that the init process listens on at Ports, nil for port 0,
	// when Policy.Proxy lets something out. Without it there is no network.
	Take  func(http, socks *os.File) error
	Ports [2]uint16

	Alone     bool           // Landlock may do for writable roots
	NoNetwork string         // NAME=value: what tells the command, should it have no network after all
	Support   func() Support // asked when it matters
}

// ProgramError says that the command's program could not be run.
type ProgramError struct{ Errno syscall.Errno }

func (e *ProgramError) Error() string { return e.Errno.Error() }

// Child is the caller's side of a confined command.
type Child struct {
	plan *plan
	take func(http, socks *os.File) error
	lost byte // what the sandbox does without: lost bits of plan.go

	// Inherit are the standard streams for a plain fork, nil for os/exec.
	Inherit []*os.File
	// Reserve may have an init process that waits.
	Reserve *Reserve

	mu  sync.Mutex // Signal and Wait may meet
	ctl int        // our end of the socket pair while the command runs, else -1
}

// New prepares the process that is to be confined and started with Start. What the
// kernel is known not to enforce is a *Refusal.
func New(ctx context.Context, spec Spec) (*exec.Cmd, *Child, error) {
	p, err := planFor(ctx, spec)
	if err != nil {
		return nil, nil, err
	}
	cmd, c := child(ctx, p, spec.Tag)
	c.take = spec.Take
	return cmd, c, nil
}

func child(ctx context.Context, p *plan, tag string) (*exec.Cmd, *Child) {
	cmd := exec.CommandContext(ctx, self)
	cmd.Args = []string{initName}
	if tag != "" {
		cmd.Args = append(cmd.Args, tag)
	}
	setAttributes(cmd, p.mode, p.flags)
	return cmd, &Child{plan: p, ctl: -1}
}

// setAttributes is how an init process is started.
func setAttributes(c *exec.Cmd, m mode, flags uint32) {
	// The process itself is not to be steered by the command's environment. It
	// has one thing to do after the other: fewer threads, a faster start. And
	// its runtime must not keep files of the control group open, for it closes
	// all that it does not know. Where the system gives it too little, the
	// runtime's two lines on it are enough.
	c.Env, c.Dir = []string{"GOMAXPROCS=1", "GODEBUG=containermaxprocs=0", "GOTRACEBACK=none"}, "/"
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if m != modeSpaces {
		c.SysProcAttr.Pdeathsig = syscall.SIGKILL
		return
	}
	spaces(c.SysProcAttr, flags)
}

// spaces asks for the namespaces. Ids map to themselves: a command sees the
// user it runs as. The ambient capabilities carry the rights over the new
// namespaces through the exec; the init process drops them. There is no
// parent-death signal: it would follow the thread that forks, and it would not
// leave pid 1 the time to take its placeholders away. The end of the socket
// pair tells pid 1 instead. Root, where user namespaces are switched off, has
// these rights without one.
func spaces(a *syscall.SysProcAttr, flags uint32) {
	a.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SETPCAP}
	a.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWIPC
	if flags&flagNetwork == 0 {
		a.Cloneflags |= unix.CLONE_NEWNET
	}
	if flags&flagAsRoot != 0 {
		return
	}
	a.Cloneflags |= unix.CLONE_NEWUSER
	// To bring the loopback interface up, and to forbid more user namespaces. The root of a
	// container mostly lacks the second, and needs neither without a user namespace.
	a.AmbientCaps = append(a.AmbientCaps, unix.CAP_NET_ADMIN, unix.CAP_SYS_RESOURCE)
	uid, gid := os.Geteuid(), os.Getegid()
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
}

// Start starts cmd, or the command in the init process that waited, and gives which it
// was: that is the one to wait for. A policy that turns out not to be enforceable is
// a *Refusal, a program that cannot be run a *ProgramError.
func (c *Child) Start(cmd *exec.Cmd) (*exec.Cmd, error) {
	if r := c.Reserve; r != nil && c.plan.mode == modeSpaces {
		used, err := c.startSpare(cmd)
		r.fill(c.plan.flags & spareFlags)
		if used != nil {
			return used, err
		}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return cmd, fmt.Errorf("make the control socket: %w", err)
	}
	control := os.NewFile(uintptr(pair[1]), "control")
	cmd.ExtraFiles = []*os.File{control}
	if c.Inherit != nil {
		err = c.fork(cmd, control)
	} else {
		err = cmd.Start()
	}
	control.Close()
	if err != nil {
		unix.Close(pair[0])
		return cmd, startError(err)
	}
	if err := c.handshake(pair[0]); err != nil {
		unix.Close(pair[0])
		cmd.Process.Kill()
		cmd.Wait()
		c.sweep()
		return cmd, err
	}
	c.controlledBy(pair[0])
	return cmd, nil
}

func (c *Child) controlledBy(ctl int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ctl = ctl
}

// fork does the part of exec.Cmd's Start that is left when the streams are files and the
// context has no say.
func (c *Child) fork(cmd *exec.Cmd, control *os.File) error {
	attr := &syscall.ProcAttr{Dir: cmd.Dir, Env: cmd.Env, Sys: cmd.SysProcAttr}
	for _, f := range append(c.Inherit, control) {
		attr.Files = append(attr.Files, f.Fd())
	}
	pid, err := syscall.ForkExec(cmd.Path, cmd.Args, attr)
	if err != nil {
		return fmt.Errorf("fork %s: %w", cmd.Path, err)
	}
	cmd.Process = &os.Process{Pid: pid}
	return nil
}

// startError names what a failing fork or exec means.
func startError(err error) error {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err
	}
	switch no {
	case syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS:
		return refused("creating namespaces: " + ostext.Of(no))
	}
	return fmt.Errorf("start the init process: %w", err)
}

// handshake sends the plan and waits until the command runs or failed to.
func (c *Child) handshake(ctl int) error {
	if err := writeAll(ctl, c.plan.encode()); err != nil {
		return fmt.Errorf("send the plan: %w", err)
	}
	kind, body, err := c.readStart(ctl)
	var proxy *proxyError
	switch {
	case errors.As(err, &proxy):
		return err
	case err == io.EOF && c.plan.mode != modeSpaces:
		return nil // it became the command
	case err != nil:
		return fmt.Errorf("the init process ended early: %w", err)
	case kind == recStarted || kind == recExit && c.plan.has(flagProbe):
		if len(body) == 1 {
			c.lost = body[0]
		}
		return nil
	case kind != recError:
		return fmt.Errorf("unknown record %q from the init process", kind)
	}
	d := decoder{b: body}
	cause, no, text := d.u32(), syscall.Errno(d.u32()), d.str()
	switch {
	case cause == causeExec && text == "":
		return &ProgramError{no}
	case cause == causeRefused:
		return refused(text)
	case no != 0:
		return fmt.Errorf("%s: %w", text, no)
	}
	return errors.New(text)
}

// Ended is called when the process was waited for, and gives how the command in it
// ended; ok is false when that is how the process did.
func (c *Child) Ended() (ws syscall.WaitStatus, ok bool) {
	c.mu.Lock()
	ctl := c.ctl
	c.ctl = -1
	c.mu.Unlock()
	if ctl < 0 {
		return 0, false
	}
	defer unix.Close(ctl)
	unix.SetNonblock(ctl, true)
	if kind, body, err := readRecord(ctl); err == nil && kind == recExit && len(body) == 4 {
		return syscall.WaitStatus(binary.LittleEndian.Uint32(body)), true
	}
	c.sweep() // pid 1 was killed before it could
	return 0, false
}

// Namespaced reports whether the command is in a pid namespace, and so dies with its
// init process.
func (c *Child) Namespaced() bool { return c.plan.mode == modeSpaces }

// Signal sends sig to the process group of a command with namespaces.
func (c *Child) Signal(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctl < 0 || writeAll(c.ctl, []byte{byte(sig)}) != nil {
		return os.ErrProcessDone
	}
	return nil
}

// sweep takes away placeholders that a killed init process left behind.
func (c *Child) sweep() {
	for _, r := range c.plan.roots {
		sweepRoot(r)
	}
}
