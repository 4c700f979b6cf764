package appserver

import (
	"context"
	"net"
	"syscall"
)

// listenPrivate makes a socket that is its owner's from the first moment: the file gets
// the mode that the socket has when it is bound.
func listenPrivate(path string) (net.Listener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var inner error
		if err := c.Control(func(fd uintptr) { inner = syscall.Fchmod(int(fd), 0o600) }); err != nil {
			return err
		}
		return inner
	}}
	return lc.Listen(context.Background(), "unix", path)
}
