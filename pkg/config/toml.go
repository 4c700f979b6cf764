package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// syntaxError is a document that is not TOML: where, how long the piece at fault is, and why.
type syntaxError struct {
	src    string
	off, n int
	msg    string
	// shown is the reason with an excerpt.
	shown string
}

// newSyntaxError is one that the decoder has not found.
func newSyntaxError(src string, off, n int, msg string) *syntaxError {
	return &syntaxError{src: src, off: off, n: n, msg: msg, shown: msg + "\n" + excerpt(src, off, n)}
}

func (e *syntaxError) Error() string {
	line, col, _ := position(e.src, e.off)
	return fmt.Sprintf("line %d, column %d: %s", line, col, e.msg)
}

// at is the error of the file that holds the document.
func (e *syntaxError) at(path string) *Error {
	p := placedError(path, e.src, e.off, e.n, e.msg)
	p.Text, p.Cause = p.Summary[:len(p.Summary)-len(e.msg)]+e.shown, e.shown
	return p
}

// decode reads a document into plain values: string, bool, int64, float64, []any and
// map[string]any. Dates become the text that they are written as.
func decode(src string) (map[string]any, error) {
	if strings.TrimLeft(src, " \t\n") == "" {
		return map[string]any{}, nil
	}
	if at := tooDeep(src); at >= 0 {
		return nil, newSyntaxError(src, at, 1, "nested too deep")
	}
	// With a final newline, what is missing at the end is missing at a place.
	text := src
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	var v any
	if _, err := toml.Decode(text, &v); err != nil {
		return nil, syntax(src, err)
	}
	if mayRedefine(src) {
		if err := newDoc(src).redefined(); err != nil {
			return nil, err
		}
	}
	m, _ := plainValue(v).(map[string]any)
	return m, nil
}

// maxDepth bounds lists, inline tables and dotted keys: the decoder recurses, and its time
// grows with the square of the depth.
const maxDepth = 64

// tooDeep is where a document nests deeper than maxDepth, -1 where it does not.
func tooDeep(src string) int {
	if strings.Count(src, "[")+strings.Count(src, "{")+strings.Count(src, ".") <= maxDepth {
		return -1
	}
	depth, parts := 0, 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '[', '{':
			depth++
			parts = 0
		case ']', '}':
			depth = max(depth-1, 0)
		case '.':
			parts++
		case '\n', '=', ',':
			parts = 0
		case '#':
			i += max(strings.IndexByte(src[i:], '\n')-1, 0)
		case '"', '\'':
			i = stringEnd(src, i)
		}
		if depth > maxDepth || parts > maxDepth {
			return i
		}
	}
	return -1
}

// stringEnd is the last byte of the string that starts at i, or of what there is of it.
func stringEnd(src string, i int) int {
	quote, multi := src[i:i+1], false
	if strings.HasPrefix(src[i:], strings.Repeat(quote, 3)) {
		quote, multi = src[i:i+3], true
	}
	for i += len(quote); i < len(src); i++ {
		switch {
		case strings.HasPrefix(src[i:], quote):
			return i + len(quote) - 1
		case src[i] == '\\' && quote[0] == '"':
			i++
		case src[i] == '\n' && !multi:
			return i
		}
	}
	return len(src)
}

// syntax is the decoder's error with the line and the column counted from its offset: its own
// are one too far at the ends of lines.
func syntax(src string, err error) *syntaxError {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return newSyntaxError(src, 0, 1, err.Error())
	}
	p := &pe.Position
	p.Start, p.Len = min(max(p.Start, 0), len(src)), max(p.Len, 1)
	p.Line, p.Col, _ = position(src, p.Start)
	pe.Message = strings.ReplaceAll(pe.Message, "\n", `\n`)
	return &syntaxError{src: src, off: p.Start, n: p.Len, msg: pe.Message,
		shown: strings.TrimSuffix(strings.TrimPrefix(pe.ErrorWithPosition(), "toml: error: "), "\n")}
}

// plainValue is a value of the decoder with its dates as text and its lists alike.
func plainValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch x.(type) {
			case string, bool, int64, float64:
			default:
				v[k] = plainValue(x)
			}
		}
	case []any:
		for i, x := range v {
			v[i] = plainValue(x)
		}
	case []map[string]any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = plainValue(x)
		}
		return l
	case time.Time:
		return v.Format(dateFormat(v.Location().String()))
	}
	return v
}

// dateFormat is the form of a date in a location, which is how the decoder tells kinds apart.
func dateFormat(location string) string {
	switch location {
	case "datetime-local":
		return "2006-01-02T15:04:05.999999999"
	case "date-local":
		return time.DateOnly
	case "time-local":
		return "15:04:05.999999999"
	}
	return time.RFC3339Nano
}

// position turns an offset into a line and a column, both from 1; columns count
// characters.
func position(src string, off int) (line, col int, text string) {
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
	line, col, text := position(src, off)
	no := strconv.Itoa(line)
	pad := strings.Repeat(" ", len(no))
	width := max(1, min(n, utf8.RuneCountInString(text)-col+1))
	return fmt.Sprintf("%s |\n%s | %s\n%s | %s%s", pad, no, text, pad, strings.Repeat(" ", col-1), strings.Repeat("^", width))
}

// placedError is an error at a place in a file, shown with an excerpt.
func placedError(path, src string, off, n int, msg string) *Error {
	line, col, _ := position(src, off)
	e := loadError("%s:%d:%d: %s\n%s", path, line, col, msg, excerpt(src, off, n))
	e.placed = true
	e.Summary = fmt.Sprintf("%s:%d:%d: %s", path, line, col, msg)
	e.Cause = parseErrorText(src, off, n, msg)
	return e
}

// parseErrorText is the form of the same that stands inside other messages. It
// ends in a newline.
func parseErrorText(src string, off, n int, msg string) string {
	line, col, _ := position(src, off)
	return fmt.Sprintf("TOML parse error at line %d, column %d\n%s\n%s\n", line, col, excerpt(src, off, n), msg)
}
