//go:build linux

package linux

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"golang.org/x/sys/unix"
)

// Reserve keeps one init process waiting for a caller that runs one command after the
// other: its start and its namespaces, half of what a sandboxed command costs, are paid
// while the command before runs. The plan, and with it the policy, comes with the
// command. The zero value is ready; Close ends the process that waits.
type Reserve struct {
	// Forking, when set, is held while a process is started and made known to Pid.
	Forking sync.Locker

	mu     sync.Mutex
	spare  *spare
	filler chan struct{} // closed when the filling under way has ended; nil: none is
	closed bool
}

// spare is a init process that waits for its plan.
type spare struct {
	cmd  *exec.Cmd
	ctl  int
	kind uint32 // its plan's flags, of spareFlags
}

// spareFlags are the flags of a plan that the start of its process depends on.
const spareFlags = flagNetwork | flagAsRoot

// Pid is the process that waits, 0 for none.
func (r *Reserve) Pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spare == nil {
		return 0
	}
	return r.spare.cmd.Process.Pid
}

// take gives the waiting process, nil when there is none of this kind, or not yet.
func (r *Reserve) take(kind uint32) *spare {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.spare
	if s == nil || s.kind != kind {
		return nil
	}
	r.spare = nil
	return s
}

// fill starts a process in the background, instead of one of the other kind.
func (r *Reserve) fill(kind uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.filler != nil || r.spare != nil && r.spare.kind == kind {
		return
	}
	done := make(chan struct{})
	r.filler = done
	go func() { // ends when the process has been started; Close waits for it
		if r.Forking != nil {
			r.Forking.Lock()
			defer r.Forking.Unlock()
		}
		s, err := newSpare(kind)
		r.mu.Lock()
		if old := r.spare; old != nil && !r.closed {
			r.spare = nil
			old.end()
		}
		if err == nil && r.closed {
			defer s.end()
		} else if err == nil {
			r.spare = s
		}
		r.filler = nil
		r.mu.Unlock()
		close(done)
	}()
}

// Close ends the process that waits.
func (r *Reserve) Close() {
	r.mu.Lock()
	r.closed = true
	wait, s := r.filler, r.spare
	r.spare = nil
	r.mu.Unlock()
	if wait != nil {
		<-wait
	}
	if s != nil {
		s.end()
	}
}

func newSpare(kind uint32) (*spare, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("sandbox: make the control socket: %w", err)
	}
	child := os.NewFile(uintptr(pair[1]), "control")
	defer child.Close()
	cmd := exec.Command(self)
	setAttributes(cmd, modeSpaces, kind)
	cmd.Args = []string{initName, "", spareWord}
	cmd.ExtraFiles = []*os.File{child}
	if err := cmd.Start(); err != nil {
		unix.Close(pair[0])
		return nil, err
	}
	return &spare{cmd, pair[0], kind}, nil
}

// end closes the socket, which ends the process, and reaps it.
func (s *spare) end() {
	unix.Close(s.ctl)
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// hand gives the process its standard streams. An error means that it was killed while it
// waited, and that nothing has run.
func (s *spare) hand(in, out, errs *os.File) error {
	fds := []int{int(in.Fd()), int(out.Fd()), int(errs.Fd())}
	for {
		err := unix.Sendmsg(s.ctl, []byte{0}, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return err
		}
	}
	var ready [1]byte
	return readFull(s.ctl, ready[:])
}

// files gives a command's streams as files; ok is false when one is not.
func files(c *exec.Cmd) (in, out, errs *os.File, ok bool, done func()) {
	var null *os.File
	done = func() {
		if null != nil {
			null.Close()
		}
	}
	file := func(v any, given bool) *os.File {
		if given {
			f, _ := v.(*os.File)
			return f
		}
		if null == nil {
			null, _ = os.OpenFile(os.DevNull, os.O_RDWR, 0)
		}
		return null
	}
	in = file(c.Stdin, c.Stdin != nil)
	out = file(c.Stdout, c.Stdout != nil)
	errs = file(c.Stderr, c.Stderr != nil)
	return in, out, errs, in != nil && out != nil && errs != nil, done
}

// startSpare starts the command in the process that waits; used is nil when there is
// none and nothing has happened.
func (c *Child) startSpare(cmd *exec.Cmd) (used *exec.Cmd, err error) {
	in, out, errs, ok, done := files(cmd)
	defer done()
	if !ok {
		return nil, nil
	}
	s := c.Reserve.take(c.plan.flags & spareFlags)
	if s == nil {
		return nil, nil
	}
	if err := s.hand(in, out, errs); err != nil {
		s.end() // it was killed while it waited
		return nil, nil
	}
	if err := c.handshake(s.ctl); err != nil {
		s.end()
		c.sweep()
		return s.cmd, err
	}
	c.controlledBy(s.ctl)
	return s.cmd, nil
}

// receiveStreams is the init process's part: it waits for its standard streams.
func receiveStreams() error {
	var b [1]byte
	oob := make([]byte, unix.CmsgSpace(3*4))
	var n, oobn int
	var err error
	for {
		n, oobn, _, _, err = unix.Recvmsg(ctlFd, b[:], oob, unix.MSG_CMSG_CLOEXEC)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return errors.New("nothing to run")
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(msgs) != 1 {
		return fmt.Errorf("standard streams did not come: %v", err)
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil || len(fds) != 3 {
		return fmt.Errorf("standard streams did not come: %v", err)
	}
	for i, fd := range fds {
		if err := unix.Dup3(fd, i, 0); err != nil {
			return err
		}
	}
	for _, fd := range fds {
		unix.Close(fd)
	}
	return writeAll(ctlFd, []byte{0})
}

// spareWord is the third word of a init process that waits for its streams.
const spareWord = "spare"
