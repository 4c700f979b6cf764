//go:build linux

package linux

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"

	"codex/pkg/ostext"
	"codex/pkg/sandbox/execvp"
	"codex/pkg/sandbox/linux/seccomp"
)

// ctlFd is the init process's end of the socket pair.
const ctlFd = 3

// Init runs the init process and never returns when this process is one,
// which its argv[0] tells; else it returns at once. It must come first in
// main: a init process reads no flags and no environment.
func Init() {
	if len(os.Args) == 0 || os.Args[0] != initName {
		return
	}
	syscall.Exit(initMain()) // there is nothing to tidy up
}

func initMain() int {
	runtime.LockOSThread() // see launch
	if len(os.Args) == 3 && os.Args[2] == spareWord {
		if receiveStreams() != nil {
			return 0 // the caller has ended, or needs us no more
		}
	}
	p, err := readPlan()
	if err != nil {
		fmt.Fprintln(os.Stderr, "codex-sandbox: this is the init process of a sandbox and was started by hand:", err)
		return 2
	}
	code, err := runPlan(p)
	if err != nil {
		report(err)
		return 1
	}
	return code
}

func readPlan() (*plan, error) {
	unix.CloseOnExec(ctlFd)
	var head [4]byte
	if err := readFull(ctlFd, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxPlan {
		return nil, errors.New("plan is too long")
	}
	body := make([]byte, n)
	if err := readFull(ctlFd, body); err != nil {
		return nil, err
	}
	return decodePlan(body)
}

func runPlan(p *plan) (int, error) {
	if err := closeInherited(); err != nil {
		return 0, during(err, "close inherited files")
	}
	replaceDirectories()
	zero := unix.Rlimit{}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &zero); err != nil {
		return 0, during(err, "forbid core dumps")
	}
	if p.mode == modeSpaces {
		return runSpaces(p)
	}
	return 0, runInPlace(p)
}

// runInPlace confines this process without namespaces and becomes the
// command.
func runInPlace(p *plan) error {
	if err := enter(p); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return during(err, "set no_new_privs")
	}
	if p.mode == modeLandlock {
		if err := dropPrivileges(); err != nil {
			return err
		}
		if err := landlockInPlace(p); err != nil {
			return err
		}
	}
	if err := loadFilter(p); err != nil {
		return err
	}
	if p.has(flagProbe) {
		writeAll(ctlFd, record(recExit, nil))
		return nil
	}
	prog, err := execvp.Lookup(p.prog, p.dir, p.env)
	if err != nil {
		return &fault{cause: causeExec, err: err}
	}
	if p.has(flagTty) {
		if err := unix.IoctlSetInt(0, unix.TIOCSCTTY, 0); err != nil {
			return during(err, "take the terminal")
		}
	}
	return &fault{cause: causeExec, err: syscall.Exec(prog, p.argv, p.env)}
}

// runSpaces builds the sandbox, starts the command as its child and stays as
// pid 1 of the namespace until everything in it has ended.
func runSpaces(p *plan) (int, error) {
	// Nobody may look into or borrow from pid 1: it keeps directories of the
	// host open.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return 0, during(err, "hide pid 1")
	}
	if p.has(flagProxy) {
		if err := sendListeners(p.ports); err != nil {
			return 0, err
		}
	}
	holds, err := p.guard()
	if err != nil {
		holds.release()
		return 0, err
	}
	var std streams
	pid, lost, err := launchAside(p, &std)
	if err != nil || p.has(flagProbe) {
		endAll()
		holds.release()
		if err == nil {
			writeAll(ctlFd, record(recExit, []byte{lost}))
		}
		return 0, err
	}
	err = noCapabilities(syscall.Syscall)
	writeAll(ctlFd, record(recStarted, []byte{lost}))
	if err = errors.Join(err, dropEverywhere()); err != nil {
		endAll() // cannot happen; the command must not run beside a capable pid 1
	}
	muteStdio()
	ws := reap(pid)
	holds.release()
	if !std.finish() && ws == 0 {
		ws = syscall.WaitStatus(unix.SIGPIPE) // its output is not where it was to go
	}
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(ws))
	writeAll(ctlFd, record(recExit, b[:]))
	return codeOf(ws), nil
}

// launchAside runs launch on a thread of its own. The thread that moves into
// the sandbox's view of the file system ends with that, so that the view goes
// with the command's last process; the others keep the host's, and can take
// the placeholders away.
func launchAside(p *plan, std *streams) (pid int, lost byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends here
		pid, lost, err = launch(p, std)
	}()
	<-done
	if err == nil && pid != 0 {
		go follow(pid)
	}
	return pid, lost, err
}

// launch moves this thread into the sandbox and starts the command from it.
func launch(p *plan, std *streams) (pid int, lost byte, err error) {
	if lost, err = enterMounts(p); err != nil {
		return 0, lost, err
	}
	if !p.has(flagProbe) {
		if err := std.own(); err != nil {
			return 0, lost, err
		}
	}
	if err := enter(p); err != nil {
		return 0, lost, err
	}
	if err := dropPrivileges(); err != nil {
		return 0, lost, err
	}
	// Changed credentials can make a process dumpable again.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return 0, lost, during(err, "hide pid 1")
	}
	if err := landlockWritable(p); err != nil {
		return 0, lost, err
	}
	if err := loadFilter(p); err != nil {
		return 0, lost, err
	}
	if p.has(flagProbe) {
		return 0, lost, nil
	}
	prog, err := execvp.Lookup(p.prog, p.dir, p.env)
	if err != nil {
		return 0, lost, &fault{cause: causeExec, err: err}
	}
	if err := unkillable(p.has(flagTty)); err != nil {
		return 0, lost, err
	}
	// The command is in our session and process group: it leads none, and so may make
	// its own.
	pid, err = syscall.ForkExec(prog, p.argv, &syscall.ProcAttr{Env: p.env, Files: []uintptr{0, 1, 2}})
	if err != nil {
		return 0, lost, &fault{cause: causeExec, err: err}
	}
	return pid, lost, nil
}

// loadFilter puts the filter on every thread of this process, pid 1 included.
func loadFilter(p *plan) error {
	if p.has(flagNoFilter) {
		return nil
	}
	err := seccomp.Load(seccomp.Filter(p.filter()))
	if err == unix.ENOSYS || err == unix.EINVAL {
		return &fault{causeRefused, "loading the seccomp filter: " + ostext.Of(err), err}
	}
	return during(err, "load the seccomp filter")
}

// filter says what the filter is to refuse.
func (p *plan) filter() seccomp.Config {
	c := seccomp.Config{NetworkOnly: p.mode == modeSeccomp, Alone: p.mode == modeLandlock, ReadOnly: len(p.roots) == 0,
		Mapped: p.mode == modeSpaces && !p.has(flagAsRoot), UID: uint32(unix.Geteuid()), GID: uint32(unix.Getegid())}
	switch {
	case p.has(flagBind):
		c.Network = seccomp.NetworkLoopback
	case p.has(flagProxy):
		c.Network = seccomp.NetworkProxied
	case p.has(flagNetwork):
		c.Network = seccomp.NetworkOpen
	}
	return c
}

// enter makes dir the working directory, in the sandbox's view of it: the one
// that came with the process may lie outside.
func enter(p *plan) error {
	return during(unix.Chdir(p.dir), "enter %s", p.dir)
}

// follow forwards signals that the caller asks for, and ends everything when
// the caller is gone. It ends with the process.
func follow(pid int) {
	var b [1]byte
	for {
		if err := readFull(ctlFd, b[:]); err != nil {
			unix.Kill(-1, unix.SIGKILL)
			return
		}
		signalGroup(pid, syscall.Signal(b[0]))
	}
}

// signalGroup sends sig to the process group that the command is in now: ours, or one
// that it made.
func signalGroup(pid int, sig syscall.Signal) {
	group, err := unix.Getpgid(pid)
	if err != nil || group <= 1 {
		group = 0 // we are out of its reach
	}
	unix.Kill(-group, sig)
}

// codeOf is the status of a process that stands for one that ended so.
func codeOf(ws syscall.WaitStatus) int {
	if ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return ws.ExitStatus()
}

// reap collects children until the command itself ends, then ends the rest.
func reap(pid int) syscall.WaitStatus {
	var end syscall.WaitStatus
	for {
		var ws syscall.WaitStatus
		got, err := syscall.Wait4(-1, &ws, 0, nil)
		if got == pid && err == nil {
			end = ws
			break
		}
		if err != nil && err != syscall.EINTR {
			break
		}
	}
	endAll()
	return end
}

// endAll kills and reaps every other process of the namespace.
func endAll() {
	if os.Getpid() != 1 {
		return // not a namespace of ours: kill(-1) would reach everybody
	}
	unix.Kill(-1, unix.SIGKILL)
	for {
		if _, err := syscall.Wait4(-1, nil, 0, nil); err != nil && err != syscall.EINTR {
			return
		}
	}
}
