package config

import "strings"

// explain reads a document that the parser refused and says why in the peer's
// words, with the place. It knows the slips that people make; for the rest ok
// is false and the parser's own words serve. It runs only on bad documents.
func explain(src string) (off, n int, msg string, ok bool) {
	x := &explainer{src: src, tables: map[string]tableKind{}}
	x.document()
	for _, r := range []reason{x.shape, x.sense} {
		if r.msg != "" {
			return r.off, r.n, r.msg, true
		}
	}
	return 0, 0, "", false
}

type tableKind byte

const (
	implied   tableKind = iota + 1 // stands only in longer headers
	headed                         // has a header
	dotted                         // made by dotted keys
	arrayed                        // [[..]]
	inlined                        // {..}
	listed                         // [..]
	scalarVal                      // anything else
)

// reason is why a document is wrong, and where.
type reason struct {
	off, n int
	msg    string
}

type explainer struct {
	src string
	i   int
	// The first error in the shape of the document beats those in what keys and
	// values say, wherever they are.
	shape, sense reason
	table        []string
	tables       map[string]tableKind
	depth        int
}

const quoteHint = "string values must be quoted, expected literal string"

// fail ends the reading: the shape is wrong.
func (x *explainer) fail(off, n int, msg string) bool {
	x.shape = reason{off, max(n, 1), msg}
	x.i = len(x.src)
	return false
}

// odd notes a key or a value that is wrong and goes on.
func (x *explainer) odd(off, n int, msg string) bool {
	if x.sense.msg == "" {
		x.sense = reason{off, max(n, 1), msg}
	}
	return true
}

func (x *explainer) peek() byte {
	if x.i < len(x.src) {
		return x.src[x.i]
	}
	return 0
}

func (x *explainer) end() bool { return x.i >= len(x.src) }

func (x *explainer) blanks() {
	for !x.end() && (x.src[x.i] == ' ' || x.src[x.i] == '\t') {
		x.i++
	}
}

func (x *explainer) newline() bool {
	if strings.HasPrefix(x.src[x.i:], "\r\n") {
		x.i += 2
		return true
	}
	if x.peek() == '\n' {
		x.i++
		return true
	}
	return false
}

func (x *explainer) comment() bool {
	if x.peek() != '#' {
		return true
	}
	for ; !x.end() && x.src[x.i] != '\n'; x.i++ {
		c := x.src[x.i]
		if c == '\r' && strings.HasPrefix(x.src[x.i:], "\r\n") {
			return true
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			x.odd(x.i, 1, "invalid comment character, expected printable characters")
		}
	}
	return true
}

// space skips blanks, newlines and comments.
func (x *explainer) space() bool {
	for {
		at := x.i
		x.blanks()
		if !x.comment() {
			return false
		}
		x.newline()
		if x.i == at {
			return true
		}
	}
}

func (x *explainer) document() {
	for x.space() && !x.end() {
		var ok bool
		switch x.peek() {
		case '[':
			ok = x.header()
		case ']':
			ok = x.fail(x.i, 1, "missing table open, expected `[`")
		case '{', '}', ',':
			ok = x.fail(x.i, 1, "invalid key-value pair, expected key")
		default:
			ok = x.pair(x.table)
		}
		if !ok {
			return
		}
		x.blanks()
		if !x.comment() {
			return
		}
		if !x.end() && !x.newline() {
			x.fail(x.i, 1, "unexpected key or value, expected newline, `#`")
			return
		}
	}
}

type keyPart struct {
	name   string
	off, n int
}

// key reads a dotted key.
func (x *explainer) key() ([]keyPart, bool) {
	var parts []keyPart
	for {
		x.blanks()
		p := keyPart{off: x.i}
		switch c := x.peek(); c {
		case '"', '\'':
			end := strings.IndexByte(x.src[x.i+1:], c)
			line := strings.IndexByte(x.src[x.i+1:], '\n')
			if end < 0 || line >= 0 && line < end {
				if line < 0 {
					line = len(x.src) - x.i - 1
				}
				// The rest of the line is taken as the key.
				x.i += 1 + line
				return append(parts, p), true
			}
			p.name = x.src[x.i+1 : x.i+1+end]
			x.i += end + 2
		default:
			start := x.i
			for !x.end() && strings.IndexByte(" \t\r\n.=[]{},#\"'", x.src[x.i]) < 0 {
				x.i++
			}
			p.name = x.src[start:x.i]
			if p.name == "" {
				return nil, x.fail(x.i, 1, "unquoted keys cannot be empty, expected letters, numbers, `-`, `_`")
			}
		}
		p.n = x.i - p.off
		parts = append(parts, p)
		at := x.i
		x.blanks()
		if x.peek() != '.' {
			x.i = at
			return parts, true
		}
		x.i++
	}
}

// bare checks the characters of keys without quotes.
func (x *explainer) bare(parts []keyPart) {
	for _, p := range parts {
		if p.n == 0 || x.src[p.off] == '"' || x.src[p.off] == '\'' {
			continue
		}
		for i := 0; i < len(p.name); i++ {
			c := p.name[i]
			if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
				continue
			}
			x.odd(p.off+i, 1, "invalid unquoted key, expected letters, numbers, `-`, `_`")
			return
		}
	}
}

func (x *explainer) header() bool {
	x.i++
	double := x.peek() == '['
	open, closing := "unclosed table", "]"
	if double {
		x.i++
		open, closing = "unclosed array table", "]]"
	}
	parts, ok := x.key()
	if !ok {
		return false
	}
	at := x.i
	x.blanks()
	if !strings.HasPrefix(x.src[x.i:], closing) {
		if x.peek() != ']' {
			x.i = at
		} else {
			x.i++
			closing = "]"
		}
		return x.fail(x.i, 1, open+", expected `"+closing+"`")
	}
	x.i += len(closing)
	x.bare(parts)
	var path []string
	for i, p := range parts {
		path = append(path, p.name)
		id, last := strings.Join(path, "\x00"), i == len(parts)-1
		k := x.tables[id]
		switch {
		case k == scalarVal || k == listed || k == inlined:
			if !last {
				return x.odd(p.off, p.n, "cannot extend value of type "+map[tableKind]string{scalarVal: "integer", listed: "array", inlined: "inline table"}[k]+" with a dotted key")
			}
			return x.odd(p.off, p.n, "duplicate key")
		case !last && k == 0:
			x.tables[id] = implied
		case last && double && (k == 0 || k == arrayed):
			x.tables[id] = arrayed
			x.forget(id)
		case last && !double && (k == 0 || k == implied):
			x.tables[id] = headed
		case last:
			return x.odd(p.off, p.n, "duplicate key")
		}
	}
	x.table = path
	return true
}

// forget drops what stood below an element of a list of tables.
func (x *explainer) forget(id string) {
	for k := range x.tables {
		if strings.HasPrefix(k, id+"\x00") {
			delete(x.tables, k)
		}
	}
}

func (x *explainer) pair(table []string) bool {
	parts, ok := x.key()
	if !ok {
		return false
	}
	x.blanks()
	if x.peek() != '=' {
		return x.fail(x.i, 1, "key with no value, expected `=`")
	}
	x.bare(parts)
	path := x.define(table, parts)
	x.i++
	x.blanks()
	if x.peek() == '=' {
		return x.fail(x.i, 1, "extra `=`, expected nothing")
	}
	return x.value(path)
}

// define notes a pair's key and returns its whole path.
func (x *explainer) define(table []string, parts []keyPart) []string {
	path := table[:len(table):len(table)]
	for i, p := range parts {
		path = append(path, p.name)
		id, last := strings.Join(path, "\x00"), i == len(parts)-1
		switch k := x.tables[id]; {
		case last && k != 0, k != 0 && k != dotted && k != implied:
			x.odd(p.off, p.n, "duplicate key")
		case last:
			x.tables[id] = scalarVal
		case k == 0:
			x.tables[id] = dotted
		}
	}
	return path
}

func (x *explainer) value(path []string) bool {
	if x.depth++; x.depth > 64 {
		x.i = len(x.src)
		return false
	}
	defer func() { x.depth-- }()
	mark := func(k tableKind) {
		if path != nil {
			x.tables[strings.Join(path, "\x00")] = k
		}
	}
	switch x.peek() {
	case '"', '\'':
		return x.quoted()
	case '[':
		mark(listed)
		return x.list()
	case '{':
		mark(inlined)
		return x.inline(path)
	case '}':
		return x.fail(x.i, 1, "missing inline table opening, expected `{`")
	case ']':
		return x.fail(x.i, 1, "missing array opening, expected `[`")
	case ',':
		return x.fail(x.i, 1, "unexpected key or value, expected newline, `#`")
	}
	// Words on the same line are one value, a wrong one.
	start, end := x.i, x.i
	for !x.end() && strings.IndexByte("\r\n=[]{},#\"'", x.src[x.i]) < 0 {
		if c := x.src[x.i]; c != ' ' && c != '\t' {
			end = x.i + 1
		}
		x.i++
	}
	x.i = end
	return x.scalar(start, x.src[start:end])
}

func (x *explainer) list() bool {
	x.i++
	comma := true
	for {
		if !x.space() {
			return false
		}
		switch {
		case x.end():
			return x.fail(x.i, 1, "unclosed array, expected `]`")
		case x.peek() == ']':
			x.i++
			return true
		case x.peek() == ',':
			if comma {
				return x.fail(x.i, 1, "extra comma in array, expected value")
			}
			comma = true
			x.i++
			continue
		case !comma:
			return x.fail(x.i, 1, "missing comma between array elements, expected `,`")
		}
		comma = false
		if !x.value(nil) {
			return false
		}
	}
}

func (x *explainer) inline(path []string) bool {
	x.i++
	comma := true
	// Keys of a table inside a list have no path of their own: any unique one
	// will do.
	if path == nil {
		path = []string{"\x01", string(rune(x.i))}
	}
	for {
		if !x.space() {
			return false
		}
		switch {
		case x.end():
			return x.fail(x.i, 1, "unclosed inline table, expected `}`")
		case x.peek() == '}':
			x.i++
			return true
		case x.peek() == ',':
			if comma {
				return x.fail(x.i, 1, "extra comma in inline table, expected key")
			}
			comma = true
			x.i++
			continue
		case x.peek() == ']':
			return x.fail(x.i, 1, "invalid inline table element, expected `,`")
		case !comma:
			if _, ok := x.key(); !ok {
				return false
			}
			x.blanks()
			return x.fail(x.i, 1, "extra assignment between key-value pairs, expected `,`")
		}
		comma = false
		if !x.pair(path) {
			return false
		}
	}
}
