package responses

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxEvent bounds one event, and with it the memory a server can make us hold.
const maxEvent = 256 << 20

// firstBuffer is what a stream starts with: as large as the transport's own buffer, so
// that a busy stream is read past that one instead of through it.
const firstBuffer = 64 << 10

var errEventTooLong = errors.New("event too long")

// maxStray bounds what is kept, for an error's text, of an answer that is no stream.
const maxStray = 4 << 10

// scanner cuts a stream into the data of its events. It keeps the bytes of one event
// where they were read and hands out slices of that buffer.
//
// What is no stream at all is handed out too: a line that is a JSON object counts as an
// event, and an answer that begins as JSON and doesn't end with its line is one event.
type scanner struct {
	r     io.Reader
	lines bool // each line is an event, as a command writes them
	max   int
	wait  func() // called before each read, which may block

	// name is what an event: line before the data said, valid as long as the data.
	name []byte
	// stray is of what stands in no field: the beginning while no event has come, the last
	// line afterwards.
	stray []byte
	// said is the last line of a command that is no event.
	said []byte

	buf             []byte
	start, pos, end int // of the event, of the next line, of what was read
	lo, hi          int // the data line of the event
	nameLo, nameHi  int
	joined          []byte
	err             error
	begun           bool
	eol             byte // what ends a line: LF, or CR where the first line ends with that alone
	seen            bool // a field or an event
}

func newScanner(r io.Reader, lines bool, wait func()) *scanner {
	return &scanner{r: r, lines: lines, wait: wait, max: maxEvent, buf: make([]byte, firstBuffer)}
}

// next returns the data of the next event, valid until the call after it. At the end of
// the stream it returns the reader's error, io.EOF for a proper end. What the end cuts
// off counts as an event only if it is whole JSON.
func (s *scanner) next() ([]byte, error) {
	s.reset()
	n := 0 // data lines of this event
	for {
		lo, hi, err := s.line()
		if err != nil {
			if n > 0 {
				if d := s.data(n); err == io.EOF && whole(d) {
					return d, nil
				}
			}
			return nil, err
		}
		line := s.buf[lo:hi]
		if s.lines {
			if name, at := field(line); name == "event" {
				s.start, s.nameLo, s.nameHi = lo, lo+at, hi
				continue
			}
			s.name = s.buf[s.nameLo:s.nameHi]
			if d := lineData(line); d != nil && (s.err == nil || whole(d)) {
				return d, nil
			}
			if text := bytes.TrimSpace(line); len(text) > 0 && text[0] != '{' {
				s.said = append(s.said[:0], text[:min(len(text), maxStray)]...)
			}
			s.reset()
			continue
		}
		if len(line) == 0 {
			if n > 0 {
				return s.data(n), nil
			}
			s.reset()
			continue
		}
		name, at := field(line)
		switch name {
		case "data":
			if n == 1 && s.whole() {
				s.pos = lo
				return s.data(1), nil
			}
		case "event":
			if n == 1 && s.nameHi > 0 && s.whole() {
				s.pos = lo
				return s.data(1), nil
			}
			s.nameLo, s.nameHi, s.seen = lo+at, hi, true
			continue
		default:
			if n == 0 && name == "" {
				if d := s.document(lo, hi); d != nil {
					return d, nil
				}
			}
			s.seen = s.seen || name != ""
			if n == 0 && s.nameHi == 0 {
				s.reset()
			}
			continue
		}
		s.seen = true
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

// whole says whether the event's only line so far is all of it: some servers leave out the
// empty line behind an event, and an object ends with its line only where it is one.
func (s *scanner) whole() bool {
	line := bytes.TrimSpace(s.buf[s.lo:s.hi])
	return len(line) > 1 && line[0] == '{' && line[len(line)-1] == '}' && whole(line)
}

// reset begins an event at the next line.
func (s *scanner) reset() { s.start, s.nameLo, s.nameHi, s.name = s.pos, 0, 0, nil }

// document takes a line that is in no field. A JSON object is an event. What the answer
// begins with may be one over several lines: it is read to its end, however large.
func (s *scanner) document(lo, hi int) []byte {
	line := bytes.TrimSpace(s.buf[lo:hi])
	if len(line) == 0 {
		return nil
	}
	s.name = s.buf[s.nameLo:s.nameHi]
	json := line[0] == '{' || line[0] == '['
	if json && whole(line) {
		s.seen = true
		return line
	}
	if s.seen {
		s.stray = append(s.stray[:0], line[:min(len(line), maxStray)]...)
		return nil
	}
	if json {
		s.start = lo
		for s.err == nil {
			if _, err := s.fill(); err != nil {
				s.err = err
			}
		}
		s.pos = s.end
		if d := bytes.TrimSpace(s.buf[s.start:s.end]); s.err == io.EOF && whole(d) {
			s.seen = true
			return d
		}
		line = s.buf[s.start:s.end]
	}
	if room := maxStray - len(s.stray); room > 0 {
		s.stray = append(append(s.stray, line[:min(len(line), room)]...), '\n')
	}
	return nil
}

func (s *scanner) data(n int) []byte {
	s.name = s.buf[s.nameLo:s.nameHi]
	if n == 1 {
		return s.buf[s.lo:s.hi]
	}
	return s.joined
}

// field gives a line's field and where its value begins; "" is for a line that has none
// which counts, ":" for a comment.
func field(line []byte) (name string, at int) {
	i := bytes.IndexByte(line, ':')
	if i < 0 || i > len("event") {
		return "", 0
	}
	at = i + 1
	if at < len(line) && line[at] == ' ' {
		at++
	}
	switch string(line[:i]) {
	case "data":
		return "data", at
	case "event":
		return "event", at
	case "":
		return ":", at
	case "id":
		return "id", at
	case "retry":
		return "retry", at
	}
	return "", 0
}

// lineData is the event in a line of a command: the line itself, or what follows data:,
// so that a command may also be a bare HTTP client. Anything else is nil.
func lineData(line []byte) []byte {
	if name, at := field(line); name == "data" {
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
		if s.eol == 0 {
			s.eol = ending(s.buf[from:s.end], s.err != nil)
		}
		if s.eol != 0 {
			if i := bytes.IndexByte(s.buf[from:s.end], s.eol); i >= 0 {
				lo, hi = s.pos, from+i
				s.pos = hi + 1
				break
			}
		}
		from = s.end
		if s.eol == 0 && from > s.pos && s.buf[from-1] == '\r' {
			from-- // what follows it says what ends lines
		}
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

// ending tells what ends the lines of a stream, 0 as long as that can't be seen. A server
// may end them with CR alone.
func ending(b []byte, last bool) byte {
	i := bytes.IndexAny(b, "\r\n")
	switch {
	case i < 0:
		return 0
	case b[i] == '\n':
		return '\n'
	case i+1 < len(b) && b[i+1] != '\n', i+1 == len(b) && last:
		return '\r'
	case i+1 < len(b):
		return '\n'
	}
	return 0
}

// fill reads more behind what is there, after making room by moving the current event
// to the front (the distance is returned) or growing the buffer.
func (s *scanner) fill() (moved int, err error) {
	if moved = s.start; moved > 0 {
		copy(s.buf, s.buf[moved:s.end])
		s.start, s.pos, s.end = 0, s.pos-moved, s.end-moved
		s.lo, s.hi = s.lo-moved, s.hi-moved
		if s.nameHi > 0 {
			s.nameLo, s.nameHi = s.nameLo-moved, s.nameHi-moved
		}
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
