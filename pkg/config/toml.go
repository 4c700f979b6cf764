package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// syntaxError is a document that is not TOML: where, how long the piece at
// fault is, and why.
type syntaxError struct {
	src    string
	off, n int
	msg    string
}

func (e *syntaxError) Error() string { return e.msg }

// decode reads a document into plain values: string, bool, int64, float64,
// []any and map[string]any. Dates become the text that they are written as.
func decode(src string) (map[string]any, error) {
	if strings.TrimLeft(src, " \t\n") == "" {
		return map[string]any{}, nil
	}
	m := map[string]any{}
	if err := toml.Unmarshal([]byte(src), &m); err != nil {
		return nil, syntax(src, err)
	}
	normalise(m)
	return m, nil
}

// syntax finds words and a position for a document that does not parse. The
// parser decides that it is wrong; explain knows the words users are used to.
func syntax(src string, err error) *syntaxError {
	if off, n, msg, ok := explain(src); ok {
		return &syntaxError{src, off, n, msg}
	}
	e := &syntaxError{src: src, n: 1, msg: strings.TrimPrefix(err.Error(), "toml: ")}
	var de *toml.DecodeError
	if errors.As(err, &de) {
		line, col := de.Position()
		for off := 0; line > 1 && off < len(src); line-- {
			off = lineEnd(src, off)
			e.off = off
		}
		e.off = min(e.off+max(col-1, 0), len(src))
	}
	return e
}

func normalise(m map[string]any) {
	for k, v := range m {
		if n, changed := plainValue(v); changed {
			m[k] = n
		}
	}
}

func plainValue(v any) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		normalise(v)
	case []any:
		for i, x := range v {
			if n, changed := plainValue(x); changed {
				v[i] = n
			}
		}
	case time.Time:
		return v.Format(time.RFC3339Nano), true
	case fmt.Stringer: // local dates and times
		return v.String(), true
	}
	return v, false
}

// place turns an offset into a line and a column, both from 1; columns count
// characters.
func place(src string, off int) (line, col int, text string) {
	off = min(off, len(src))
	start := strings.LastIndexByte(src[:off], '\n') + 1
	text = src[start:]
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimSuffix(text, "\r")
	return strings.Count(src[:start], "\n") + 1, utf8.RuneCountInString(src[start:off]) + 1, text
}

// excerpt draws the line at fault with carets below.
func excerpt(src string, off, n int) string {
	line, col, text := place(src, off)
	no := strconv.Itoa(line)
	pad := strings.Repeat(" ", len(no))
	width := max(1, min(n, utf8.RuneCountInString(text)-col+1))
	return fmt.Sprintf("%s |\n%s | %s\n%s | %s%s", pad, no, text, pad, strings.Repeat(" ", col-1), strings.Repeat("^", width))
}

// placedError is an error at a place in a file, shown with an excerpt.
func placedError(path, src string, off, n int, msg string) *Error {
	line, col, _ := place(src, off)
	e := loadError("%s:%d:%d: %s\n%s", path, line, col, msg, excerpt(src, off, n))
	e.placed = true
	e.Summary = fmt.Sprintf("%s:%d:%d: %s", path, line, col, msg)
	e.Cause = parseErrorText(src, off, n, msg)
	return e
}

// parseErrorText is the form of the same that stands inside other messages. It
// ends in a newline.
func parseErrorText(src string, off, n int, msg string) string {
	line, col, _ := place(src, off)
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s\n%s\n", line, col, excerpt(src, off, n), msg)
}
