//go:build unix

package main

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"codex/tests/tui/vt"
)

// The picture: a cell, a margin, the bar of the window, and the colours of the terminal.
const (
	cellWidth, cellHeight = 8.4, 18
	margin, bar           = 16, 32
	ground, ink           = "#101010", "#d0d0d0"
)

// palette is the first 16 colours.
var palette = [16]string{"#1c1c1c", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d0d0d0", "#6b6b6b", "#ff7b86", "#b5e08f", "#ffd98a", "#86c6ff", "#dd9bf0", "#7ad7e0", "#ffffff"}

// look is a style as SVG has it.
type look struct {
	fg, bg                                      string
	bold, dim, italic, under, strike, exchanged bool
}

// draw writes the picture; blank rows at the end are left out.
func draw(w io.Writer, cells [][]vt.Cell) error {
	for len(cells) > 0 && blank(cells[len(cells)-1]) {
		cells = cells[:len(cells)-1]
	}
	for len(cells) > 0 && blank(cells[0]) {
		cells = cells[1:]
	}
	width, height := cols*cellWidth+2*margin, float64(len(cells)*cellHeight+2*margin+bar)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14">`+"\n", width, height)
	fmt.Fprintf(&b, "<title>codex at a terminal: the demo's turn</title>\n")
	fmt.Fprintf(&b, `<rect width="%.0f" height="%.0f" rx="10" fill="%s"/>`+"\n", width, height, ground)
	for i, c := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="18" r="6" fill="%s"/>`+"\n", 20+20*i, c)
	}
	for y, row := range cells {
		drawRow(&b, row, float64(bar+margin+y*cellHeight))
	}
	b.WriteString("</svg>\n")
	_, err := w.Write(b.Bytes())
	return err
}

func blank(row []vt.Cell) bool {
	return !slices.ContainsFunc(row, func(c vt.Cell) bool { return c.Text != " " || lookOf(c.Style).bg != "" })
}

// drawRow draws runs of cells of one style.
func drawRow(b *bytes.Buffer, row []vt.Cell, top float64) {
	for from := 0; from < len(row); {
		to := from + 1
		for to < len(row) && row[to].Style == row[from].Style {
			to++
		}
		var text strings.Builder
		for _, c := range row[from:to] {
			text.WriteString(c.Text)
		}
		drawRun(b, text.String(), lookOf(row[from].Style), margin+float64(from)*cellWidth, top, float64(to-from)*cellWidth)
		from = to
	}
}

func drawRun(b *bytes.Buffer, text string, l look, x, top, width float64) {
	if l.bg != "" {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>`+"\n", x, top, width, cellHeight, l.bg)
	}
	if strings.TrimSpace(text) == "" {
		return
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" xml:space="preserve" fill="%s"`, x, top+13, width, l.fg)
	for _, a := range []struct {
		on   bool
		attr string
	}{
		{l.bold, ` font-weight="bold"`}, {l.dim, ` fill-opacity="0.6"`}, {l.italic, ` font-style="italic"`},
		{l.under, ` text-decoration="underline"`}, {l.strike && !l.under, ` text-decoration="line-through"`},
	} {
		if a.on {
			b.WriteString(a.attr)
		}
	}
	b.WriteString(">")
	_ = xml.EscapeText(b, []byte(text)) // a buffer takes all
	b.WriteString("</text>\n")
}

// lookOf reads the parameters of an SGR sequence.
func lookOf(style string) look {
	l := look{fg: ink}
	p := strings.Split(style, ";")
	for i := 0; i < len(p); i++ {
		n, _ := strconv.Atoi(p[i]) // nothing is 0
		switch {
		case n == 1:
			l.bold = true
		case n == 2:
			l.dim = true
		case n == 3:
			l.italic = true
		case n == 4:
			l.under = true
		case n == 7:
			l.exchanged = true
		case n == 9:
			l.strike = true
		case n >= 30 && n <= 37:
			l.fg = palette[n-30]
		case n >= 90 && n <= 97:
			l.fg = palette[n-90+8]
		case n >= 40 && n <= 47:
			l.bg = palette[n-40]
		case (n == 38 || n == 48) && i+1 < len(p):
			c, used := extended(p[i+1:])
			i += used
			if n == 38 {
				l.fg = c
			} else {
				l.bg = c
			}
		}
	}
	if l.exchanged {
		l.bg = cmp.Or(l.bg, ground)
		l.fg, l.bg = l.bg, l.fg
	}
	return l
}

// extended reads what follows a 38 or 48: 5 and a number of the first 16, or 2 and parts.
func extended(p []string) (c string, used int) {
	number := func(i int) int {
		if i >= len(p) {
			return 0
		}
		n, _ := strconv.Atoi(p[i]) // as above
		return n
	}
	if number(0) == 5 {
		return palette[number(1)%16], 2
	}
	return fmt.Sprintf("#%02x%02x%02x", number(1)&255, number(2)&255, number(3)&255), 4
}
