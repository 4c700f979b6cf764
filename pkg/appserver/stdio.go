package appserver

import (
	"io"
	"time"

	"codex/pkg/jsonrpc"
)

// stdio is the client on standard input and output.
type stdio struct {
	r  *jsonrpc.Reader
	w  *jsonrpc.Writer
	in io.Reader
}

func (l *stdio) read() ([]byte, error)   { return l.r.ReadLine() }
func (l *stdio) write(line []byte) error { return l.w.WriteLine(line) }

func (l *stdio) close() {
	if c, ok := l.in.(io.Closer); ok {
		c.Close()
	}
}

// ServeStdio serves one client on a pair of streams until in ends: running turns are
// then interrupted, and their session files say so.
func (s *Server) ServeStdio(in io.Reader, out io.Writer) error {
	c := s.newConn(&stdio{r: jsonrpc.NewReader(in, maxLine), w: jsonrpc.NewWriter(out), in: in}, true)
	err := c.serve()
	// What was asked before the end is answered, if it does not take long.
	done := make(chan struct{})
	go func() { // ends with the jobs, or with the process
		defer close(done)
		s.lanes.all.Wait()
	}()
	late := time.NewTimer(time.Second)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
	c.out.finish()
	// What is queued goes out, unless nobody reads it.
	stuck := time.NewTimer(5 * time.Second)
	defer stuck.Stop()
	select {
	case <-c.sent:
	case <-stuck.C:
	}
	c.leave()
	s.Close()
	return err
}
