// Package screen draws lines of styled text on a terminal: finished lines go into the
// terminal's own scrollback, above a viewport at the bottom that is kept up to date.
//
// Nothing is ever written by cursor addressing into lines that are finished, and nothing
// that was on the terminal before is cleared. A frame is one write, inside the brackets of
// synchronized output. Only rows that changed are written. Finished lines are written
// where the viewport begins and scroll away as lines of any program do, so that no
// terminal has to know scroll regions.
//
// It knows no word of Codex, and no clock. It imports text.
package screen

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"

	"codex/pkg/frontend/tui/text"
)

// Cursor is where the cursor is shown, counted from the viewport's first row.
type Cursor struct {
	Row, Col int
	Hidden   bool
}

// Screen is what is known of a terminal. It is not safe for concurrent use.
type Screen struct {
	out io.Writer
	buf bytes.Buffer

	cols, rows int
	top        int         // of the viewport, from 0
	view       []text.Line // what the viewport shows
	cursor     Cursor
	row        int  // in which the cursor is, or nowhere
	known      bool // what the viewport shows is on the terminal
	alternate  bool
	unbroken   bool // see Unbroken
	saved      saved
}

// saved is the main screen while the alternate one is shown.
type saved struct {
	cols, rows, top int
	view            []text.Line
	cursor          Cursor
}

// New makes a Screen of a terminal whose cursor is in row (from 0).
func New(out io.Writer, cols, rows, row int) *Screen {
	s := &Screen{out: out, row: nowhere}
	s.size(cols, rows)
	s.top = max(0, min(row, s.rows-1))
	return s
}

func (s *Screen) size(cols, rows int) { s.cols, s.rows = max(1, cols), max(1, rows) }

// Size gives columns and rows.
func (s *Screen) Size() (cols, rows int) { return s.cols, s.rows }

// Alternate says whether the alternate screen is shown.
func (s *Screen) Alternate() bool { return s.alternate }

// MaxView is how many rows a viewport may have: one stays for what came before.
func (s *Screen) MaxView() int {
	if s.alternate {
		return s.rows
	}
	return max(1, s.rows-1)
}

// Draw writes the finished lines above the viewport and makes that show view. Lines and
// rows that are wider than the terminal are cut. A frame that changes nothing writes
// nothing.
func (s *Screen) Draw(finished, view []text.Line, c Cursor) error {
	if len(view) == 0 {
		view = []text.Line{nil}
	}
	if n := s.MaxView(); len(view) > n {
		cut := len(view) - n // the end of it is what is being worked on
		view, c.Row = view[cut:], max(0, c.Row-cut)
	}
	if c.Hidden { // it tells where the viewport is all the same, see Anchor
		c.Row, c.Col = 0, 0
	}
	s.buf.Reset()
	switch {
	case s.alternate:
		s.differences(view)
	case len(finished) > 0 || !s.known || s.top+len(view) > s.rows:
		s.whole(finished, view)
	default:
		s.differences(view)
	}
	if s.buf.Len() == 0 && c == s.cursor && s.known {
		return nil
	}
	s.place(c)
	s.view, s.cursor, s.known = slices.Clone(view), c, true
	return s.flush()
}

// whole writes everything from the top of the viewport on.
func (s *Screen) whole(finished, view []text.Line) {
	s.at(s.top, 0)
	row := s.top
	for _, l := range finished {
		row = min(row+s.finished(l), s.rows-1)
		s.buf.WriteString("\r\n")
	}
	for i, l := range view {
		if i > 0 {
			s.buf.WriteString("\r\n")
		}
		if i == len(view)-1 && row > 0 {
			s.buf.WriteString("\x1b[J") // before the text: behind a full row it would take the last cell
		}
		s.line(l)
		if i < len(view)-1 {
			row = min(row+1, s.rows-1)
		}
	}
	s.top, s.row = row-len(view)+1, row
}

// finished writes a finished line in the row of the cursor, and says how many rows it has.
func (s *Screen) finished(l text.Line) int {
	if !s.unbroken || short(l, s.cols) {
		s.line(l)
		return 1
	}
	s.buf.WriteString("\x1b[J") // the rows that the terminal goes on in
	s.spans(l, math.MaxInt)
	return l.Rows(s.cols)
}

// Unbroken says that the terminal is to break finished lines that are wider than it is.
func (s *Screen) Unbroken(on bool) { s.unbroken = on }

// differences writes the rows that are not as they were.
func (s *Screen) differences(view []text.Line) {
	for i := range min(max(len(view), len(s.view)), s.rows-s.top) { // the terminal may have become smaller
		var now, was text.Line
		if i < len(view) {
			now = view[i]
		}
		if s.known && i < len(s.view) {
			was = s.view[i]
		}
		if s.known && slices.Equal(now, was) && (i < len(view) || len(was) == 0) {
			continue
		}
		if !s.known && s.alternate || i >= len(view) {
			s.at(s.top+i, 0)
			s.line(now)
			continue
		}
		s.change(s.top+i, was, now)
	}
	if s.alternate && !s.known {
		for i := len(view); i < s.rows; i++ {
			s.at(i, 0)
			s.line(nil)
		}
	}
}

// change writes a row from the first span that differs; a span that got longer counts
// from its first new character as long as all before is ASCII, whose widths are certain.
func (s *Screen) change(row int, was, now text.Line) {
	i, col := 0, 0
	for i < len(was) && i < len(now) && was[i] == now[i] && ascii(now[i].Text) {
		col += len(now[i].Text)
		i++
	}
	rest := now[i:]
	if i < len(was) && i < len(now) && was[i].Style == now[i].Style && was[i].Link == now[i].Link && now[i].Link == "" {
		n := prefix(was[i].Text, now[i].Text)
		col += n
		rest = append(text.Line{{Text: now[i].Text[n:], Style: now[i].Style}}, now[i+1:]...)
	}
	s.at(row, col)
	s.spans(rest, s.cols-col)
}

// prefix is how many ASCII bytes two texts begin with in common, up to a blank or a
// letter that is followed by ASCII: a combining character changes the cell before it.
func prefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] && a[n] < 0x80 {
		n++
	}
	if n > 0 && (n < len(a) && a[n] >= 0x80 || n < len(b) && b[n] >= 0x80) {
		n--
	}
	return n
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// line writes a line in the row of the cursor.
func (s *Screen) line(l text.Line) { s.spans(l, s.cols) }

// spans clears the rest of the row and writes spans in it, width columns at most. It
// clears first: behind a full row the cursor still stands on the last cell.
func (s *Screen) spans(l text.Line, width int) {
	s.buf.WriteString("\x1b[K")
	if !short(l, width) {
		l = text.ClipLine(l, width)
	}
	styled := false
	for _, p := range l {
		if p.Text == "" {
			continue
		}
		styled = s.style(p.Style, styled)
		if p.Link != "" {
			fmt.Fprintf(&s.buf, "\x1b]8;;%s\x1b\\%s\x1b]8;;\x1b\\", link(p.Link), p.Text)
			continue
		}
		s.buf.WriteString(p.Text)
	}
	if styled {
		s.buf.WriteString(reset)
	}
}

func short(l text.Line, width int) bool {
	n := 0
	for _, p := range l {
		n += len(p.Text)
	}
	return n <= width || l.Width() <= width
}

// style begins a style and says whether it is one.
func (s *Screen) style(st text.Style, styled bool) bool {
	seq := sgr(st)
	if styled {
		s.buf.WriteString(reset)
	}
	s.buf.WriteString(seq)
	return seq != ""
}

// at moves the cursor to a row and a column, counted from 0. It goes there from the row in
// which the cursor is: a multiplexer moves its rows some time before it says that it has
// another size, and the cursor with them.
func (s *Screen) at(row, col int) {
	from := s.row
	s.row = row
	if s.alternate || from == nowhere {
		fmt.Fprintf(&s.buf, "\x1b[%d;%dH", row+1, col+1)
		return
	}
	s.buf.WriteByte('\r')
	switch {
	case row < from:
		fmt.Fprintf(&s.buf, "\x1b[%dA", from-row)
	case row > from:
		fmt.Fprintf(&s.buf, "\x1b[%dB", row-from)
	}
	if col > 0 {
		fmt.Fprintf(&s.buf, "\x1b[%dC", col)
	}
}

// nowhere is the row of a cursor of which nothing is known.
const nowhere = -1

// place puts the cursor where it belongs.
func (s *Screen) place(c Cursor) {
	s.at(min(s.top+c.Row, s.rows-1), min(c.Col, s.cols-1))
	if c.Hidden {
		s.buf.WriteString("\x1b[?25l")
		return
	}
	if s.cursor.Hidden || !s.known {
		s.buf.WriteString("\x1b[?25h")
	}
}

// flush writes the frame.
func (s *Screen) flush() error {
	frame := make([]byte, 0, s.buf.Len()+32)
	frame = append(frame, "\x1b[?2026h"...)
	if !s.cursor.Hidden && s.buf.Len() > 512 {
		frame = append(frame, "\x1b[?25l"...) // it would be seen running over the rows
	}
	hid := len(frame) > len("\x1b[?2026h")
	frame = append(frame, s.buf.Bytes()...)
	if hid {
		frame = append(frame, "\x1b[?25h"...)
	}
	frame = append(frame, "\x1b[?2026l"...)
	if s.buf.Cap() > 1<<20 {
		s.buf = bytes.Buffer{}
	}
	_, err := s.out.Write(frame)
	return err
}

// Top is the first row of the viewport.
func (s *Screen) Top() int { return s.top }
