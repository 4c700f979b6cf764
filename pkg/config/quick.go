package config

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quick decodes what nearly all settings files are made of: headers, simple keys, texts on one
// or several lines, numbers, lists, inline tables. It gives the same as the decoder in a tenth of its time,
// or ok is false: whatever else there is, a mistake above all, is for the decoder to judge.
func quick(src string) (t map[string]any, ok bool) {
	if !utf8.ValidString(src) {
		return nil, false
	}
	root := &quickTable{pairs: map[string]any{}}
	q := quickReader{src: src, root: root, at: root}
	for q.i < len(src) {
		if !q.line() {
			return nil, false
		}
	}
	return root.pairs, true
}

// quickTable is a table that has a header, or stands in that of another.
type quickTable struct {
	pairs map[string]any
	below map[string]*quickTable
	// headed says that the table has a header of its own; list, that it is the last of a list.
	headed, list bool
	under        *quickTable // in which dotted keys made it
}

// quickReader goes through a document. Its methods give false where they give up.
type quickReader struct {
	src      string
	i        int
	root, at *quickTable
}

const maxQuickDepth = 8

// line takes a header, a pair or nothing, and what ends the line.
func (q *quickReader) line() bool {
	q.blanks()
	switch q.peek() {
	case '[':
		return q.header() && q.lineEnd()
	case '#', '\r', '\n', 0:
		return q.lineEnd()
	}
	return q.setting() && q.lineEnd()
}

// setting takes a key, which may be dotted, and its value.
func (q *quickReader) setting() bool {
	t := q.at
	for depth := 0; ; depth++ {
		key, ok := q.key()
		if !ok || depth == maxQuickDepth {
			return false
		}
		q.blanks()
		if !q.skip('.') {
			return q.assign(t.pairs, key, 0)
		}
		if t = t.dotted(key, q.at); t == nil {
			return false
		}
		q.blanks()
	}
}

// dotted is the table of a key in front of a dot, nil unless such keys of the same header
// have made it.
func (t *quickTable) dotted(key string, under *quickTable) *quickTable {
	n := t.below[key]
	if n == nil {
		if _, ok := t.pairs[key]; ok {
			return nil
		}
		n = t.add(key, map[string]any{})
		n.headed, n.under = true, under
	}
	if n.under != under {
		return nil
	}
	return n
}

// peek is the next byte, 0 at the end.
func (q *quickReader) peek() byte {
	if q.i < len(q.src) {
		return q.src[q.i]
	}
	return 0
}

// skip takes a byte if it is the next.
func (q *quickReader) skip(b byte) bool {
	if q.peek() != b || q.i == len(q.src) {
		return false
	}
	q.i++
	return true
}

func (q *quickReader) blanks() {
	for q.i < len(q.src) && (q.src[q.i] == ' ' || q.src[q.i] == '\t') {
		q.i++
	}
}

// lineEnd takes blanks, a comment and the end of a line or of the document.
func (q *quickReader) lineEnd() bool {
	q.blanks()
	if q.skip('#') {
		for q.i < len(q.src) && !control(q.src[q.i]) {
			q.i++
		}
	}
	if q.i == len(q.src) {
		return true
	}
	if q.skip('\r') && q.peek() != '\n' {
		return false
	}
	return q.skip('\n')
}

func control(b byte) bool { return b < ' ' && b != '\t' || b == 0x7f }

// header takes [a.b] or [[a.b]], and goes on in that table.
func (q *quickReader) header() bool {
	q.i++
	list := q.skip('[')
	t := q.root
	for depth := 0; ; depth++ {
		q.blanks()
		key, ok := q.key()
		if !ok || depth == maxQuickDepth {
			return false
		}
		q.blanks()
		if q.skip('.') {
			if t = t.table(key); t == nil {
				return false
			}
			continue
		}
		if !q.skip(']') || list && !q.skip(']') {
			return false
		}
		if list {
			q.at = t.element(key)
		} else if q.at = t.table(key); q.at != nil {
			if q.at.headed {
				return false
			}
			q.at.headed = true
		}
		return q.at != nil
	}
}

// table is the table of a key, nil if the key is a value.
func (t *quickTable) table(key string) *quickTable {
	if n := t.below[key]; n != nil {
		return n
	}
	if _, ok := t.pairs[key]; ok {
		return nil
	}
	return t.add(key, map[string]any{})
}

// add begins a table; all that it stands in has a value for it by now.
func (t *quickTable) add(key string, value any) *quickTable {
	pairs, _ := value.(map[string]any)
	n := &quickTable{pairs: pairs}
	if t.below == nil {
		t.below = map[string]*quickTable{}
	}
	t.below[key], t.pairs[key] = n, value
	return n
}

// element begins a further table of a list.
func (t *quickTable) element(key string) *quickTable {
	pairs := map[string]any{}
	n := t.below[key]
	if n == nil {
		if _, ok := t.pairs[key]; ok {
			return nil
		}
		n = t.add(key, []any{})
		n.list, n.headed = true, true
	}
	if !n.list {
		return nil
	}
	l, _ := t.pairs[key].([]any)
	t.pairs[key] = append(l, pairs)
	n.pairs, n.below = pairs, nil
	return n
}

// pair takes a key and its value into a table.
func (q *quickReader) pair(into map[string]any, depth int) bool {
	key, ok := q.key()
	q.blanks()
	return ok && q.assign(into, key, depth)
}

// assign takes the value of a key.
func (q *quickReader) assign(into map[string]any, key string, depth int) bool {
	if _, again := into[key]; again || !q.skip('=') {
		return false
	}
	q.blanks()
	v, ok := q.value(depth)
	into[key] = v
	return ok
}

// key takes one part of a key.
func (q *quickReader) key() (string, bool) {
	switch q.peek() {
	case '"', '\'':
		return q.text()
	}
	start := q.i
	for q.i < len(q.src) && bare(q.src[q.i]) {
		q.i++
	}
	return q.src[start:q.i], q.i > start
}

func bare(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_' || b == '-'
}

func (q *quickReader) value(depth int) (any, bool) {
	switch b := q.peek(); {
	case depth > maxQuickDepth:
		return nil, false
	case strings.HasPrefix(q.src[q.i:], `"""`), strings.HasPrefix(q.src[q.i:], "'''"):
		return q.lines()
	case b == '"', b == '\'':
		return q.text()
	case b == '[':
		return q.list(depth)
	case b == '{':
		return q.inline(depth)
	}
	start := q.i
	for q.i < len(q.src) && (bare(q.src[q.i]) || q.src[q.i] == '.') {
		q.i++
	}
	return scalar(q.src[start:q.i])
}

// scalar is a truth value or a number in its plainest form.
func scalar(word string) (any, bool) {
	if word == "true" || word == "false" {
		return word == "true", true
	}
	digits := strings.TrimPrefix(word, "-")
	whole, part, broken := strings.Cut(digits, ".")
	const most = 15 // digits that both kinds hold
	if whole == "" || len(digits) > most || whole[0] == '0' && whole != "0" || strings.Trim(whole+part, "0123456789") != "" {
		return nil, false
	}
	if broken {
		f, err := strconv.ParseFloat(word, 64)
		return f, err == nil && part != ""
	}
	n, err := strconv.ParseInt(word, 10, 64)
	return n, err == nil
}

// text takes a text on one line.
func (q *quickReader) text() (string, bool) {
	quote := q.src[q.i]
	start := q.i + 1
	for i := start; i < len(q.src); i++ {
		switch b := q.src[i]; {
		case b == quote:
			q.i = i + 1
			// Three quotes begin a text of several lines.
			return q.src[start:i], i > start || q.peek() != quote
		case b == '\\' && quote == '"':
			return q.escaped(start, i)
		case control(b):
			return "", false
		}
	}
	return "", false
}

// escaped takes a text with the first backslash at i.
func (q *quickReader) escaped(start, i int) (string, bool) {
	b := []byte(q.src[start:i])
	for ; i < len(q.src); i++ {
		c := q.src[i]
		switch {
		case c == '"':
			q.i = i + 1
			return string(b), true
		case control(c):
			return "", false
		case c == '\\':
			i++
			if i == len(q.src) {
				return "", false
			}
			n := strings.IndexByte(`"\nt`, q.src[i])
			if n < 0 {
				return "", false
			}
			c = "\"\\\n\t"[n]
		}
		b = append(b, c)
	}
	return "", false
}

// lines takes a text on several lines.
func (q *quickReader) lines() (string, bool) {
	quotes := q.src[q.i : q.i+3]
	text, rest, ok := strings.Cut(q.src[q.i+3:], quotes)
	if !ok || strings.HasPrefix(rest, quotes[:1]) || quotes[0] == '"' && strings.Contains(text, `\`) {
		return "", false
	}
	q.i = len(q.src) - len(rest)
	hard := func(r rune) bool { return r != '\n' && r < 0x80 && control(byte(r)) }
	return strings.TrimPrefix(text, "\n"), !strings.ContainsFunc(text, hard)
}

// list takes [a, b], which may have several lines.
func (q *quickReader) list(depth int) (any, bool) {
	q.i++
	l := []any{}
	for {
		if !q.gap() {
			return nil, false
		}
		if q.skip(']') {
			return l, true
		}
		v, ok := q.value(depth + 1)
		if !ok || !q.gap() {
			return nil, false
		}
		l = append(l, v)
		if !q.skip(',') && q.peek() != ']' {
			return nil, false
		}
	}
}

// gap takes blanks, comments and ends of lines.
func (q *quickReader) gap() bool {
	for {
		q.blanks()
		switch q.peek() {
		case '#', '\r', '\n':
			if !q.lineEnd() {
				return false
			}
		default:
			return true
		}
	}
}

// inline takes {a = 1, b = 2}.
func (q *quickReader) inline(depth int) (any, bool) {
	q.i++
	t := map[string]any{}
	if q.blanks(); q.skip('}') {
		return t, true
	}
	for {
		q.blanks()
		if !q.pair(t, depth+1) {
			return nil, false
		}
		q.blanks()
		if q.skip('}') {
			return t, true
		}
		if !q.skip(',') {
			return nil, false
		}
	}
}
