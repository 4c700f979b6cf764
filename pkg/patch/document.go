package patch

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// document is the content of a file, seen as lines. A line goes without its end, which is a
// newline, or carriage return and newline, or a carriage return where there is no newline
// in the file; and the first line without a byte order mark.
type document struct {
	data  []byte
	nl    byte // the last byte of a line's end
	begin int  // after the byte order mark
}

func newDocument(data []byte, nl byte) document {
	t := document{data: data, nl: nl}
	if bytes.HasPrefix(data, []byte(byteOrderMark)) {
		t.begin = len(byteOrderMark)
	}
	return t
}

// line gives the line that starts at a place, and where the next one does.
func (d document) line(at int) (line []byte, next int) {
	n := bytes.IndexByte(d.data[at:], d.nl)
	if n < 0 {
		return d.data[at:], len(d.data)
	}
	line = d.data[at : at+n]
	if d.nl == '\n' {
		line = bytes.TrimSuffix(line, []byte{'\r'})
	}
	return line, at + n + 1
}

// end gives the end of the line that starts at a place, nothing for a last line without.
func (d document) end(at int) []byte {
	line, next := d.line(at)
	return d.data[at+len(line) : next]
}

// back gives where the line before the place starts.
func (d document) back(at int) int {
	body := d.data[d.begin:at]
	body = bytes.TrimSuffix(body, []byte{d.nl})
	return d.begin + bytes.LastIndexByte(body, d.nl) + 1
}

// open says that there is a last line without an end.
func (d document) open() bool { return len(d.data) > d.begin && d.data[len(d.data)-1] != d.nl }

// newEnd is the end for a line that is put in at a place: that of the line before, or of
// the first one.
func (d document) newEnd(at int) []byte {
	var end []byte
	if n := bytes.LastIndexByte(d.data[d.begin:at], d.nl); n >= 0 {
		end = d.end(d.back(d.begin + n + 1))
	} else if d.begin < len(d.data) {
		end = d.end(d.begin)
	}
	if len(end) == 0 {
		return []byte{d.nl}
	}
	return end
}

// seek finds want at or after from and gives where its first line starts, -1 when it isn't
// there. With eof it looks only at the very end.
//
// Four passes, each over the whole range before the next: equal; equal but for trailing
// space; but for space at both ends; and with typographic dashes, quotes and spaces read
// as their ASCII kin. A later exact hit thus wins over an earlier loose one.
func (d document) seek(want []string, from int, eof bool) int {
	if len(want) == 0 {
		return from
	}
	lines := make([][]byte, len(want))
	for i, w := range want {
		lines[i] = []byte(w)
	}
	if eof {
		if from = d.last(len(want)); from < 0 {
			return -1
		}
	}
	for _, same := range [...]func(a, b []byte) bool{bytes.Equal, equalRight, equalTrim, equalLoose} {
		for at := from; at < len(d.data); {
			next, ok := d.matches(at, lines, same)
			if ok {
				return at
			}
			at = next
		}
	}
	return -1
}

// last is where the last n lines start, -1 when there are fewer.
func (d document) last(n int) int {
	at := len(d.data)
	for range n {
		if at <= d.begin {
			return -1
		}
		at = d.back(at)
	}
	return at
}

// matches says whether the lines from a place on are those of want, and gives where the
// next line starts.
func (d document) matches(at int, want [][]byte, same func(a, b []byte) bool) (next int, ok bool) {
	for i, w := range want {
		if at >= len(d.data) {
			return next, false
		}
		line, after := d.line(at)
		if i == 0 {
			next = after
		}
		if at == d.begin {
			w = bytes.TrimPrefix(w, []byte(byteOrderMark))
		}
		if !same(line, w) {
			return next, false
		}
		at = after
	}
	return next, true
}

func equalRight(a, b []byte) bool {
	return bytes.Equal(bytes.TrimRightFunc(a, unicode.IsSpace), bytes.TrimRightFunc(b, unicode.IsSpace))
}

func equalTrim(a, b []byte) bool { return bytes.Equal(bytes.TrimSpace(a), bytes.TrimSpace(b)) }

func equalLoose(a, b []byte) bool {
	a, b = bytes.TrimSpace(a), bytes.TrimSpace(b)
	for len(a) > 0 && len(b) > 0 {
		ra, na := utf8.DecodeRune(a)
		rb, nb := utf8.DecodeRune(b)
		if plain(ra) != plain(rb) {
			return false
		}
		a, b = a[na:], b[nb:]
	}
	return len(a) == len(b)
}

// plain maps the typographic characters that models and editors exchange for
// ASCII ones. The ellipsis is left alone: it would be three characters.
func plain(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r >= 0x2010 && r <= 0x2015, r == 0x2212:
		return '-'
	case r >= 0x2018 && r <= 0x201B:
		return '\''
	case r >= 0x201C && r <= 0x201F:
		return '"'
	case r == 0x00A0, r >= 0x2002 && r <= 0x200A, r == 0x202F, r == 0x205F, r == 0x3000:
		return ' '
	}
	return r
}
