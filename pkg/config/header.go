package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// HeaderValue is a value for a header without the blanks and line ends around it. One that
// holds another control character is refused at once: no repeat would mend it. source is where
// the value was read.
func HeaderValue(source, v string) (string, error) {
	v = strings.TrimSpace(v)
	if i := strings.IndexFunc(v, notInHeader); i >= 0 {
		r, _ := utf8.DecodeRuneInString(v[i:])
		return "", fmt.Errorf("%s: character %d is U+%04X, which cannot be sent in a header", source, utf8.RuneCountInString(v[:i])+1, r)
	}
	return v, nil
}

func notInHeader(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// headerName tells whether a text can name a header.
func headerName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r))
	})
}

// environName tells whether a text can name a variable of an environment.
func environName(s string) bool { return s != "" && !strings.ContainsAny(s, "=\x00") }

// header checks a value that is sent as a header.
func (c *checker) header(v any, a *at) any {
	s, ok := v.(string)
	if !ok {
		c.mismatch(a, v, "a string")
		return v
	}
	t, err := HeaderValue("invalid value", s)
	if err != nil {
		c.fail(a, "%v", err)
	} else if c.rebase != nil {
		return t
	}
	return v
}
