// Package text is styled text for a terminal's cells: styles and themes, widths, wrapping,
// markdown as it streams in, highlighted code, diffs, and the colours of commands' output.
// It is pure: nothing here knows a screen, an environment or a clock. What comes from
// outside is made harmless by Clean and Output, through pkg/termtext; a Span never holds a
// character that a terminal would act on, nor a tab or a newline.
package text

import (
	"cmp"
	"strings"
)

// Color is a colour of a cell: Default, one of 256, or RGB. It is comparable.
type Color uint32

// Default is the terminal's own colour.
const Default Color = 0

const (
	indexed Color = 1 << 24
	direct  Color = 2 << 24
)

// Index is a colour of the terminal's palette.
func Index(n uint8) Color { return indexed | Color(n) }

// RGB is a colour by its parts.
func RGB(r, g, b uint8) Color { return direct | Color(r)<<16 | Color(g)<<8 | Color(b) }

// Index gives the number in the palette; ok is false for the default and for RGB.
func (c Color) Index() (n uint8, ok bool) { return uint8(c), c&indexed != 0 }

// RGB gives the parts; ok is false for the default and for colours of the palette.
func (c Color) RGB() (r, g, b uint8, ok bool) {
	return uint8(c >> 16), uint8(c >> 8), uint8(c), c&direct != 0
}

// Attr is a set of attributes.
type Attr uint8

// The attributes of a cell.
const (
	Bold Attr = 1 << iota
	Dim
	Italic
	Underline
	Strike
	Reverse
)

// Style is how a cell looks. The zero Style is the terminal's own.
type Style struct {
	FG, BG Color
	Attr   Attr
}

// With is s with what o says over it: its colours where it has some, its attributes too.
func (s Style) With(o Style) Style {
	s.FG = cmp.Or(o.FG, s.FG)
	s.BG = cmp.Or(o.BG, s.BG)
	s.Attr |= o.Attr
	return s
}

// Span is text of one style. Link is the address that the text leads to, or empty.
type Span struct {
	Text  string
	Style Style
	Link  string
}

// Line is one line of spans.
type Line []Span

// Of is a line of one span.
func Of(s string, style Style) Line { return Line{{Text: s, Style: style}} }

// String is the text without its styles.
func (l Line) String() string {
	if len(l) == 1 {
		return l[0].Text
	}
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Width is the number of columns of the line.
func (l Line) Width() int {
	n := 0
	for _, s := range l {
		n += Width(s.Text)
	}
	return n
}

// Restyled is the line with style below each span's own.
func (l Line) Restyled(style Style) Line {
	out := make(Line, len(l))
	for i, s := range l {
		s.Style = style.With(s.Style)
		out[i] = s
	}
	return out
}

// Prefixed puts first before the first of the lines and rest before the others. A line
// without text stays so when the prefix is blank.
func Prefixed(lines []Line, first, rest Line) []Line {
	blank := strings.TrimSpace(rest.String()) == ""
	out := make([]Line, len(lines))
	for i, l := range lines {
		switch {
		case i == 0:
			out[i] = append(append(make(Line, 0, len(first)+len(l)), first...), l...)
		case len(l) > 0 || !blank:
			out[i] = append(append(make(Line, 0, len(rest)+len(l)), rest...), l...)
		}
	}
	return out
}

// Strings are the texts of the lines.
func Strings(lines []Line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.String()
	}
	return out
}
