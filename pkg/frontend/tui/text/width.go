package text

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Width is the number of columns that s takes, by grapheme clusters.
func Width(s string) int { return displaywidth.String(s) }

// clusters calls fn with each grapheme cluster of s, the columns it takes, and where it
// ends, until fn says no.
func clusters(s string, fn func(cluster string, width, end int) bool) {
	g := displaywidth.StringGraphemes(s)
	for end := 0; g.Next(); {
		c := g.Value()
		end += len(c)
		if !fn(c, g.Width(), end) {
			return
		}
	}
}

// fit is the number of bytes at the begin of s that take at most width columns, and the
// columns they take.
func fit(s string, width int) (n, columns int) {
	if width <= 0 {
		return 0, 0
	}
	if n = min(len(s), width+1); ascii(s[:n]) { // a mark may follow the last of them: look one further
		n = min(n, width)
		return n, n
	}
	n = 0
	clusters(s, func(_ string, w, end int) bool {
		if columns+w > width {
			return false
		}
		n, columns = end, columns+w
		return true
	})
	return n, columns
}

// Rows is how many rows a terminal of width columns breaks l into.
func (l Line) Rows(width int) int {
	rows, room := 1, width
	for _, s := range l {
		for rest := s.Text; rest != ""; {
			n, columns := fit(rest, room)
			if n == 0 && room == width { // a cluster wider than the terminal
				return rows
			}
			rest, room = rest[n:], room-columns
			if rest != "" {
				rows, room = rows+1, width
			}
		}
	}
	return rows
}

// ascii says whether each byte of s is one printable column.
func ascii(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// Clip is s cut to width columns, with an ellipsis where something is missing.
func Clip(s string, width int) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	if width <= 0 {
		return ""
	}
	n, _ := fit(s, width-1)
	return s[:n] + "…"
}

// ClipLine is l cut to width columns, with an ellipsis where something is missing.
func ClipLine(l Line, width int) Line {
	if l.Width() <= width {
		return l
	}
	var out Line
	for _, s := range l {
		w := Width(s.Text)
		if w >= width {
			n, _ := fit(s.Text, width-1)
			s.Text = s.Text[:n] + "…"
			return append(out, s)
		}
		out = append(out, s)
		width -= w
	}
	return out
}

// ClipMiddle is s cut to width columns in its middle: of a long path both ends tell most.
func ClipMiddle(s string, width int) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	if width < 3 {
		return Clip(s, width)
	}
	head, used := fit(s, (width-1)/2)
	tail, room := len(s), width-1-used
	var ends []int
	clusters(s, func(c string, w, end int) bool {
		ends = append(ends, end-len(c))
		return true
	})
	for i := len(ends) - 1; i >= 0 && Width(s[ends[i]:]) <= room; i-- {
		tail = ends[i]
	}
	return s[:head] + "…" + s[tail:]
}

// Pad is s with blanks behind it up to width columns.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// Filled is the line with blanks of the style behind it up to width columns.
func Filled(l Line, width int, style Style) Line {
	if n := width - l.Width(); n > 0 {
		return append(l[:len(l):len(l)], Span{Text: strings.Repeat(" ", n), Style: style})
	}
	return l
}
