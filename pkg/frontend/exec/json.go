package exec

import (
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// appendString appends s as a JSON string in the original's spelling: only what must be
// escaped is, so that lines are the same byte for byte.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

// appendValue appends any JSON value without blanks, with strings spelled as
// appendString does and the order of keys kept. What is missing becomes null.
func appendValue(b []byte, v gjson.Result) []byte {
	switch {
	case !v.Exists():
		return append(b, "null"...)
	case v.Type == gjson.String:
		return appendString(b, v.Str)
	case v.Type != gjson.JSON:
		return append(b, v.Raw...)
	}
	object := v.IsObject()
	open, end := byte('['), byte(']')
	if object {
		open, end = '{', '}'
	}
	b = append(b, open)
	first := true
	v.ForEach(func(key, value gjson.Result) bool {
		if !first {
			b = append(b, ',')
		}
		first = false
		if object {
			b = append(appendString(b, key.Str), ':')
		}
		b = appendValue(b, value)
		return true
	})
	return append(b, end)
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }
