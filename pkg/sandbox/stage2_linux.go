package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// ctlFd is the second stage's end of the socket pair.
const ctlFd = 3

// Stage2 runs the second stage and never returns when this process is one,
// which its argv[0] tells; else it returns at once. It must come first in
// main: a second stage reads no flags and no environment.
func Stage2() {
	if len(os.Args) == 0 || os.Args[0] != stageName {
		return
	}
	syscall.Exit(stage2()) // there is nothing to tidy up
}

// fault is why the second stage could not start the command.
type fault struct {
	cause uint32
	text  string
	err   error
}

func (f *fault) Error() string {
	if f.err == nil {
		return f.text
	}
	return f.text + ": " + f.err.Error()
}

func (f *fault) Unwrap() error { return f.err }

// during wraps err with what was being done.
func during(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return &fault{causeOther, fmt.Sprintf(format, args...), err}
}

func stage2() int {
	runtime.LockOSThread() // see launch
	if len(os.Args) == 3 && os.Args[2] == spareWord {
		if receiveStreams() != nil {
			return 0 // the caller has ended, or needs us no more
		}
	}
	p, err := readPlan()
	if err != nil {
		fmt.Fprintln(os.Stderr, "codex-sandbox: this is the second stage of a sandbox and was started by hand:", err)
		return 2
	}
	code, err := runPlan(p)
	if err != nil {
		report(err)
		return 1
	}
	return code
}

// report sends an E record.
func report(err error) {
	f := &fault{causeOther, "", nil}
	var no syscall.Errno
	if errors.As(err, &f) {
		err = f.err
	}
	if !errors.As(err, &no) && err != nil {
		if f.text != "" {
			f.text += ": "
		}
		f.text += err.Error()
	}
	writeAll(ctlFd, errorRecord(f.cause, uint32(no), f.text))
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
	prog, err := lookup(p.prog, p.dir, p.env)
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
	holds, err := placeholders(p.roots)
	if err != nil {
		holds.release()
		return 0, err
	}
	pid, lost, err := launchAside(p)
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
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(ws))
	writeAll(ctlFd, record(recExit, b[:]))
	return exitOf(ws).Code, nil
}

// launchAside runs launch on a thread of its own. The thread that moves into
// the sandbox's view of the file system ends with that, so that the view goes
// with the command's last process; the others keep the host's, and can take
// the placeholders away.
func launchAside(p *plan) (pid int, lost byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends here
		pid, lost, err = launch(p)
	}()
	<-done
	if err == nil && pid != 0 {
		go follow(pid)
	}
	return pid, lost, err
}

// launch moves this thread into the sandbox and starts the command from it.
func launch(p *plan) (pid int, lost byte, err error) {
	if lost, err = enterMounts(p); err != nil {
		return 0, lost, err
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
	prog, err := lookup(p.prog, p.dir, p.env)
	if err != nil {
		return 0, lost, &fault{cause: causeExec, err: err}
	}
	pid, err = syscall.ForkExec(prog, p.argv, &syscall.ProcAttr{
		Env:   p.env,
		Files: []uintptr{0, 1, 2},
		Sys:   &syscall.SysProcAttr{Setsid: true, Setctty: p.has(flagTty), Ctty: 0},
	})
	if err != nil {
		return 0, lost, &fault{cause: causeExec, err: err}
	}
	return pid, lost, nil
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
		killGroup(pid, syscall.Signal(b[0]))
	}
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

// closeInherited closes what the caller's caller left open above the standard
// three. Go's runtime may hold descriptors of its own here, but only after it
// met a non-blocking standard stream: those are left, closed on exec.
func closeInherited() error {
	err := unix.CloseRange(ctlFd, ^uint(0)>>1, unix.CLOSE_RANGE_CLOEXEC)
	if err != nil { // Linux before 5.11
		return closeOnExec()
	}
	for fd := range 3 {
		fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err == nil && fl&unix.O_NONBLOCK != 0 {
			return nil
		}
	}
	return unix.CloseRange(ctlFd+1, ^uint(0)>>1, 0)
}

// closeOnExec has every descriptor above the standard three closed when the command
// starts.
func closeOnExec() error {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd >= ctlFd {
			unix.CloseOnExec(fd)
		}
	}
	return err
}

// replaceDirectories puts /dev/null in the place of a standard stream that is
// a directory: through it the command could name files as the host sees them.
func replaceDirectories() {
	for fd := range 3 {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
			continue
		}
		if null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0); err == nil {
			unix.Dup3(null, fd, 0)
			unix.Close(null)
		} else {
			unix.Close(fd)
		}
	}
}

// muteStdio lets go of the command's streams, so that their other ends see
// the end of file when the command closes them and not later.
func muteStdio() {
	fd, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	for i := range 3 {
		unix.Dup3(fd, i, 0)
	}
	unix.Close(fd)
}
