// Package shellwords writes argument lists as one line and reads them back.
//
// Ground layer: it imports the standard library only.
package shellwords

import "strings"

// Join quotes argv as one line, in the way of the original: each word
// is cut into the longest chunks that one style of quoting can hold.
func Join(argv []string) string {
	var b strings.Builder
	for i, w := range argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		quoteWord(&b, w)
	}
	return b.String()
}

const (
	bare = 1 << iota
	single
	double
)

func styles(c byte) int {
	s := 0
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+-./:@]_", c) >= 0 {
		s |= bare
	}
	if c != '\'' && c != '^' && c != '\\' {
		s |= single
	}
	if c != '`' && c != '$' && c != '!' && c != '^' {
		s |= double
	}
	return s
}

func quoteWord(b *strings.Builder, w string) {
	if w == "" {
		b.WriteString("''")
		return
	}
	for len(w) > 0 {
		can := styles(w[0])
		if w[0] == '^' {
			can = single
		}
		n := 1
		for n < len(w) && can&styles(w[n]) != 0 {
			can &= styles(w[n])
			n++
		}
		switch chunk := w[:n]; {
		case can&bare != 0:
			b.WriteString(chunk)
		case can&single != 0:
			b.WriteString("'" + chunk + "'")
		default:
			b.WriteByte('"')
			for i := range len(chunk) {
				if chunk[i] == '"' || chunk[i] == '\\' {
					b.WriteByte('\\')
				}
				b.WriteByte(chunk[i])
			}
			b.WriteByte('"')
		}
		w = w[n:]
	}
}
