package jsonrpc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"sync"
)

// MaxLine is the default bound on one line: larger than any message the original was
// seen to send (a file of 50 MiB is a line of 70 MB), small enough to keep.
const MaxLine = 256 << 20

// ErrTooLong is returned by ReadLine for a line over the bound. The rest of that line
// has been skipped, so that the next call returns the next line.
var ErrTooLong = errors.New("line too long")

// Reader reads lines of bounded length. It is not safe for concurrent use.
type Reader struct {
	br  *bufio.Reader
	max int
	buf []byte
}

// NewReader reads lines of at most max bytes from r (MaxLine when max is 0).
func NewReader(r io.Reader, max int) *Reader {
	if max <= 0 {
		max = MaxLine
	}
	return &Reader{br: bufio.NewReaderSize(r, 64<<10), max: max}
}

// ReadLine returns the next line without its newline (a trailing CR goes too). The
// slice is valid until the next call. The last line needs no newline; then io.EOF.
func (r *Reader) ReadLine() ([]byte, error) {
	if cap(r.buf) > 1<<20 {
		r.buf = nil // a huge line must not stay in memory
	}
	r.buf = r.buf[:0]
	tooLong := false
	for {
		part, err := r.br.ReadSlice('\n')
		if err == nil && len(r.buf) == 0 && !tooLong {
			if len(part)-1 > r.max {
				return nil, ErrTooLong
			}
			return trimEOL(part), nil
		}
		if !tooLong {
			if len(r.buf)+len(part) > r.max+1 {
				tooLong, r.buf = true, nil
			} else {
				r.buf = append(r.buf, part...)
			}
		}
		switch {
		case err == nil || err == io.EOF && (tooLong || len(r.buf) > 0):
			if tooLong {
				return nil, ErrTooLong
			}
			return trimEOL(r.buf), nil
		case err == bufio.ErrBufferFull:
		default:
			return nil, err
		}
	}
}

// Buffered says how many bytes are already read but not yet returned.
func (r *Reader) Buffered() int { return r.br.Buffered() }

func trimEOL(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}

// Writer writes messages, each with one Write call. It is safe for concurrent use; a
// slow reader at the other end blocks the caller, which is the back pressure.
type Writer struct {
	mu  sync.Mutex
	w   io.Writer
	buf bytes.Buffer
	enc *json.Encoder
	err error

	// Begin is what the function Begin gives, or nil. It is set before use.
	Begin func(line []byte) (rest []byte)
}

// NewWriter writes lines to w.
func NewWriter(w io.Writer) *Writer {
	out := &Writer{w: w}
	out.enc = newEncoder(&out.buf)
	return out
}

// Write encodes v as one line. After a failed write every later call returns that error.
func (w *Writer) Write(v any) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if w.buf.Cap() > 1<<20 {
		w.buf = bytes.Buffer{}
	}
	w.buf.Reset()
	if err := w.enc.Encode(v); err != nil {
		return err
	}
	_, w.err = w.w.Write(w.buf.Bytes())
	return w.err
}

// WriteLine writes line, which holds one encoded message without its newline.
func (w *Writer) WriteLine(line []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.buf.Reset()
	w.buf.Write(line)
	w.buf.WriteByte('\n')
	_, w.err = w.w.Write(w.buf.Bytes())
	return w.err
}

// TryLine is WriteLine for one who must not wait; false if it would have to.
func (w *Writer) TryLine(line []byte) bool {
	if w.Begin == nil || !w.mu.TryLock() {
		return false
	}
	if w.err != nil { // nobody reads it
		w.mu.Unlock()
		return true
	}
	whole := append(line, '\n')
	switch rest := w.Begin(whole); len(rest) {
	case 0:
		w.mu.Unlock()
		return true
	case len(whole):
		w.mu.Unlock()
		return false
	default:
		go func() { // ends with the write
			defer w.mu.Unlock()
			_, w.err = w.w.Write(rest)
		}()
		return true
	}
}

// Err returns the first error of writing, if any.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

type notification struct {
	Method string `json:"method"`
	Params any    `json:"params,omitempty"`
}

type request struct {
	Method string `json:"method"`
	ID     any    `json:"id"`
	Params any    `json:"params,omitempty"`
}

type response struct {
	ID     json.RawMessage `json:"id"`
	Result any             `json:"result"`
}

type failure struct {
	Error *Error          `json:"error"`
	ID    json.RawMessage `json:"id"`
}

// Notify writes a notification.
func (w *Writer) Notify(method string, params any) error {
	return w.Write(notification{method, params})
}

// Request writes a request with an integer or string id.
func (w *Writer) Request(id any, method string, params any) error {
	return w.Write(request{method, id, params})
}

// Respond answers a request. A nil id means that nobody asked: nothing is written.
func (w *Writer) Respond(id json.RawMessage, result any) error {
	if id == nil {
		return nil
	}
	return w.Write(response{id, result})
}

// Fail answers a request with an error. A nil id means that nobody asked: nothing is written.
func (w *Writer) Fail(id json.RawMessage, err error) error {
	if id == nil {
		return nil
	}
	return w.Write(failure{AsError(err), id})
}
