package config

import (
	"strings"
	"unicode/utf8"
)

func (x *explainer) quoted() bool {
	c := x.src[x.i]
	name, other := "basic", "non-double-quote visible characters, `\\`"
	if c == '\'' {
		name, other = "literal", "non-single-quote visible characters"
	}
	multi := strings.HasPrefix(x.src[x.i:], strings.Repeat(string(c), 3))
	closing := string(c)
	x.i++
	if multi {
		x.i += 2
		name, closing = "multi-line "+name, strings.Repeat(string(c), 3)
	}
	for {
		switch {
		case x.end() || !multi && (x.peek() == '\n' || strings.HasPrefix(x.src[x.i:], "\r\n")):
			return x.fail(x.i, 1, "invalid "+name+" string, expected `"+string(c)+"`")
		case strings.HasPrefix(x.src[x.i:], closing):
			x.i += len(closing)
			for n := 0; multi && n < 2 && x.peek() == c; n++ {
				x.i++
			}
			return true
		case x.peek() == '\\' && c == '"':
			x.i++
			if !x.escape(multi) {
				return false
			}
		case x.peek() < ' ' && x.peek() != '\t' && !(multi && (x.peek() == '\n' || x.peek() == '\r')) || x.peek() == 0x7f:
			x.odd(x.i, 1, "invalid "+name+" string, expected "+other)
			x.i++
		default:
			_, n := utf8.DecodeRuneInString(x.src[x.i:])
			x.i += n
		}
	}
}

func (x *explainer) escape(multi bool) bool {
	digits := 0
	switch c := x.peek(); c {
	case 'b', 'e', 'f', 'n', 'r', 't', '\\', '"':
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		if multi && strings.IndexByte(" \t\r\n", c) >= 0 && !x.end() {
			return true
		}
		return x.odd(x.i, 1, "missing escaped value, expected `b`, `e`, `f`, `n`, `r`, `\\`, `\"`, `x`, `u`, `U`")
	}
	x.i++
	var r rune
	start := x.i
	for n := 0; n < digits; n++ {
		c := x.peek()
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return x.odd(x.i, 1, "too few unicode value digits, expected unicode hexadecimal value")
		}
		x.i++
	}
	if digits > 2 && !utf8.ValidRune(r) {
		return x.odd(start, 1, "invalid value, expected unicode hexadecimal value")
	}
	return true
}
