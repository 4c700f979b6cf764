package config

import (
	"fmt"
	"strconv"
	"strings"
)

// scalar judges a value without quotes. What looks right is let through: then
// the reason lies elsewhere.
func (x *explainer) scalar(off int, s string) bool {
	unquoted := func() bool { return x.odd(off, len(s), quoteHint) }
	if s == "" || s == "+" || s == "-" {
		return unquoted()
	}
	switch c := s[0]; {
	case c|0x20 == 't' || c|0x20 == 'f':
		want := "true"
		if c|0x20 == 'f' {
			want = "false"
		}
		if s == want {
			return true
		}
		return x.odd(off, len(s), "invalid boolean, expected `"+want+"`")
	case c == 'i' || c == 'I' || c == 'n' || c == 'N':
		want := "inf"
		if c|0x20 == 'n' {
			want = "nan"
		}
		if s == want {
			return true
		}
		return x.odd(off, len(s), "invalid float, expected `"+want+"`")
	case c == '_':
		return x.odd(off, 1, "`_` may only go between digits, expected nothing")
	case c == '.':
		return x.odd(off, 1, "invalid mantissa, expected digits")
	case c >= '0' && c <= '9' || c == '+' || c == '-':
		return x.number(off, s)
	}
	return unquoted()
}

func (x *explainer) number(off int, s string) bool {
	if n := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }); n == 4 && s[4] == '-' || n == 2 && s[2] == ':' {
		if why := dateFault(s); why != "" {
			return x.odd(off, len(s), why)
		}
		return true
	}
	i := 0
	if s[0] == '+' || s[0] == '-' {
		i = 1
		if s[1] == '+' || s[1] == '-' {
			return x.odd(off+1, 1, "redundant numeric sign, expected nothing")
		}
		if r := s[1:]; r == "inf" || r == "nan" {
			return true
		}
	}
	rest := s[i:]
	if len(rest) > 1 && rest[0] == '0' {
		for _, b := range []struct{ mark, digits, name string }{
			{"x", "0123456789abcdefABCDEF_", "hexadecimal"}, {"o", "01234567_", "octal"}, {"b", "01_", "binary"},
		} {
			if !strings.HasPrefix(rest[1:], b.mark) {
				continue
			}
			if j := strings.IndexFunc(rest[2:], func(r rune) bool { return !strings.ContainsRune(b.digits, r) }); j >= 0 {
				return x.odd(off+i+2+j, 1, "invalid "+b.name+" number")
			}
			if len(rest) == 2 {
				return x.odd(off, len(s), "integer number overflowed")
			}
			return true
		}
		if rest[1] >= '0' && rest[1] <= '9' {
			return x.odd(off+i, 1, "unexpected leading zero, expected nothing")
		}
	}
	for j := 0; j < len(rest); j++ {
		if c := rest[j]; (c < '0' || c > '9') && strings.IndexByte("_.eE+-", c) < 0 {
			return x.odd(off, len(s), quoteHint)
		}
	}
	return x.float(off+i, rest, off, s)
}

// float reads digits, a fraction and an exponent; underscores stand between
// digits.
func (x *explainer) float(at int, rest string, off int, s string) bool {
	run := func() (int, bool) {
		j := 0
		for ; j < len(rest) && (rest[j] >= '0' && rest[j] <= '9' || rest[j] == '_'); j++ {
			if rest[j] != '_' {
				continue
			}
			if j+1 >= len(rest) || rest[j+1] == '.' {
				return j, x.odd(at+j, 1, "`_` may only go between digits, expected nothing") && false
			}
			if rest[j+1] == '_' {
				return j, x.odd(at+j+1, 1, "`_` may only go between digits") && false
			}
		}
		at, rest = at+j, rest[j:]
		return j, true
	}
	n, ok := run()
	if !ok {
		return true
	}
	if rest == "" {
		whole := strings.TrimPrefix(strings.ReplaceAll(s, "_", ""), "+")
		if _, err := strconv.ParseInt(whole, 10, 64); n > 18 && err != nil {
			if _, err := strconv.ParseUint(whole, 10, 64); err == nil {
				return x.odd(off, len(s), "u64 value was too large")
			}
			return x.odd(off, len(s), "invalid type: integer `"+whole+"` as i128, expected any valid TOML value")
		}
		return true
	}
	if rest[0] == '.' {
		at, rest = at+1, rest[1:]
		if n, ok := run(); !ok {
			return true
		} else if n == 0 {
			return x.odd(at, 1, "invalid fraction, expected digits")
		}
	}
	if rest != "" && rest[0]|0x20 == 'e' {
		at, rest = at+1, rest[1:]
		if rest != "" && (rest[0] == '+' || rest[0] == '-') {
			at, rest = at+1, rest[1:]
		}
		if n, ok := run(); !ok {
			return true
		} else if n == 0 {
			return x.odd(at, 1, "invalid exponent, expected digits")
		}
	}
	if rest != "" {
		return x.odd(at, len(rest), "invalid float, expected nothing")
	}
	return true
}

// dateFault says what is wrong with a date or a time, "" for what it doesn't
// know.
func dateFault(s string) string {
	two := func(i, lo, hi int, kind, name, form string) string {
		if i+2 > len(s) || s[i] < '0' || s[i] > '9' || s[i+1] < '0' || s[i+1] > '9' {
			return "invalid " + kind + ", expected " + form
		}
		if n := int(s[i]-'0')*10 + int(s[i+1]-'0'); n < lo || n > hi {
			return fmt.Sprintf("invalid %s, expected %s between %02d and %02d", kind, name, lo, hi)
		}
		return ""
	}
	at := 0
	if s[2] != ':' {
		if why := two(5, 1, 12, "date", "month", "a two-digit month (MM)"); why != "" {
			return why
		}
		if len(s) < 8 || s[7] != '-' {
			return ""
		}
		if why := two(8, 1, 31, "date", "day", "a two-digit day (DD)"); why != "" || len(s) < 12 {
			return why
		}
		at = 11
	}
	if why := two(at, 0, 23, "time", "hour", "hour"); why != "" || len(s) < at+3 || s[at+2] != ':' {
		return why
	}
	return two(at+3, 0, 59, "time", "minute", "minute")
}
