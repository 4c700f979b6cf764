//go:build unix

package pipeline

import (
	"os"

	"golang.org/x/sys/unix"
)

// WatchReader closes the channel when nobody can read any more what is written to f, a
// pipe or a socket; for other files it never does. stop ends the watch and waits for
// that.
func WatchReader(f *os.File) (closed <-chan struct{}, stop func()) {
	none := func() (<-chan struct{}, func()) { return nil, func() {} }
	fi, err := f.Stat()
	if err != nil || fi.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return none()
	}
	r, w, err := os.Pipe()
	if err != nil {
		return none()
	}
	gone, done := make(chan struct{}), make(chan struct{})
	fds := []unix.PollFd{{Fd: int32(f.Fd())}, {Fd: int32(r.Fd()), Events: unix.POLLIN}}
	go func() {
		defer close(done)
		for {
			// Errors of the first one are reported without being asked for.
			_, err := unix.Poll(fds, -1)
			switch {
			case err == unix.EINTR:
				continue
			case err == nil && fds[1].Revents == 0 && fds[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0:
				close(gone)
			}
			return
		}
	}()
	return gone, func() {
		w.Close()
		<-done
		r.Close()
	}
}
