package yaml

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFlowLines bounds the lines of a quoted scalar or a collection in brackets: all of it
// is read again with each.
const maxFlowLines = 256

// flowValue reads a quoted scalar or a collection in brackets, which may go on in further
// lines.
func (r *reader) flowValue(text string, column, least int) any {
	f := &flow{text: text}
	for more := 0; ; more++ {
		f.at, f.depth = 0, r.depth
		v, fault, whole := f.try(f.value)
		switch rest := f.text[f.at:]; {
		case fault != "":
			r.failBefore(column, fault)
		case !whole:
		case rest != "" && !(rest[0] == '#' && f.at > 0 && f.text[f.at-1] == ' '):
			r.failBefore(column+f.at, "did not expect more after this value")
		default:
			r.nodes += f.nodes
			return v
		}
		// One line more: a break is a space, blank lines are breaks.
		breaks := 0
		for r.at < len(r.lines) && strings.TrimSpace(r.cur().text) == "" {
			breaks++
			r.at++
		}
		if r.at >= len(r.lines) || r.cur().indent < least || more == maxFlowLines {
			r.failBefore(column, "not closed")
		}
		var b strings.Builder
		if f.endsEscaped() {
			b.WriteString(strings.TrimSuffix(f.text, `\`))
			b.WriteString(strings.Repeat("\n", breaks))
		} else {
			b.WriteString(strings.TrimRight(f.text, " \t"))
			fold(&b, breaks)
		}
		b.WriteString(strings.TrimLeft(r.cur().text, "\t"))
		f.text = b.String()
		r.at++
	}
}

// flow reads values on one line. What is wrong ends it by a panic with a text, "" where the
// line ends too early.
type flow struct {
	text  string
	at    int
	depth int
	nodes int
	inDQ  bool // it ends within double quotes
}

// fault is such a text.
type fault string

func (f *flow) fail(text string) { panic(fault(text)) }

// try reads a value and the blanks after it, as far as there is one.
func (f *flow) try(read func() any) (v any, wrong string, whole bool) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case fault:
			v, wrong, whole = nil, string(e), false
		default:
			panic(e)
		}
	}()
	v = read()
	f.space()
	return v, "", true
}

// endsEscaped says whether the text ends within double quotes, with a backslash that
// takes the line break away.
func (f *flow) endsEscaped() bool {
	n := len(f.text) - len(strings.TrimRight(f.text, `\`))
	return f.inDQ && n%2 == 1
}

func (f *flow) space() {
	for f.at < len(f.text) && (f.text[f.at] == ' ' || f.text[f.at] == '\t' || f.text[f.at] == '\n') {
		f.at++
	}
}

// peek is the next byte that is no space.
func (f *flow) peek() byte {
	if f.space(); f.at >= len(f.text) {
		f.fail("")
	}
	return f.text[f.at]
}

func (f *flow) value() any {
	if f.nodes++; f.depth > maxDepth || f.nodes > maxNodes {
		f.fail("nested too deeply")
	}
	switch c := f.peek(); c {
	case '[':
		return f.list()
	case '{':
		return f.mapping()
	case '"', '\'':
		return f.quoted()
	case '&', '*', '!', '%', '@', '`', '|', '>', ',', '#', '?':
		f.fail(unread(string(c)))
	}
	return f.plain()
}

// plain reads a scalar that ends where the collection around it goes on.
func (f *flow) plain() any {
	from := f.at
	for ; f.at < len(f.text); f.at++ {
		c := f.text[f.at]
		if strings.IndexByte(",[]{}", c) >= 0 || isColon(f.text[f.at:]) || c == ':' && strings.IndexByte(",[]{}", f.text[f.at+1]) >= 0 {
			break
		}
		if c == '#' && f.at > from && f.text[f.at-1] == ' ' {
			f.fail("a comment can't stand here")
		}
	}
	s := strings.TrimRight(f.text[from:f.at], " \t")
	if s == "-" || s == "?" {
		f.fail(unread(s))
	}
	if f.at >= len(f.text) {
		f.fail("")
	}
	return orNull(s)
}

func (f *flow) list() any {
	f.at, f.depth = f.at+1, f.depth+1
	out := []any{}
	for f.peek() != ']' {
		from := f.at
		out = append(out, f.value())
		if f.peek() == ':' { // a mapping of one pair
			f.fail("a pair can't stand here")
		}
		f.comma(']', from)
	}
	f.at, f.depth = f.at+1, f.depth-1
	return out
}

// comma goes past what separates the values of a collection.
func (f *flow) comma(end byte, from int) {
	switch c := f.peek(); {
	case c == ',' && f.at > from:
		f.at++
	case c != end || f.at == from:
		f.fail("did not find expected ',' or '" + string(end) + "'")
	}
}

func (f *flow) mapping() any {
	f.at, f.depth = f.at+1, f.depth+1
	out := Map{}
	for f.peek() != '}' {
		from := f.at
		key, isText := f.value().(string)
		if _, twice := out[key]; !isText || twice {
			f.fail("a key that is no text, or there twice")
		}
		var v any
		if f.peek() == ':' {
			f.at++
			if c := f.peek(); c != ',' && c != '}' {
				v = f.value()
			}
		}
		out[key] = v
		f.comma('}', from)
	}
	f.at, f.depth = f.at+1, f.depth-1
	return out
}

// quoted reads a scalar in quotes.
func (f *flow) quoted() any {
	quote := f.text[f.at]
	f.inDQ = quote == '"'
	var b strings.Builder
	for f.at++; f.at < len(f.text); f.at++ {
		c := f.text[f.at]
		switch {
		case c == quote && quote == '\'' && strings.HasPrefix(f.text[f.at+1:], "'"):
			b.WriteByte('\'')
			f.at++
		case c == quote:
			f.at++
			f.inDQ = false
			return b.String()
		case c == '\\' && quote == '"':
			f.at++
			f.escape(&b)
		default:
			b.WriteByte(c)
		}
	}
	f.fail("")
	return nil
}

// escape reads what follows a backslash, up to its last byte.
func (f *flow) escape(b *strings.Builder) {
	if f.at >= len(f.text) {
		f.fail("")
	}
	c := f.text[f.at]
	const from, to = "0abt\tnvfre \"/\\N_LP", "\x00\a\b\t\t\n\v\f\r\x1b \"/\\\u0085\u00a0\u2028\u2029"
	if i := strings.IndexByte(from, c); i >= 0 {
		b.WriteRune([]rune(to)[i])
		return
	}
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	switch {
	case n == 0:
		f.fail("unknown escape")
	case f.at+n >= len(f.text):
		f.fail("")
	}
	u, err := strconv.ParseUint(f.text[f.at+1:f.at+1+n], 16, 32)
	if err != nil || !utf8.ValidRune(rune(u)) {
		f.fail("bad escape")
	}
	f.at += n
	b.WriteRune(rune(u))
}
