package screen

import (
	"strconv"
	"strings"

	"codex/pkg/frontend/tui/text"
)

const reset = "\x1b[0m"

// sgr is the sequence that begins a style, "" for the terminal's own. What the terminal
// can show is the theme's to know.
func sgr(s text.Style) string {
	if s == (text.Style{}) {
		return ""
	}
	b := []byte{}
	add := func(n ...int) {
		for _, n := range n {
			b = strconv.AppendInt(append(b, ';'), int64(n), 10)
		}
	}
	for i, n := range [...]int{1, 2, 3, 4, 9, 7} {
		if s.Attr&(1<<i) != 0 {
			add(n)
		}
	}
	color(add, s.FG, 38)
	color(add, s.BG, 48)
	if len(b) == 0 {
		return ""
	}
	return "\x1b[" + string(b[1:]) + "m"
}

// color adds a colour for the foreground (38) or the background (48).
func color(add func(...int), c text.Color, what int) {
	if n, ok := c.Index(); ok {
		switch {
		case n < 8:
			add(what - 8 + int(n))
		case n < 16:
			add(what + 52 + int(n) - 8)
		default:
			add(what, 5, int(n))
		}
		return
	}
	if r, g, b, ok := c.RGB(); ok {
		add(what, 2, int(r), int(g), int(b))
	}
}

// link keeps of an address what may stand in the sequence of a link.
func link(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return -1
		}
		return r
	}, s)
}
