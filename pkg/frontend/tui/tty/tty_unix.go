//go:build unix

package tty

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

func open() (in, out *os.File, err error) {
	fd, err := unix.Open("/dev/tty", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open /dev/tty: %w", err)
	}
	f := os.NewFile(uintptr(fd), "/dev/tty")
	return f, f, nil
}

func makeRaw(in, _ *os.File) (*term.State, error) { return term.MakeRaw(int(in.Fd())) }

func restore(in *os.File, s *term.State) { _ = term.Restore(int(in.Fd()), s) } // a terminal that is gone

// waiting is how many bytes can be read at once.
func waiting(in *os.File) int {
	n, err := unix.IoctlGetInt(int(in.Fd()), fionread)
	if err != nil {
		return 0
	}
	return n
}

// write writes what ends modes. A terminal that takes nothing (its user has stopped its
// output, or its other end is stuck) must not keep a process from ending.
func write(out *os.File, s string) {
	fd := int(out.Fd())
	until := time.Now().Add(time.Second)
	for s != "" {
		left := time.Until(until)
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(p, int(max(0, left.Milliseconds())))
		if errors.Is(err, unix.EINTR) && left > 0 {
			continue
		}
		if err != nil || n == 0 || p[0].Revents&unix.POLLOUT == 0 {
			return
		}
		if n, err = unix.Write(fd, []byte(s)); err != nil {
			return
		}
		s = s[n:]
	}
}

// canceller is a pipe that ends waiting. Select is used and not poll, which knows no
// terminals on macOS.
type canceller struct{ r, w int }

func newCanceller() (*canceller, error) {
	p := make([]int, 2)
	if err := unix.Pipe(p); err != nil {
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	for _, fd := range p {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, true); err != nil {
			return nil, fmt.Errorf("make a pipe: %w", err)
		}
	}
	return &canceller{p[0], p[1]}, nil
}

func (c *canceller) wait(in *os.File) error {
	fd := int(in.Fd())
	for {
		var set unix.FdSet
		set.Zero()
		set.Set(fd)
		set.Set(c.r)
		_, err := unix.Select(max(fd, c.r)+1, &set, nil, nil, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("wait for the terminal: %w", err)
		case set.IsSet(c.r):
			return ErrCancelled
		default:
			return nil
		}
	}
}

func (c *canceller) cancel() { _, _ = unix.Write(c.w, []byte{0}) } // a full pipe cancels as well

func (c *canceller) resume() {
	buf := make([]byte, 64)
	for {
		if n, err := unix.Read(c.r, buf); n <= 0 || err != nil {
			return
		}
	}
}

func (c *canceller) close() {
	unix.Close(c.r)
	unix.Close(c.w)
}

// Suspend stops the process group, as Ctrl-Z does in a terminal that is not raw. It
// returns when the process goes on. The kernel may take its time to stop all threads, and
// does not stop a group that nobody could continue.
func Suspend() error {
	on := make(chan os.Signal, 1)
	signal.Notify(on, unix.SIGCONT)
	defer signal.Stop(on)
	if err := unix.Kill(0, unix.SIGTSTP); err != nil {
		return fmt.Errorf("suspend: %w", err)
	}
	const orphaned = 300 * time.Millisecond
	select {
	case <-on:
	case <-time.After(orphaned):
	}
	return nil
}
