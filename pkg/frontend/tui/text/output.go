package text

import (
	"strconv"
	"strings"

	"codex/pkg/termtext"
)

// Output makes lines of the output of a command: harmless, its colours as styles over
// base, what a carriage return overwrote left out.
func (t *Theme) Output(s string, base Style) []Line {
	raw := strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n"), "\n")
	for i, l := range raw {
		raw[i] = shortened(overwritten(l))
	}
	lines := make([]Line, 0, len(raw))
	var style Style
	for l := range strings.SplitSeq(termtext.Output(strings.Join(raw, "\n")), "\n") {
		var line Line
		line, style = t.coloured(l, base, style)
		lines = append(lines, line)
	}
	return lines
}

// overwritten is what a terminal would show of a line that goes back to its begin, as
// progress bars do: what stands behind the last carriage return that text follows.
func overwritten(l string) string {
	l = strings.TrimRight(l, "\r")
	return l[strings.LastIndexByte(l, '\r')+1:]
}

// coloured parses a line whose only escape sequences are SGR, as termtext leaves it. It
// begins in style; the style that its end is in goes on with the next line.
func (t *Theme) coloured(s string, base, style Style) (Line, Style) {
	var line Line
	s = expandTabs(s)
	for {
		head, rest, found := strings.Cut(s, "\x1b[")
		if head != "" {
			line = append(line, Span{Text: trimClusters(head), Style: base.With(t.Style(style))})
		}
		if !found {
			return line, style
		}
		params, tail, _ := strings.Cut(rest, "m")
		style = sgr(style, params)
		s = tail
	}
}

// sgr is style as the parameters of an SGR sequence change it.
func sgr(style Style, params string) Style {
	list := strings.FieldsFunc(params+";", func(r rune) bool { return r == ';' })
	if len(list) == 0 {
		return Style{}
	}
	for i := 0; i < len(list); i++ {
		main, sub, _ := strings.Cut(list[i], ":")
		n, err := strconv.Atoi(main)
		if err != nil {
			continue
		}
		if n == 38 || n == 48 || n == 58 {
			parts := strings.Split(sub, ":")
			if sub == "" {
				parts = list[i+1:]
			}
			c, used := extended(parts)
			if sub == "" {
				i += used
			}
			if n == 38 {
				style.FG = c
			} else if n == 48 {
				style.BG = c
			}
			continue
		}
		style = basicSGR(style, n)
	}
	return style
}

// extended reads what follows a 38 or 48: 5 and a number, or 2 and three parts.
func extended(parts []string) (c Color, used int) {
	number := func(i int) uint8 {
		if i >= len(parts) {
			return 0
		}
		n, _ := strconv.ParseUint(parts[i], 10, 8) // not a number: 0, as terminals have it
		return uint8(n)
	}
	switch number(0) {
	case 5:
		return Index(number(1)), 2
	case 2:
		if len(parts) == 5 { // with the colour space between
			return RGB(number(2), number(3), number(4)), 5
		}
		return RGB(number(1), number(2), number(3)), 4
	}
	return Default, len(parts)
}

// basicSGR is style after a parameter that stands alone.
func basicSGR(style Style, n int) Style {
	switch {
	case n == 0:
		return Style{}
	case n >= 30 && n <= 37:
		style.FG = Index(uint8(n - 30))
	case n >= 40 && n <= 47:
		style.BG = Index(uint8(n - 40))
	case n >= 90 && n <= 97:
		style.FG = Index(uint8(n - 90 + 8))
	case n >= 100 && n <= 107:
		style.BG = Index(uint8(n - 100 + 8))
	case n == 39:
		style.FG = Default
	case n == 49:
		style.BG = Default
	case n == 22:
		style.Attr &^= Bold | Dim
	default:
		on, off := attribute(n)
		style.Attr = style.Attr&^off | on
	}
	return style
}

// attribute is what a parameter turns on or off.
func attribute(n int) (on, off Attr) {
	switch n {
	case 1:
		return Bold, 0
	case 2:
		return Dim, 0
	case 3:
		return Italic, 0
	case 4:
		return Underline, 0
	case 7:
		return Reverse, 0
	case 9:
		return Strike, 0
	case 23:
		return 0, Italic
	case 24:
		return 0, Underline
	case 27:
		return 0, Reverse
	case 29:
		return 0, Strike
	}
	return 0, 0
}
