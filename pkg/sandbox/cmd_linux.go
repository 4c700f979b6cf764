package sandbox

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
)

// stageName is argv[0] of the second stage, and how Stage2 knows it.
const stageName = "codex-sandbox-init"

// self is the running program, also after its file was replaced.
const self = "/proc/self/exe"

type cmdState struct {
	plan *plan // nil: started directly
	exit *Exit // after Wait
	lost byte  // what the sandbox does without: lost bits of wire.go

	inherit []*os.File // streams for a plain fork, else nil
	reserve *Reserve   // nil: none

	mu  sync.Mutex // Signal and Wait may meet
	ctl int        // our end of the socket pair while the command runs, else -1
}

func dieWithParent(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }

// restricted prepares a command that needs the second stage.
func restricted(ctx context.Context, spec Spec) (*Cmd, error) {
	p, err := planFor(ctx, spec)
	if err != nil {
		return nil, err
	}
	return stageCmd(ctx, spec, p), nil
}

// planFor chooses the mechanism and says what the second stage is to do.
func planFor(ctx context.Context, spec Spec) (*plan, error) {
	pol := spec.Policy
	p := &plan{dir: spec.Dir, prog: spec.Argv[0], argv: argv0(spec), env: spec.Env}
	if pol.Network {
		p.flags |= flagNetwork
	}
	if spec.proxied() {
		p.throughProxy(spec)
	}
	if spec.Tty {
		p.flags |= flagTty
	}
	if !pol.FullDiskRead {
		p.flags |= flagOnlyListed
		p.links = pol.Links
	}
	p.readable = pol.Readable
	if pol.FullDiskWrite && pol.FullDiskRead && len(pol.Denied)+len(pol.DeniedGlobs) == 0 && !p.has(flagProxy) {
		p.mode, p.flags = modeSeccomp, p.flags|flagFullWrite
		return p, nil
	}
	for _, w := range pol.Writable {
		if _, err := os.Lstat(w.Path); errors.Is(err, os.ErrNotExist) {
			continue // gone since the policy was resolved
		}
		p.roots = append(p.roots, planRoot{path: w.Path, readOnly: w.ReadOnly})
	}
	p.denied = pol.Denied
	sup := spec.Support
	if sup == nil {
		sup = hostSupport()
	}
	if err := sup.refuses(pol, spec.LandlockAlone); err != nil {
		return nil, err
	}
	var err error
	if p.hidden, err = deniedNow(ctx, pol); err != nil {
		return nil, err
	}
	if !sup.Spaces {
		p.mode = modeLandlock
		p.withoutProxy()
	}
	if sup.AsRoot {
		p.flags |= flagAsRoot
	}
	if !sup.Seccomp {
		p.flags |= flagNoFilter
	}
	return p, nil
}

func stageCmd(ctx context.Context, spec Spec, p *plan) *Cmd {
	c := &Cmd{Cmd: exec.CommandContext(ctx, self), spec: spec}
	c.state.plan, c.state.ctl = p, -1
	c.Args = []string{stageName}
	if spec.Tag != "" {
		c.Args = append(c.Args, spec.Tag)
	}
	stageAttributes(c.Cmd, p.mode, p.flags)
	c.Cancel = c.Kill
	return c
}

// spaces asks for the namespaces. Ids map to themselves: a command sees the
// user it runs as. The ambient capabilities carry the rights over the new
// namespaces through the exec; the second stage drops them. There is no
// parent-death signal: it would follow the thread that forks, and it would not
// leave pid 1 the time to take its placeholders away. The end of the socket
// pair tells pid 1 instead. Root, where user namespaces are switched off, has
// these rights without one.
func spaces(a *syscall.SysProcAttr, flags uint32) {
	a.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_RESOURCE, unix.CAP_SETPCAP}
	a.Cloneflags = unix.CLONE_NEWPID | unix.CLONE_NEWIPC
	if flags&flagNetwork == 0 {
		a.Cloneflags |= unix.CLONE_NEWNET
	}
	if flags&flagAsRoot != 0 {
		return
	}
	a.Cloneflags |= unix.CLONE_NEWUSER
	a.AmbientCaps = append(a.AmbientCaps, unix.CAP_NET_ADMIN) // to bring the loopback interface up
	uid, gid := os.Geteuid(), os.Getegid()
	a.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	a.GidMappings = []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}}
}

// Start starts the command. A policy that turns out not to be enforceable is
// a *RefusedError, a program that cannot be run an *ExecError.
func (c *Cmd) Start() error {
	if c.state.plan == nil {
		if err := c.Cmd.Start(); err != nil {
			return startError(c.spec, err)
		}
		return nil
	}
	if r := c.state.reserve; r != nil && c.state.plan.mode == modeSpaces {
		used, err := c.startSpare()
		r.fill(c.state.plan.flags & spareFlags)
		if used {
			return err
		}
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("sandbox: make the control socket: %w", err)
	}
	child := os.NewFile(uintptr(pair[1]), "control")
	c.ExtraFiles = []*os.File{child}
	if c.state.inherit != nil {
		err = c.fork(child)
	} else {
		err = c.Cmd.Start()
	}
	child.Close()
	if err != nil {
		unix.Close(pair[0])
		return startError(c.spec, err)
	}
	if err := c.handshake(pair[0]); err != nil {
		unix.Close(pair[0])
		c.Cmd.Process.Kill()
		c.Cmd.Wait()
		c.sweep()
		return err
	}
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	c.state.ctl = pair[0]
	return nil
}

// Inherit gives the command in, out and errs as they are, and the context no
// say: with nothing to copy, close or watch, a sandboxed command starts without
// what os/exec does for that, which for a caller that runs one command takes
// longer than the fork.
func (c *Cmd) Inherit(in, out, errs *os.File) {
	c.Stdin, c.Stdout, c.Stderr = in, out, errs
	c.state.inherit = []*os.File{in, out, errs}
}

// fork does the part of exec.Cmd's Start that Inherit leaves.
func (c *Cmd) fork(control *os.File) error {
	attr := &syscall.ProcAttr{Dir: c.Dir, Env: c.Env, Sys: c.SysProcAttr}
	for _, f := range append(c.state.inherit, control) {
		attr.Files = append(attr.Files, f.Fd())
	}
	pid, err := syscall.ForkExec(c.Path, c.Args, attr)
	if err != nil {
		return fmt.Errorf("fork %s: %w", c.Path, err)
	}
	c.Process = &os.Process{Pid: pid}
	return nil
}

// startError names what a failing fork or exec means.
func startError(spec Spec, err error) error {
	var no syscall.Errno
	if !errors.As(err, &no) {
		return err
	}
	if !spec.Policy.Restricted() {
		return &ExecError{Program: spec.Argv[0], Err: no}
	}
	switch no {
	case syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS:
		return refused("creating namespaces: " + ostext.Of(no))
	}
	return fmt.Errorf("sandbox: start the second stage: %w", err)
}

// handshake sends the plan and waits until the command runs or failed to.
func (c *Cmd) handshake(ctl int) error {
	if err := writeAll(ctl, c.state.plan.encode()); err != nil {
		return fmt.Errorf("sandbox: send the plan: %w", err)
	}
	kind, body, err := c.readStart(ctl)
	var proxy *proxyError
	switch {
	case errors.As(err, &proxy):
		return err
	case err == io.EOF && c.state.plan.mode != modeSpaces:
		return nil // it became the command
	case err != nil:
		return fmt.Errorf("sandbox: the second stage ended early: %w", err)
	case kind == recStarted || kind == recExit && c.state.plan.has(flagProbe):
		if len(body) == 1 {
			c.state.lost = body[0]
		}
		return nil
	case kind != recError:
		return fmt.Errorf("sandbox: unknown record %q from the second stage", kind)
	}
	d := decoder{b: body}
	cause, no, text := d.u32(), syscall.Errno(d.u32()), d.str()
	switch {
	case cause == causeExec && text == "":
		return &ExecError{Program: c.spec.Argv[0], Err: no}
	case cause == causeRefused:
		return refused(text)
	case no != 0:
		return fmt.Errorf("sandbox: %s: %w", text, no)
	}
	return fmt.Errorf("sandbox: %s", text)
}

// Wait waits for the command and everything it left behind to be gone, and
// for the copying of its streams. Its error is exec.Cmd's.
func (c *Cmd) Wait() error {
	err := c.Cmd.Wait()
	if ctl := c.endSignals(); ctl >= 0 {
		unix.SetNonblock(ctl, true)
		if kind, body, e := readRecord(ctl); e == nil && kind == recExit && len(body) == 4 {
			x := exitOf(syscall.WaitStatus(binary.LittleEndian.Uint32(body)))
			c.state.exit = &x
		} else {
			c.sweep() // pid 1 was killed before it could
		}
		unix.Close(ctl)
	}
	if c.state.exit == nil && c.ProcessState != nil {
		x := exitOf(c.ProcessState.Sys().(syscall.WaitStatus))
		c.state.exit = &x
	}
	return err
}

// endSignals takes the socket away from Signal.
func (c *Cmd) endSignals() int {
	if c.state.plan == nil {
		return -1
	}
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	ctl := c.state.ctl
	c.state.ctl = -1
	return ctl
}

// Run is Start and Wait.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Exit tells how the command ended, after Wait.
func (c *Cmd) Exit() Exit {
	if c.state.exit == nil {
		return Exit{Code: -1}
	}
	return *c.state.exit
}

// Sandboxed reports whether the command runs, or would run, confined.
func (c *Cmd) Sandboxed() bool { return c.state.plan != nil }

// Kill ends the command and all its descendants at once. A sandboxed tree dies
// with its pid namespace, whatever sessions it made; without one the process
// group dies. It is safe to call twice; Wait must still be called.
func (c *Cmd) Kill() error {
	if c.Process == nil {
		return os.ErrProcessDone
	}
	if c.state.plan != nil && c.state.plan.mode == modeSpaces {
		return c.Process.Kill()
	}
	if err := killGroup(c.Process.Pid, syscall.SIGKILL); err == syscall.ESRCH {
		return os.ErrProcessDone
	} else if err != nil {
		return err
	}
	return nil
}

// Signal sends sig to the command's process group.
func (c *Cmd) Signal(sig syscall.Signal) error {
	if c.Process == nil {
		return os.ErrProcessDone
	}
	if c.state.plan == nil || c.state.plan.mode != modeSpaces {
		return killGroup(c.Process.Pid, sig)
	}
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	if c.state.ctl < 0 || writeAll(c.state.ctl, []byte{byte(sig)}) != nil {
		return os.ErrProcessDone
	}
	return nil
}

// sweep takes away placeholders that a killed second stage left behind.
func (c *Cmd) sweep() {
	for _, r := range c.state.plan.roots {
		sweepRoot(r)
	}
}

// writeAll writes b to a socket whose other end may be gone.
func writeAll(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := unix.SendmsgN(fd, b, nil, nil, unix.MSG_NOSIGNAL)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// readFull fills b; io.EOF means nothing came at all.
func readFull(fd int, b []byte) error {
	for got := 0; got < len(b); {
		n, err := unix.Read(fd, b[got:])
		switch {
		case err == unix.EINTR:
		case err == unix.ECONNRESET, err == nil && n == 0:
			if got == 0 {
				return io.EOF
			}
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		default:
			got += n
		}
	}
	return nil
}

func readRecord(fd int) (kind byte, body []byte, err error) {
	var head [5]byte
	if err := readFull(fd, head[:]); err != nil {
		return 0, nil, err
	}
	return readBody(fd, head)
}
