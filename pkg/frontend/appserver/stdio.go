package appserver

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"time"

	"codex/pkg/jsonrpc"
)

// stdio is the client on standard input and output.
type stdio struct {
	r   *jsonrpc.Reader
	in  io.Reader
	out io.Writer
	buf []byte // used by the connection's writer alone
}

func (l *stdio) read() ([]byte, error) {
	line, err := l.r.ReadLine()
	return bytes.Clone(line), err
}

// write writes the line and its end with one call.
func (l *stdio) write(line []byte) error {
	l.buf = append(append(l.buf[:0], line...), '\n')
	_, err := l.out.Write(l.buf)
	if cap(l.buf) > 1<<20 {
		l.buf = nil // a huge line must not stay in memory
	}
	return err
}

func (l *stdio) close() {
	if c, ok := l.in.(io.Closer); ok {
		c.Close()
	}
}

// ServeStdio serves one client on a pair of streams until in ends: running turns are
// then interrupted, and their session files and whoever still reads say so.
func (s *Server) ServeStdio(in io.Reader, out io.Writer) error {
	c := s.newConn(&stdio{r: jsonrpc.NewReader(in, maxLine), in: in, out: out}, true)
	err := c.serve()
	// What was asked before the end is answered, if it does not take long.
	done := make(chan struct{})
	go func() { // ends with the jobs, or with the process
		defer close(done)
		s.queue.Wait()
	}()
	late := time.NewTimer(time.Second)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
	s.Close()
	c.leave()
	select {
	case <-c.sent:
		if c.unsent != nil && !errors.Is(c.unsent, syscall.EPIPE) { // who leaves misses nothing
			return c.unsent
		}
	default:
	}
	return err
}
