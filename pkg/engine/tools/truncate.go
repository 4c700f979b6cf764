package tools

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// bytesPerToken is the original's estimate.
const bytesPerToken = 4

// Limit is how much of a text the model gets.
type Limit struct {
	Bytes  bool // N counts bytes, and the marker chars; else tokens
	Amount int
}

// Tokens gives the limit in tokens, rounded up.
func (l Limit) Tokens() int {
	if l.Bytes {
		return int(tokenCount(int64(l.Amount)))
	}
	return l.Amount
}

// tokenCount estimates the tokens of n bytes.
func tokenCount(n int64) int64 { return (n + bytesPerToken - 1) / bytesPerToken }

// cutTokens keeps the head and the tail of text within tokens, with a marker between
// them; total is the text's real length, larger than len(text) when the middle is
// already gone.
func cutTokens(text string, tokens int, total int64) string {
	budget := int64(tokens) * bytesPerToken
	if total <= budget {
		return text
	}
	head, tail := split(text, int(budget))
	return fmt.Sprintf("%s…%d tokens truncated…%s", head, tokenCount(total-budget), tail)
}

// cutBytes is the same for a limit in bytes; the marker counts the characters removed.
func cutBytes(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	head, tail := split(text, limit)
	gone := utf8.RuneCountInString(text[len(head) : len(text)-len(tail)])
	return fmt.Sprintf("%s…%d chars truncated…%s", head, gone, tail)
}

// split shrinks both ends to whole characters.
func split(text string, budget int) (head, tail string) {
	h := min(budget/2, len(text))
	t := max(len(text)-(budget-budget/2), h)
	for h > 0 && !utf8.RuneStart(text[h]) {
		h--
	}
	for t < len(text) && !utf8.RuneStart(text[t]) {
		t++
	}
	return text[:h], text[t:]
}

// Cut shortens a text that goes into history.
func (l Limit) Cut(text string) string {
	if l.Bytes {
		return cutBytes(text, l.Amount)
	}
	return cutTokens(text, l.Amount, int64(len(text)))
}

// formatOutput is the body of an exec_command result.
func formatOutput(text string, tokens int, total, lines int64) string {
	if total <= int64(tokens)*bytesPerToken {
		return text
	}
	return fmt.Sprintf("Total output lines: %d\n\n%s", lines, cutTokens(text, tokens, total))
}

// valid replaces bad UTF-8, one replacement character for each maximal bad sequence.
func valid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	out.Grow(len(b) + 16)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r != utf8.RuneError || n > 1 {
			out.WriteRune(r)
			b = b[n:]
			continue
		}
		out.WriteRune(utf8.RuneError)
		b = b[badPrefix(b):]
	}
	return out.String()
}

// badPrefix is the length of the maximal subpart at the start of b (Unicode 3.9, D93b).
func badPrefix(b []byte) int {
	var need int
	lo, hi := byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case c >= 0xC2 && c <= 0xDF:
		need = 1
	case c >= 0xE0 && c <= 0xEF:
		need = 2
		if c == 0xE0 {
			lo = 0xA0
		} else if c == 0xED {
			hi = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		need = 3
		if c == 0xF0 {
			lo = 0x90
		} else if c == 0xF4 {
			hi = 0x8F
		}
	default:
		return 1
	}
	n := 1
	for n <= need && n < len(b) && b[n] >= lo && b[n] <= hi {
		n++
		lo, hi = 0x80, 0xBF
	}
	return n
}

// Recorded is the limit for history: a fifth more, so that headers and markers fit.
func (l Limit) Recorded() Limit { return Limit{l.Bytes, l.Amount * 6 / 5} }
