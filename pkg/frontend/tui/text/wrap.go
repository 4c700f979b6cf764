package text

import "strings"

// Wrap breaks lines that have more than width columns: at blanks where there are some,
// else between grapheme clusters. Blanks at a break are left out; those that indent a
// line stay. No line of the answer is wider than width, but for a single cluster that is.
func Wrap(lines []Line, width int) []Line { return WrapIndented(lines, width, nil, nil) }

// WrapIndented is Wrap with first before each line that was given and rest before each
// line that a break made. Both count in width, and are left out when they leave no room.
func WrapIndented(lines []Line, width int, first, rest Line) []Line {
	width = max(1, width)
	if first.Width() >= width-1 || rest.Width() >= width-1 {
		first, rest = nil, nil
	}
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		w := wrapper{width: width, out: out, line: append(Line{}, first...), rest: rest}
		w.column, w.indent = first.Width(), first.Width()
		w.all(l)
		out = append(w.out, w.line)
	}
	return out
}

// wrapper fills lines with words. A word is made of parts of spans, since a style may
// change within it.
type wrapper struct {
	width  int
	rest   Line
	out    []Line
	line   Line
	column int // of the line so far
	indent int // the columns of what stands before the text of the line
	word   Line
	wide   int // the columns of the word
	blanks Line
	gap    int // the columns of the blanks before the word
}

func (w *wrapper) all(l Line) {
	if room := w.width - w.column; l.short(room) {
		w.line = append(w.line, l...)
		return
	}
	for _, s := range l {
		w.span(s)
	}
	w.place()
	if w.column+w.gap <= w.width {
		w.line = append(w.line, w.blanks...)
	}
}

// short says whether the line surely has at most room columns.
func (l Line) short(room int) bool {
	n := 0
	for _, s := range l {
		if n += len(s.Text); n > room {
			return l.Width() <= room
		}
	}
	return true
}

func (w *wrapper) span(s Span) {
	for rest := s.Text; rest != ""; {
		n := strings.IndexByte(rest, ' ')
		if n < 0 {
			n = len(rest)
		}
		if n > 0 {
			w.word = append(w.word, Span{rest[:n], s.Style, s.Link})
			w.wide += Width(rest[:n])
			rest = rest[n:]
			continue
		}
		n = len(rest) - len(strings.TrimLeft(rest, " "))
		w.place()
		w.blanks = append(w.blanks, Span{rest[:n], s.Style, s.Link})
		w.gap += n
		rest = rest[n:]
	}
}

// place puts the blanks and the word that were read into the line, behind a break when
// there is no room.
func (w *wrapper) place() {
	if w.wide == 0 && len(w.word) == 0 {
		return
	}
	switch {
	case w.column+w.gap+w.wide <= w.width:
		w.line = append(w.line, w.blanks...)
		w.column += w.gap
	case w.column > w.indent:
		w.newline()
	case w.gap > 0 && w.gap < w.width/2: // the indent of a line whose first word is long
		w.line = append(w.line, w.blanks...)
		w.column += w.gap
		w.indent = w.column
	}
	for _, s := range w.word {
		w.put(s)
	}
	w.word, w.wide, w.blanks, w.gap = w.word[:0], 0, w.blanks[:0], 0
}

// put adds a part of a word, cut where the line ends.
func (w *wrapper) put(s Span) {
	for {
		n, columns := fit(s.Text, w.width-w.column)
		if n == 0 && w.column <= w.indent && s.Text != "" { // a cluster wider than the line
			clusters(s.Text, func(_ string, width, end int) bool {
				n, columns = end, width
				return false
			})
		}
		if n > 0 {
			w.line = append(w.line, Span{s.Text[:n], s.Style, s.Link})
			w.column += columns
		}
		if s.Text = s.Text[n:]; s.Text == "" {
			return
		}
		w.newline()
	}
}

func (w *wrapper) newline() {
	w.out = append(w.out, w.line)
	w.line = append(make(Line, 0, len(w.rest)+4), w.rest...)
	w.column = w.rest.Width()
	w.indent = w.column
}
