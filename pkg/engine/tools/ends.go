package tools

import (
	"bytes"
	"slices"
)

// half is how much of each end of a process's output is kept: 1 MiB together.
const half = 512 << 10

// ends keeps the head and the tail of a stream and counts all of it.
type ends struct {
	head  []byte
	tail  []byte // ring once full
	at    int    // where the ring begins
	total int64
	lines int64 // newlines seen
	last  byte
}

func (e *ends) write(b []byte) {
	if len(b) == 0 {
		return
	}
	e.total += int64(len(b))
	e.lines += int64(bytes.Count(b, []byte{'\n'}))
	e.last = b[len(b)-1]
	if room := half - len(e.head); room > 0 {
		n := min(room, len(b))
		e.head = append(e.head, b[:n]...)
		b = b[n:]
	}
	if len(b) >= half {
		e.tail = append(e.tail[:0], b[len(b)-half:]...)
		e.at = 0
		return
	}
	if room := half - len(e.tail); room > 0 {
		n := min(room, len(b))
		e.tail = append(e.tail, b[:n]...)
		b = b[n:]
	}
	for len(b) > 0 {
		n := copy(e.tail[e.at:], b)
		e.at = (e.at + n) % half
		b = b[n:]
	}
}

// bytes gives what was kept, the middle left out without a mark.
func (e *ends) bytes() []byte {
	return slices.Concat(e.head, e.tail[e.at:], e.tail[:e.at])
}

// lineCount counts lines as a reader would: a last one without newline counts too.
func (e *ends) lineCount() int64 {
	if e.total > 0 && e.last != '\n' {
		return e.lines + 1
	}
	return e.lines
}

// take gives everything and starts anew.
func (e *ends) take() ends {
	out := *e
	*e = ends{}
	return out
}
