package telemetry

import (
	"strings"
	"unicode/utf8"
)

// What lines have of a text.
const (
	excerptBytes = 2 << 10
	excerptLines = 64
	excerptMark  = "\n[... cut ...]"
)

// Excerpt is the beginning of a text.
func Excerpt(text string) string {
	end := min(len(text), excerptBytes)
	for end < len(text) && end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	short := text[:end]
	for i, n := 0, 0; i < len(short); i++ {
		if short[i] == '\n' {
			if n++; n == excerptLines {
				short = short[:i]
			}
		}
	}
	if len(short) < len(strings.TrimSuffix(text, "\n")) {
		return short + excerptMark
	}
	return text
}
