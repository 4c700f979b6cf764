package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"codex/pkg/onexec"
	"codex/pkg/sandbox/execvp"
	"codex/pkg/sandbox/seatbelt"
	"codex/pkg/watchdog"
)

// There is no init process here: sandbox-exec takes the profile and becomes
// the command, in a session of its own. When it ends we kill what is left of
// its process group; should we die first, a watcher does.
type cmdState struct {
	held bool // the watcher knows of the command
}

// Init never returns when this process is the watcher; else it returns at once.
func Init() { watchdog.Init() }

// watcher is started once a process, by the first sandboxed command.
var watcher = sync.OnceValues(func() (*watchdog.Watchdog, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return watchdog.Start(exe)
})

// seal keeps files that this process inherited from sandboxed commands. Those that Go opens
// are kept anyway.
var seal = sync.OnceValue(onexec.Close)

func dieWithParent(*syscall.SysProcAttr) {}

func restricted(ctx context.Context, spec Spec) (*Cmd, error) {
	if err := seatbelt.Check(seatbelt.Program); err != nil {
		return nil, refused(err)
	}
	prog, err := execvp.Lookup(spec.Argv[0], spec.Dir, spec.Env)
	if err != nil {
		return nil, &ExecError{Program: spec.Argv[0], Err: err}
	}
	spec.Env = setenv(spec.Env, seatbelt.Variable, seatbelt.Value)
	if spec.Arg0 != "" {
		// sandbox-exec gives the program its own name; a shell can give it another.
		spec.Argv = append([]string{"/bin/bash", "-p", "-c", `exec -a "$0" "$@"`, spec.Arg0, prog}, spec.Argv[1:]...)
	}
	c := &Cmd{Cmd: exec.CommandContext(ctx, seatbelt.Program), spec: spec}
	c.Env, c.Dir = spec.Env, spec.Dir
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: spec.Tty}
	c.Cancel = c.Kill
	return c, nil
}

func refused(err error) *RefusedError {
	return &RefusedError{Reason: err.Error(), Hints: []string{
		"sandbox-exec is a part of macOS; inside another sandbox it does not work",
		fullAccess}}
}

const fullAccess = "danger-full-access mode runs commands without a sandbox"

// Start starts the command.
func (c *Cmd) Start() error {
	if !c.Sandboxed() {
		if err := c.Cmd.Start(); err != nil {
			return &ExecError{Program: c.spec.Argv[0], Err: err}
		}
		return nil
	}
	guard, err := watcher()
	if err != nil {
		return refused(err)
	}
	o, err := c.options()
	if err != nil {
		return &RefusedError{Reason: err.Error(), Hints: []string{"glob_scan_max_depth bounds how deep such files are looked for", fullAccess}}
	}
	if err := seal(); err != nil {
		return refused(err)
	}
	p := seatbelt.Generate(c.spec.Policy, o)
	c.Args = append([]string{seatbelt.Program}, p.Args(c.spec.Argv...)...)
	if err := c.Cmd.Start(); err != nil {
		return fmt.Errorf("sandbox: start %s in %s: %w", seatbelt.Program, c.Dir, err)
	}
	if err := guard.Hold(c.Process.Pid); err != nil {
		c.Kill()
		c.Cmd.Wait()
		return refused(err)
	}
	c.state.held = true
	return nil
}

// options is what the profile depends on here and now.
func (c *Cmd) options() (seatbelt.Options, error) {
	matches, err := seatbelt.Scan(c.spec.Policy)
	o := seatbelt.Options{Real: realPath, UnixSockets: c.spec.UnixSockets, Matches: matches}
	for _, stream := range []any{c.Stdin, c.Stdout, c.Stderr} {
		f, ok := stream.(*os.File)
		if !ok || f == nil {
			continue
		}
		name, err := pathOf(int(f.Fd()))
		if err == nil && strings.HasPrefix(name, "/dev/tty") && !slices.Contains(o.Terminals, name) {
			o.Terminals = append(o.Terminals, name)
		}
	}
	if p := c.spec.Proxy; p != nil {
		for _, n := range []uint16{p.HTTP, p.Socks} {
			if n != 0 {
				o.ProxyPorts = append(o.ProxyPorts, int(n))
			}
		}
	}
	return o, err
}

// Wait waits for the command, and ends what is left of its group.
func (c *Cmd) Wait() error {
	if !c.state.held {
		return c.Cmd.Wait()
	}
	pid := c.Process.Pid
	awaitExit(pid)
	syscall.Kill(-pid, syscall.SIGKILL) // the number is still the command's
	err := c.Cmd.Wait()
	if guard, e := watcher(); e == nil {
		guard.Release(pid)
	}
	return err
}

// awaitExit waits until a child is dead, and leaves it to be reaped.
func awaitExit(pid int) {
	kq, err := unix.Kqueue()
	if err != nil {
		return
	}
	defer unix.Close(kq)
	unix.CloseOnExec(kq)
	change := []unix.Kevent_t{{Ident: uint64(pid), Filter: unix.EVFILT_PROC, Flags: unix.EV_ADD | unix.EV_ONESHOT, Fflags: unix.NOTE_EXIT}}
	var got [1]unix.Kevent_t
	for {
		// A dead one cannot be watched: that is an error, in the list or at once.
		if _, err := unix.Kevent(kq, change, got[:], nil); err != unix.EINTR {
			return
		}
		change = nil
	}
}

func (c *Cmd) signal(sig syscall.Signal) error { return killGroup(c.Process.Pid, sig) }

func exitState(st *os.ProcessState) Exit { return exitOf(st.Sys().(syscall.WaitStatus)) }

// realPath is the name that the kernel has for a path: links followed, letters
// as they are on the disk. What does not exist keeps its name below what does.
func realPath(name string) string {
	rest := ""
	for at := name; ; at = filepath.Dir(at) {
		fd, err := unix.Open(at, unix.O_EVTONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err == nil {
			real, err := pathOf(fd)
			unix.Close(fd)
			if err == nil {
				return filepath.Join(real, rest)
			}
		}
		if at == "/" {
			return name
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}

// pathOf asks for the path of an open file.
func pathOf(fd int) (string, error) {
	var buf [unix.PathMax]byte
	_, _, no := unix.Syscall(unix.SYS_FCNTL, uintptr(fd), unix.F_GETPATH, uintptr(unsafe.Pointer(&buf[0])))
	if no != 0 {
		return "", no
	}
	return unix.ByteSliceToString(buf[:]), nil
}

// Probe tries sandbox-exec.
func Probe() Support {
	if err := seatbelt.Check(seatbelt.Program); err != nil {
		return without(err.Error())
	}
	c := exec.Command(seatbelt.Program, "-p", "(version 1)(allow default)", "/usr/bin/true")
	c.Env = []string{}
	if out, err := c.CombinedOutput(); err != nil {
		return without(strings.TrimSpace(string(out) + " " + err.Error()))
	}
	return Support{Seatbelt: true}
}

// Explain lists what of spec's policy is not enforced here, or why it is
// refused. Nil means all of it is enforced.
func (s Support) Explain(spec Spec) []string {
	if !spec.Policy.Restricted() {
		return nil
	}
	if !s.Seatbelt {
		r := refused(errors.New(s.Reason))
		return append([]string{"commands are refused: " + r.Reason}, r.Hints...)
	}
	return seatbelt.Explain(spec.Policy)
}
