package netproxy

import (
	"io"
	"net"
	"sync"
)

// tunnel passes bytes between a client and a server until both have ended, and
// closes both. head is what was read of the client's already. The end of one
// direction is passed on, so that the other can still finish; an error ends
// both. With plain TCP on both sides the kernel moves the bytes.
func tunnel(client *conn, head []byte, server net.Conn) {
	defer client.Close()
	defer server.Close()
	var wait sync.WaitGroup
	pass := func(dst, src net.Conn, head []byte) {
		_, err := dst.Write(head)
		if err == nil {
			_, err = io.Copy(dst, src)
		}
		half, ok := dst.(interface{ CloseWrite() error })
		if err != nil || !ok || half.CloseWrite() != nil {
			client.Close()
			server.Close()
		}
	}
	wait.Go(func() { pass(server, client.TCPConn, head) })
	pass(client.TCPConn, server, nil)
	wait.Wait()
}
