//go:build unix && !linux

package appserver

import (
	"net"
	"syscall"
)

// listenPrivate makes a socket that is its owner's from the first moment. The mask is the
// process's: files that are made at the same time get less, too, never more.
func listenPrivate(path string) (net.Listener, error) {
	defer syscall.Umask(syscall.Umask(0o177))
	return net.Listen("unix", path)
}
