package patch

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// seek finds want in lines at or after from and gives the index of its first
// line, -1 when it isn't there. With eof it looks only at the very end.
//
// Four passes, each over the whole range before the next:
// equal; equal but for trailing space; but for space at both ends; and with
// typographic dashes, quotes and spaces read as their ASCII kin. A later exact
// hit thus wins over an earlier loose one.
func seek(lines, want []string, from int, eof bool) int {
	if len(want) == 0 {
		return from
	}
	if len(want) > len(lines) {
		return -1
	}
	if eof {
		from = len(lines) - len(want)
	}
	for _, same := range [...]func(a, b string) bool{equalExact, equalRight, equalTrim, equalLoose} {
		for i := from; i+len(want) <= len(lines); i++ {
			if matches(lines[i:], want, same) {
				return i
			}
		}
	}
	return -1
}

// matches reports whether lines begin with want.
func matches(lines, want []string, same func(a, b string) bool) bool {
	for i, w := range want {
		if !same(lines[i], w) {
			return false
		}
	}
	return true
}

func equalExact(a, b string) bool { return a == b }

func equalRight(a, b string) bool {
	return strings.TrimRightFunc(a, unicode.IsSpace) == strings.TrimRightFunc(b, unicode.IsSpace)
}

func equalTrim(a, b string) bool { return strings.TrimSpace(a) == strings.TrimSpace(b) }

func equalLoose(a, b string) bool {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	for a != "" && b != "" {
		ra, na := utf8.DecodeRuneInString(a)
		rb, nb := utf8.DecodeRuneInString(b)
		if plain(ra) != plain(rb) {
			return false
		}
		a, b = a[na:], b[nb:]
	}
	return a == b
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
