package responses

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/tidwall/gjson"
)

// maxEvent bounds one event, and with it the memory a server can make us hold.
const maxEvent = 256 << 20

// firstBuffer is what a stream starts with: as large as the transport's own buffer, so
// that a busy stream is read past that one instead of through it.
const firstBuffer = 64 << 10

var errEventTooLong = errors.New("event too long")

// scanner cuts a stream into the data of its events. It keeps the bytes of one event
// where they were read and hands out slices of that buffer.
//
// Lines end with LF or CRLF; a CR alone, which server-sent events would allow and
// nobody sends, is not an end.
type scanner struct {
	r     io.Reader
	lines bool // each line is an event, as a command writes them
	max   int
	wait  func() // called before each read, which may block

	buf             []byte
	start, pos, end int // of the event, of the next line, of what was read
	lo, hi          int // the data line of the event
	joined          []byte
	err             error
	begun           bool
}

func newScanner(r io.Reader, lines bool, wait func()) *scanner {
	return &scanner{r: r, lines: lines, wait: wait, max: maxEvent, buf: make([]byte, firstBuffer)}
}

// next returns the data of the next event, valid until the call after it. At the end of
// the stream it returns the reader's error, io.EOF for a proper end. What the end cuts
// off counts as an event only if it is whole JSON.
func (s *scanner) next() ([]byte, error) {
	s.start = s.pos
	n := 0 // data lines of this event
	for {
		lo, hi, err := s.line()
		if err != nil {
			if n > 0 {
				if d := s.data(n); err == io.EOF && gjson.ValidBytes(d) {
					return d, nil
				}
			}
			return nil, err
		}
		line := s.buf[lo:hi]
		if s.lines {
			if d := lineData(line); d != nil && (s.err == nil || gjson.ValidBytes(d)) {
				return d, nil
			}
			s.start = s.pos
			continue
		}
		if len(line) == 0 {
			if n > 0 {
				return s.data(n), nil
			}
			s.start = s.pos
			continue
		}
		at, ok := field(line)
		if !ok {
			if n == 0 {
				s.start = s.pos
			}
			continue
		}
		n++
		switch {
		case n == 1:
			s.lo, s.hi = lo+at, hi
		case n == 2:
			s.joined = append(append(append(s.joined[:0], s.buf[s.lo:s.hi]...), '\n'), line[at:]...)
		default:
			s.joined = append(append(s.joined, '\n'), line[at:]...)
		}
	}
}

func (s *scanner) data(n int) []byte {
	if n == 1 {
		return s.buf[s.lo:s.hi]
	}
	return s.joined
}

// field says where the value of a data line begins; ok is false for any other line.
func field(line []byte) (at int, ok bool) {
	if len(line) < 5 || line[0] != 'd' || string(line[:5]) != "data:" {
		return 0, false
	}
	if len(line) > 5 && line[5] == ' ' {
		return 6, true
	}
	return 5, true
}

// lineData is the event in a line of a command: the line itself, or what follows data:,
// so that a command may also be a bare HTTP client. Anything else is nil.
func lineData(line []byte) []byte {
	if at, ok := field(line); ok {
		line = line[at:]
	}
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] != '{' {
		return nil
	}
	return line
}

// line returns the bounds of the next line in buf.
func (s *scanner) line() (lo, hi int, err error) {
	from := s.pos
	for {
		if i := bytes.IndexByte(s.buf[from:s.end], '\n'); i >= 0 {
			lo, hi = s.pos, from+i
			s.pos = hi + 1
			break
		}
		from = s.end
		if s.err != nil {
			if s.pos == s.end || s.err != io.EOF {
				return 0, 0, s.err
			}
			lo, hi = s.pos, s.end
			s.pos = s.end
			break
		}
		moved, err := s.fill()
		if err != nil {
			return 0, 0, err
		}
		from -= moved
	}
	if hi > lo && s.buf[hi-1] == '\r' {
		hi--
	}
	return lo, hi, nil
}

// fill reads more behind what is there, after making room by moving the current event
// to the front (the distance is returned) or growing the buffer.
func (s *scanner) fill() (moved int, err error) {
	if moved = s.start; moved > 0 {
		copy(s.buf, s.buf[moved:s.end])
		s.start, s.pos, s.end = 0, s.pos-moved, s.end-moved
		s.lo, s.hi = s.lo-moved, s.hi-moved
	}
	if len(s.joined) > s.max {
		return moved, s.tooLong()
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= s.max {
			return moved, s.tooLong()
		}
		grown := make([]byte, min(2*len(s.buf), s.max))
		copy(grown, s.buf)
		s.buf = grown
	}
	if s.wait != nil {
		s.wait()
	}
	for range 100 {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if !s.begun && s.end >= 3 {
			s.begun = true
			if string(s.buf[:3]) == "\xef\xbb\xbf" {
				s.start, s.pos = 3, 3
			}
		}
		if n > 0 || err != nil {
			return moved, nil
		}
	}
	return moved, io.ErrNoProgress
}

func (s *scanner) tooLong() error {
	s.err = fmt.Errorf("%w: over %d bytes", errEventTooLong, s.max)
	return s.err
}
