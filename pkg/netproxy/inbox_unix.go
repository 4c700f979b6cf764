//go:build unix

package netproxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// inbox reads the caller's lines and keeps the files that come with them, in
// their order, which is that of the lines.
type inbox struct {
	io.Reader
	conn  *net.UnixConn // nil: no files can come
	files []*os.File
}

// maxFiles bounds the files of one message.
const maxFiles = 8

func newInbox(r io.Reader) *inbox {
	// net.FileConn lets reads of what is no socket fail instead of wait, before it says so.
	if f, ok := r.(*os.File); ok && isSocket(f) {
		if c, err := net.FileConn(f); err == nil {
			if u, ok := c.(*net.UnixConn); ok {
				return &inbox{conn: u}
			}
			c.Close()
		}
	}
	return &inbox{Reader: r}
}

func isSocket(f *os.File) bool {
	i, err := f.Stat()
	return err == nil && i.Mode()&os.ModeSocket != 0
}

func (b *inbox) Read(p []byte) (int, error) {
	if b.conn == nil {
		return b.Reader.Read(p)
	}
	oob := make([]byte, syscall.CmsgSpace(4*maxFiles))
	n, oobn, _, _, err := b.conn.ReadMsgUnix(p, oob)
	if err == nil && n == 0 && len(p) > 0 {
		err = io.EOF
	}
	messages, e := syscall.ParseSocketControlMessage(oob[:oobn])
	if e != nil {
		return n, err
	}
	for _, m := range messages {
		fds, e := syscall.ParseUnixRights(&m)
		if e != nil {
			continue
		}
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			b.files = append(b.files, os.NewFile(uintptr(fd), "listener"))
		}
	}
	return n, err
}

// listener gives the next file that came, as the listener it is.
func (b *inbox) listener() (net.Listener, error) {
	if len(b.files) == 0 {
		return nil, errors.New("no listening socket came with the line")
	}
	f := b.files[0]
	b.files = b.files[1:]
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("take a listening socket: %w", err)
	}
	tcp, ok := l.(*net.TCPListener)
	if !ok || !tcp.Addr().(*net.TCPAddr).IP.IsLoopback() {
		l.Close()
		return nil, errors.New("take a listening socket: not one of the loopback interface")
	}
	return l, nil
}

func (b *inbox) close() {
	for _, f := range b.files {
		f.Close()
	}
	b.files = nil
}
