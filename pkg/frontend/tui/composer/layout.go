package composer

import (
	"strings"

	"github.com/clipperhouse/displaywidth"

	"codex/pkg/frontend/tui/text"
)

// row is a range of the text that is shown in one row.
type row struct{ from, to int }

// glyph is a character as it is shown, and the columns that it takes.
func (c *Composer) glyph(at int) (s string, width, next int) {
	if e, ok := c.element(c.text[at]); ok {
		return e.Label, text.Width(e.Label), at + 1
	}
	if r := c.text[at]; r < 0x80 && (at+1 == len(c.text) || c.text[at+1] < 0x300) {
		return string(r), 1, at + 1
	}
	next = c.after(at)
	s = string(c.text[at:next])
	return s, displaywidth.String(s), next
}

// layout breaks the text into rows of at most width columns, at blanks where there are
// some. A blank at a break stays at the end of its row, beyond the width.
func (c *Composer) layout(width int) []row {
	width = max(1, width)
	var rows []row
	from, col, blank := 0, 0, -1 // blank: where the row may be broken
	for at := 0; at < len(c.text); {
		r := c.text[at]
		if r == '\n' {
			rows = append(rows, row{from, at})
			at++
			from, col, blank = at, 0, -1
			continue
		}
		_, w, next := c.glyph(at)
		if r == ' ' {
			at, col, blank = next, col+w, next
			continue
		}
		if col+w > width && at > from {
			cut := at
			if blank > from {
				cut = blank
			}
			rows = append(rows, row{from, cut})
			from, blank, col = cut, -1, c.columns(cut, at)
			if col+w > width && at > from {
				continue
			}
		}
		at, col = next, col+w
	}
	return append(rows, row{from, len(c.text)})
}

func (c *Composer) columns(from, to int) int {
	n := 0
	for at := from; at < to; {
		_, w, next := c.glyph(at)
		n, at = n+w, next
	}
	return n
}

// where finds the row of the cursor.
func (c *Composer) where(rows []row) int {
	for i := len(rows) - 1; i > 0; i-- {
		if c.cur >= rows[i].from {
			return i
		}
	}
	return 0
}

// up and down move by rows as they are shown.
func (c *Composer) up()   { c.vertical(-1) }
func (c *Composer) down() { c.vertical(1) }

func (c *Composer) vertical(by int) {
	rows := c.layout(c.width)
	i := c.where(rows)
	if c.column < 0 {
		c.column = c.columns(rows[i].from, c.cur)
	}
	if i += by; i < 0 || i >= len(rows) {
		column := c.column
		if by < 0 {
			c.move(0)
		} else {
			c.move(len(c.text))
		}
		c.column = column
		return
	}
	at, col, end := rows[i].from, 0, rows[i].to
	if i+1 < len(rows) && rows[i+1].from == end && end > at {
		end = c.before(end) // the row's end is the begin of the next
	}
	for at < end {
		_, w, next := c.glyph(at)
		if col+w > c.column {
			break
		}
		at, col = next, col+w
	}
	c.cur = at
}

// View draws the text in width columns and at most height rows, around the cursor, whose
// place it gives. selected styles elements.
func (c *Composer) View(width, height int, element text.Style) (lines []text.Line, y, x int) {
	c.width = width
	rows := c.layout(width)
	y = c.where(rows)
	x = min(c.columns(rows[y].from, c.cur), width)
	first := 0
	if len(rows) > height {
		first = min(max(0, y-height/2), len(rows)-height)
		rows = rows[first : first+height]
	}
	for _, r := range rows {
		lines = append(lines, c.line(r, element))
	}
	return lines, y - first, x
}

func (c *Composer) line(r row, style text.Style) text.Line {
	var l text.Line
	var b strings.Builder
	for at := r.from; at < r.to; {
		if e, ok := c.element(c.text[at]); ok {
			l = append(l, text.Span{Text: b.String()}, text.Span{Text: e.Label, Style: style})
			b.Reset()
			at++
			continue
		}
		s, _, next := c.glyph(at)
		b.WriteString(s)
		at = next
	}
	return append(l, text.Span{Text: text.CleanLine(b.String())})
}
