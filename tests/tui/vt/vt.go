// Package vt is a small terminal for tests: a grid with scrollback that understands what
// the frontend writes, and takes note of everything else. It answers the questions that a
// terminal is asked.
package vt

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// cell is a character and its style; the second half of a wide one is empty.
type cell struct {
	s     string
	style string
}

type row struct {
	cells   []cell
	wrapped bool // goes on in the next row
}

// Terminal is the terminal. It is not safe for concurrent use.
type Terminal struct {
	Cols, Rows int
	Reply      func(string)    // takes answers; may be nil
	Reflows    bool            // breaks rows anew when it gets narrower
	Modes      map[string]bool // private modes that are on, ">u" for kitty's keys
	Title      string
	Bells      int
	Strange    []string // sequences that the frontend has no business to write
	Styles     map[string]bool

	screen     []row
	scrollback []row
	main       []row // while the alternate screen is shown
	x, y       int
	mx, my     int
	pending    bool   // the cursor stands on the last cell, which is written
	kept       [3]int // column and row that ESC 7 keeps, and whether it did
	style      string
	buf        []byte
}

// New makes a terminal of a size.
func New(cols, rows int) *Terminal {
	t := &Terminal{Cols: cols, Rows: rows, Reflows: true, Modes: map[string]bool{"25": true}, Styles: map[string]bool{}}
	t.screen = make([]row, rows)
	return t
}

// Write takes output. A sequence may be split. What is written in synchronized output is seen
// when that ends, and not in parts.
func (t *Terminal) Write(p []byte) (int, error) {
	t.buf = append(t.buf, p...)
	for len(t.buf) > 0 {
		if bytes.HasPrefix(t.buf, []byte("\x1b[?2026h")) && !bytes.Contains(t.buf, []byte("\x1b[?2026l")) {
			return len(p), nil
		}
		n := t.one(t.buf)
		if n == 0 {
			return len(p), nil
		}
		t.buf = t.buf[n:]
	}
	t.buf = nil
	return len(p), nil
}

// one does what b begins with, and says how long that is; 0: more is needed.
func (t *Terminal) one(b []byte) int {
	switch c := b[0]; {
	case c == 0x1b:
		return t.escape(b)
	case c == '\r':
		t.x, t.pending = 0, false
	case c == '\n':
		t.newline()
	case c == 7:
		t.Bells++
	case c == 8:
		t.x, t.pending = max(0, t.x-1), false
	case c < ' ' || c == 0x7f:
		t.Strange = append(t.Strange, fmt.Sprintf("control %#x", c))
	default:
		return t.text(b)
	}
	return 1
}

// text writes the characters up to the next control.
func (t *Terminal) text(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= ' ' && b[n] != 0x7f {
		n++
	}
	for n > 0 && n == len(b) && !utf8.Valid(b[:n]) && n > len(b)-utf8.UTFMax {
		n-- // a character that is not there yet
	}
	if n == 0 {
		if len(b) > utf8.UTFMax {
			t.Strange = append(t.Strange, "no UTF-8")
			return 1
		}
		return 0
	}
	g := displaywidth.StringGraphemes(string(b[:n]))
	for g.Next() {
		t.put(g.Value(), g.Width())
	}
	return n
}

func (t *Terminal) put(s string, w int) {
	if r, _ := utf8.DecodeRuneInString(s); r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
		t.Strange = append(t.Strange, fmt.Sprintf("character %U", r))
	}
	if w == 0 {
		return
	}
	if t.pending || t.x+w > t.Cols {
		t.screen[t.y].wrapped = true
		t.newline()
		t.x = 0
	}
	r := &t.screen[t.y]
	for len(r.cells) < t.x+w {
		r.cells = append(r.cells, cell{s: " "})
	}
	r.cells[t.x] = cell{s, t.style}
	for i := 1; i < w; i++ {
		r.cells[t.x+i] = cell{"", t.style}
	}
	t.Styles[t.style] = true
	if t.x += w; t.x >= t.Cols {
		t.x, t.pending = t.Cols-1, true
	}
}

func (t *Terminal) newline() {
	t.pending = false
	if t.y < t.Rows-1 {
		t.y++
		return
	}
	if t.main == nil {
		t.scrollback = append(t.scrollback, t.screen[0])
	}
	t.screen = append(t.screen[1:], row{})
}

func (t *Terminal) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= '@' && b[i] <= '~' {
				t.csi(string(b[2:i]), b[i])
				return i + 1
			}
		}
		return 0
	case ']':
		for i := 2; i < len(b); i++ {
			if b[i] == 7 {
				t.osc(string(b[2:i]))
				return i + 1
			}
			if b[i] == 0x1b && i+1 < len(b) {
				t.osc(string(b[2:i]))
				return i + 2
			}
		}
		return 0
	case '7':
		t.kept = [3]int{t.x, t.y, 1}
		return 2
	case '8':
		if t.kept[2] == 1 {
			t.x, t.y, t.pending = min(t.kept[0], t.Cols-1), min(t.kept[1], t.Rows-1), false
		}
		return 2
	}
	t.Strange = append(t.Strange, fmt.Sprintf("ESC %q", b[1]))
	return 2
}

func (t *Terminal) osc(s string) {
	num, rest, _ := strings.Cut(s, ";")
	switch {
	case num == "0":
		t.Title = rest
	case num == "8" || num == "9" && rest != "" || num == "777" && strings.HasPrefix(rest, "notify;"):
	case num == "10" && rest == "?":
		t.reply("\x1b]10;rgb:d0d0/d0d0/d0d0\x07")
	case num == "11" && rest == "?":
		t.reply("\x1b]11;rgb:1010/1010/1010\x07")
	default:
		t.Strange = append(t.Strange, "OSC "+s)
	}
}

func (t *Terminal) reply(s string) {
	if t.Reply != nil {
		t.Reply(s)
	}
}

func (t *Terminal) csi(params string, final byte) {
	switch final {
	case 'm':
		t.style = params
		if params == "0" || params == "" {
			t.style = ""
		}
		return
	case 'h', 'l':
		t.mode(params, final == 'h')
		return
	case 'n':
		t.reply(fmt.Sprintf("\x1b[%d;%dR", t.y+1, t.x+1))
		return
	case 'c':
		t.reply("\x1b[?62;c")
		return
	case 'u':
		switch {
		case params == "?":
			t.reply("\x1b[?0u")
		case strings.HasPrefix(params, ">"):
			t.Modes[">u"] = true
		case strings.HasPrefix(params, "<"):
			delete(t.Modes, ">u")
		}
		return
	}
	t.move(params, final)
}

func (t *Terminal) move(params string, final byte) {
	p := strings.Split(params, ";")
	num := func(i, otherwise int) int {
		if i < len(p) {
			if n, err := strconv.Atoi(p[i]); err == nil {
				return n
			}
		}
		return otherwise
	}
	r := &t.screen[t.y]
	switch {
	case final == 'H':
		t.y, t.x, t.pending = min(max(num(0, 1), 1), t.Rows)-1, min(max(num(1, 1), 1), t.Cols)-1, false
	case final == 'A':
		t.y, t.pending = max(t.y-max(num(0, 1), 1), 0), false
	case final == 'B':
		t.y, t.pending = min(t.y+max(num(0, 1), 1), t.Rows-1), false
	case final == 'C':
		t.x, t.pending = min(t.x+max(num(0, 1), 1), t.Cols-1), false
	case final == 'K' && num(0, 0) == 0:
		r.cells, r.wrapped = r.cells[:min(t.x, len(r.cells))], false
		t.pending = false
	case final == 'J' && num(0, 0) == 0:
		r.cells, r.wrapped = r.cells[:min(t.x, len(r.cells))], false
		for i := t.y + 1; i < t.Rows; i++ {
			t.screen[i] = row{}
		}
	case final == 'J' && num(0, 0) == 2 && t.main != nil:
		t.screen = make([]row, t.Rows)
	case final == 'm', final == 'q' && strings.HasSuffix(params, " "):
	default:
		t.Strange = append(t.Strange, fmt.Sprintf("CSI %s %c", params, final))
	}
}

func (t *Terminal) mode(params string, on bool) {
	name, private := strings.CutPrefix(params, "?")
	switch name {
	case "25", "2004", "1004", "2026", "1007", "1049":
	default:
		private = false
	}
	if !private {
		t.Strange = append(t.Strange, "mode "+params)
		return
	}
	if name == "1049" && on != t.Modes[name] {
		if on {
			t.main, t.mx, t.my = t.screen, t.x, t.y
			t.screen = make([]row, t.Rows)
		} else {
			t.screen, t.x, t.y, t.main = t.main, t.mx, t.my, nil
		}
	}
	if t.Modes[name] = on; !on {
		delete(t.Modes, name)
	}
}

func (r row) String() string {
	var b strings.Builder
	for _, c := range r.cells {
		b.WriteString(c.s)
	}
	return strings.TrimRight(b.String(), " ")
}

// Screen is what is seen, row by row.
func (t *Terminal) Screen() []string {
	out := make([]string, len(t.screen))
	for i, r := range t.screen {
		out[i] = r.String()
	}
	return out
}

// Alternate says whether the alternate screen is shown.
func (t *Terminal) Alternate() bool { return t.main != nil }

// All is the scrollback and what is seen, rows that were broken joined again.
func (t *Terminal) All() []string {
	var out []string
	screen := t.screen
	if t.main != nil {
		screen = t.main
	}
	join := false
	for _, r := range append(append([]row(nil), t.scrollback...), screen...) {
		if join {
			out[len(out)-1] += r.String()
		} else {
			out = append(out, r.String())
		}
		join = r.wrapped
	}
	return out
}

// Cursor is where the cursor is, from 0.
func (t *Terminal) Cursor() (x, y int) { return t.x, t.y }

// Resize changes the size. Rows that have become too long are broken anew, and what has
// no room goes into the scrollback.
func (t *Terminal) Resize(cols, rows int) {
	if t.main != nil {
		t.main, t.mx, t.my = t.fit(t.main, t.mx, t.my, cols, rows)
		t.screen = make([]row, rows)
		t.Cols, t.Rows, t.x, t.y, t.pending = cols, rows, 0, 0, false
		return
	}
	t.screen, t.x, t.y = t.fit(t.screen, t.x, t.y, cols, rows)
	t.Cols, t.Rows, t.pending = cols, rows, false
}

func (t *Terminal) fit(screen []row, x, y, cols, rows int) ([]row, int, int) {
	var out []row
	nx, ny := x, y
	for i, r := range screen {
		if i == y {
			ny = len(out)
			if t.Reflows {
				ny, nx = ny+x/cols, x%cols
			}
		}
		for t.Reflows && len(r.cells) > cols {
			out = append(out, row{r.cells[:cols:cols], true})
			r = row{append([]cell(nil), r.cells[cols:]...), r.wrapped}
		}
		out = append(out, r)
	}
	for len(out) > rows && len(out)-1 > ny && len(out[len(out)-1].cells) == 0 {
		out = out[:len(out)-1]
	}
	for len(out) > rows {
		t.scrollback = append(t.scrollback, out[0])
		out = out[1:]
		ny--
	}
	for len(out) < rows {
		out = append(out, row{})
	}
	return out, min(nx, cols-1), max(0, ny)
}

// Cell is one cell of the screen: a character and the parameters of the SGR sequence it
// was written with. Behind a wide character stands an empty one.
type Cell struct{ Text, Style string }

// Cells are the cells of what is seen, row by row.
func (t *Terminal) Cells() [][]Cell {
	out := make([][]Cell, len(t.screen))
	for i, r := range t.screen {
		for _, c := range r.cells {
			out[i] = append(out[i], Cell{c.s, c.style})
		}
	}
	return out
}
