package wire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrRelative is returned by ParsePath for a path that is neither absolute nor a file
// URI.
var ErrRelative = errors.New("path is not absolute")

// PathToURI gives an absolute path as a file:// URI. Bytes that are no plain URI
// characters, and those of names that are not UTF-8, are percent-encoded.
func PathToURI(path string) string {
	var b strings.Builder
	b.Grow(len(path) + 8)
	b.WriteString("file://")
	if len(path) > 1 && path[1] == ':' && isDriveLetter(path[0]) { // C:\dir
		b.WriteByte('/')
		path = strings.ReplaceAll(path, `\`, "/")
	}
	for i := 0; i < len(path); i++ {
		c := path[i]
		if plainURI(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func plainURI(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("/-._~!$&'()*+,;=:@", c) >= 0
}

// ParsePath takes both spellings of a path, plain and file://, and says which it was.
// Anything relative or empty is ErrRelative. The path is not cleaned.
func ParsePath(s string) (path string, uri bool, err error) {
	rest, ok := strings.CutPrefix(s, "file:")
	if !ok {
		if !isAbs(s) {
			return "", false, ErrRelative
		}
		return s, false, nil
	}
	if host, ok := strings.CutPrefix(rest, "//"); ok {
		i := strings.IndexByte(host, '/')
		if i < 0 || i > 0 && !strings.EqualFold(host[:i], "localhost") {
			return "", true, errors.New("file URI with a host")
		}
		rest = host[i:]
	}
	path, err = unescape(rest)
	if err != nil {
		return "", true, err
	}
	if len(path) > 2 && path[0] == '/' && path[2] == ':' && isDriveLetter(path[1]) && windows {
		path = path[1:]
	}
	if !isAbs(path) {
		return "", true, ErrRelative
	}
	return path, true, nil
}

func unescape(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", errors.New("file URI ends inside an escape")
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", errors.New("file URI with a bad escape")
		}
		out = append(out, byte(c))
		i += 2
	}
	return string(out), nil
}

func isDriveLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isAbs(p string) bool {
	if strings.HasPrefix(p, "/") {
		return true
	}
	return windows && len(p) > 2 && isDriveLetter(p[0]) && p[1] == ':' && (p[2] == '\\' || p[2] == '/')
}
