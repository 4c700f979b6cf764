//go:build unix

package keeper

import (
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// link is our end of the proxy's standard input: a socket, so that files can
// go with a line.
type link struct {
	theirs *os.File

	mu    sync.Mutex
	fd    int // -1 after close
	dead  bool
	files []*os.File // for the next line
}

func newLink(cmd *exec.Cmd) (*link, error) {
	syscall.ForkLock.RLock()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(pair[0])
		syscall.CloseOnExec(pair[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	// A proxy that does not read must not hold us up for ever.
	limit := syscall.NsecToTimeval(int64(callTime))
	_ = syscall.SetsockoptTimeval(pair[0], syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit)
	l := &link{fd: pair[0], theirs: os.NewFile(uintptr(pair[1]), "proxy's input")}
	cmd.Stdin = l.theirs
	return l, nil
}

// started lets go of the proxy's end.
func (l *link) started() { l.theirs.Close() }

// attach has files go with the first byte of the next line, or an earlier one.
func (l *link) attach(files []*os.File) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files = files
}

// Write writes a line.
func (l *link) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd < 0 || l.dead {
		return 0, errGone
	}
	var rights []byte
	if len(l.files) > 0 {
		fds := make([]int, len(l.files))
		for i, f := range l.files {
			fds[i] = int(f.Fd())
		}
		rights, l.files = syscall.UnixRights(fds...), nil
	}
	for sent := 0; sent < len(b); {
		n, err := syscall.SendmsgN(l.fd, b[sent:], rights, nil, noSignal)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			l.dead = true // half a line may have gone
			return sent, os.NewSyscallError("sendmsg", err)
		}
		sent += n
		rights = nil
	}
	return len(b), nil
}

// shut ends the proxy's input.
func (l *link) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 {
		syscall.Shutdown(l.fd, syscall.SHUT_WR)
		l.dead = true
	}
}

func (l *link) close() {
	l.theirs.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 {
		syscall.Close(l.fd)
		l.fd = -1
	}
}

// ofItsOwn puts the proxy into a session of its own: the terminal's signals
// are for the command.
func ofItsOwn(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
