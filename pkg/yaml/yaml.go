// Package yaml reads the part of YAML that people write settings in: mappings, lists,
// plain, quoted and block scalars, flow collections, comments. Anchors, tags, several
// documents and keys that are no text are refused. It has no package-level state and no
// reflection: the engine reads hundreds of small files of strangers with it when it starts,
// which a general library takes six times as long for, besides a part of a millisecond in
// every program that links it; go.yaml.in/yaml/v3 never comes back from some inputs.
//
// Ground layer: it imports the standard library only.
package yaml

import (
	"fmt"
	"strings"
)

// Map is a mapping. Values are Map, []any, string or nil: what is not quoted stays the
// text that it is, `true` and `12` too.
type Map = map[string]any

// Error says what is wrong, and where, counted from 1.
type Error struct {
	Line, Column int
	Text         string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s at line %d column %d", e.Text, e.Line, e.Column)
}

// maxDepth bounds how deep collections lie in each other, maxNodes how many values there are.
const (
	maxDepth = 32
	maxNodes = 1 << 16
)

// line is a line of the document: its text without the spaces before it.
type line struct {
	indent int
	text   string
}

type reader struct {
	lines []line
	at    int
	depth int
	nodes int
	open  bool // no line break ends the last line
}

// Parse reads a document.
func Parse(text string) (v any, err error) {
	r := &reader{open: !strings.HasSuffix(text, "\n")}
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\r\n")
		body := strings.TrimLeft(l, " ")
		r.lines = append(r.lines, line{len(l) - len(body), body})
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case *Error:
			v, err = nil, e
		default:
			panic(e)
		}
	}()
	if r.next() && isMarker(r.cur().text) {
		if strings.TrimSpace(r.cur().text) != "---" {
			r.fail(0, "a document must begin on its own line")
		}
		r.at++
	}
	v = r.block(0, false)
	if r.next() && strings.TrimSpace(r.cur().text) != "..." {
		r.fail(r.cur().indent, "did not expect this")
	}
	return v, nil
}

// fail ends the reading at a column of the current line.
func (r *reader) fail(column int, text string) {
	panic(&Error{Line: min(r.at, len(r.lines)-1) + 1, Column: column + 1, Text: text})
}

// failBefore is fail for the line before.
func (r *reader) failBefore(column int, text string) {
	r.at--
	r.fail(column, text)
}

func (r *reader) cur() line { return r.lines[r.at] }

// next goes on to the next line that says something.
func (r *reader) next() bool {
	for ; r.at < len(r.lines); r.at++ {
		l := r.lines[r.at]
		if l.text == "" || l.text[0] == '#' || strings.TrimSpace(l.text) == "" {
			continue
		}
		if l.text[0] == '\t' {
			r.fail(l.indent, "a tab can't indent")
		}
		return true
	}
	return false
}

// block reads what stands at least so far to the right, nil when nothing does. A list may
// stand below its key without being indented.
func (r *reader) block(indent int, listMay bool) any {
	if !r.next() {
		return nil
	}
	l := r.cur()
	list := isItem(l.text)
	if l.indent < indent && !(listMay && list && l.indent == indent-1) {
		return nil
	}
	r.enter()
	defer func() { r.depth-- }()
	if list {
		return r.list(l.indent)
	}
	if _, _, ok := r.key(l); ok {
		return r.mapping(l.indent)
	}
	r.at++
	return r.scalar(l.text, l.indent, indent)
}

func (r *reader) enter() {
	if r.depth++; r.depth > maxDepth {
		r.fail(0, "nested too deeply")
	}
	if r.nodes++; r.nodes > maxNodes {
		r.fail(0, "too many values")
	}
}

// isMarker says whether a line begins a document.
func isMarker(text string) bool {
	return text == "---" || strings.HasPrefix(text, "--- ") || strings.HasPrefix(text, "---\t")
}

func isItem(text string) bool {
	return text == "-" || strings.HasPrefix(text, "- ")
}

func (r *reader) list(indent int) []any {
	out := []any{}
	for r.next() && r.cur().indent == indent && isItem(r.cur().text) {
		rest := strings.TrimLeft(r.cur().text[1:], " ")
		if rest == "" || rest[0] == '#' {
			r.at++
			out = append(out, r.block(indent+1, false))
			continue
		}
		// The item is a block of its own that begins on this line.
		inner := indent + len(r.cur().text) - len(rest)
		r.lines[r.at] = line{inner, rest}
		out = append(out, r.item(inner, indent+1))
	}
	r.inside(indent)
	return out
}

// item reads the value of a list's item, whose lines go on from least.
func (r *reader) item(indent, least int) any {
	l := r.cur()
	if _, _, ok := r.key(l); ok || isItem(l.text) {
		return r.block(indent, false)
	}
	r.enter()
	defer func() { r.depth-- }()
	r.at++
	return r.scalar(l.text, indent, least)
}

// inside refuses a line that is indented where nothing is open.
func (r *reader) inside(indent int) {
	if r.next() && r.cur().indent > indent {
		r.fail(r.cur().indent, "wrong indentation")
	}
}

func (r *reader) mapping(indent int) Map {
	out := Map{}
	for r.next() && r.cur().indent == indent && !isItem(r.cur().text) {
		l := r.cur()
		if t := strings.TrimSpace(l.text); indent == 0 && (t == "..." || t == "---") {
			break
		}
		key, rest, ok := r.key(l)
		if !ok {
			r.fail(indent, "could not find expected ':'")
		}
		if _, twice := out[key]; twice {
			r.fail(indent, "duplicate field `"+key+"`")
		}
		at := indent + len(l.text) - len(rest)
		r.at++
		if rest == "" || rest[0] == '#' {
			out[key] = r.block(indent+1, true)
			continue
		}
		r.enter()
		out[key] = r.scalar(rest, at, indent+1)
		r.depth--
	}
	r.inside(indent)
	return out
}

// key splits a line into a key and what comes after the colon.
func (r *reader) key(l line) (key, rest string, ok bool) {
	text := l.text
	switch c := text[0]; {
	case c == '"' || c == '\'':
		f := &flow{text: text}
		s, _, whole := f.try(f.quoted)
		if !whole || !isColon(text[f.at:]) {
			return "", "", false
		}
		return s.(string), strings.TrimLeft(text[f.at+1:], " \t"), true
	case strings.IndexByte("[{#|>&*!%@`", c) >= 0, c == '?' && alone(text):
		return "", "", false
	}
	for i := range len(text) {
		if text[i] == '#' && i > 0 && (text[i-1] == ' ' || text[i-1] == '\t') {
			return "", "", false
		}
		if isColon(text[i:]) {
			return strings.TrimRight(text[:i], " \t"), strings.TrimLeft(text[i+1:], " \t"), true
		}
	}
	return "", "", false
}

// isColon says whether a text begins with a colon that ends a key.
func isColon(s string) bool { return s != "" && s[0] == ':' && alone(s) }

// alone says whether the first byte of a text stands by itself.
func alone(s string) bool { return len(s) == 1 || s[1] == ' ' || s[1] == '\t' }
