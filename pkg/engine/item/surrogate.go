package item

// mendSurrogates replaces halves of surrogate pairs that stand alone in escapes: they are
// no characters, and some readers refuse the whole text for one.
func mendSurrogates(raw string) string {
	b := []byte(raw)
	for i := 0; i+1 < len(b); i++ {
		if b[i] != '\\' {
			continue
		}
		i++ // what is escaped
		h := half(b[i:])
		switch {
		case h == 0:
		case h == 1 && i+5 < len(b) && b[i+5] == '\\' && half(b[i+6:]) == 2:
			i += 10
		default:
			copy(b[i+1:], "fffd")
			i += 4
		}
	}
	return string(b)
}

// half says whether an escape, uXXXX, is the first half of a pair (1), the second (2), or
// none.
func half(esc []byte) int {
	if len(esc) < 5 || esc[0] != 'u' || esc[1]|0x20 != 'd' {
		return 0
	}
	switch c := esc[2] | 0x20; {
	case c == '8' || c == '9' || c == 'a' || c == 'b':
		return 1
	case c >= 'c' && c <= 'f':
		return 2
	}
	return 0
}
