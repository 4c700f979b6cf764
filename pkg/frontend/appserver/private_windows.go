package appserver

import "net"

// listenPrivate makes a socket; its folder says whose it is.
func listenPrivate(path string) (net.Listener, error) { return net.Listen("unix", path) }
