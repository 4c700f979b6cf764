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
	f := &flow{text: text, depth: r.depth}
	for more := 0; ; more++ {
		f.at, f.short, f.bad, f.depth = 0, false, "", r.depth
		v := f.value()
		f.space()
		switch rest := f.text[f.at:]; {
		case f.bad != "":
			r.at--
			r.fail(column, f.bad)
		case f.short:
		case rest != "" && !(rest[0] == '#' && f.at > 0 && f.text[f.at-1] == ' '):
			r.at--
			r.fail(column+f.at, "did not expect more after this value")
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
			r.at--
			r.fail(column, "not closed")
		}
		var b strings.Builder
		escaped := f.endsEscaped()
		if escaped {
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

// flow reads values on one line.
type flow struct {
	text  string
	at    int
	depth int
	nodes int
	short bool   // the text ends too early
	bad   string // what is wrong otherwise
	inDQ  bool   // it ends within double quotes
}

// endsEscaped says whether the text ends within double quotes, with a backslash that
// takes the line break away.
func (f *flow) endsEscaped() bool {
	n := len(f.text) - len(strings.TrimRight(f.text, `\`))
	return f.inDQ && n%2 == 1
}

func (f *flow) ok() bool { return !f.short && f.bad == "" }

func (f *flow) space() {
	for f.at < len(f.text) && (f.text[f.at] == ' ' || f.text[f.at] == '\t' || f.text[f.at] == '\n') {
		f.at++
	}
}

// peek is the next byte that is no space, 0 at the end.
func (f *flow) peek() byte {
	if f.space(); f.at >= len(f.text) {
		f.short = true
		return 0
	}
	return f.text[f.at]
}

func (f *flow) value() any {
	if f.nodes++; f.depth > maxDepth || f.nodes > maxNodes {
		f.bad = "nested too deeply"
		return nil
	}
	switch f.peek() {
	case 0:
		return nil
	case '[':
		return f.list()
	case '{':
		return f.mapping()
	case '"', '\'':
		s, good := f.quoted()
		if !good {
			f.short = f.bad == ""
		}
		return s
	case '&', '*', '!', '%', '@', '`', '|', '>', ',', '#', '?':
		f.bad = "`" + f.text[f.at:f.at+1] + "` is not read here"
		return nil
	}
	return f.plain()
}

// plain reads a scalar that ends where the collection around it goes on.
func (f *flow) plain() any {
	from := f.at
	for f.at < len(f.text) {
		c := f.text[f.at]
		if strings.IndexByte(",[]{}", c) >= 0 || isColon(f.text[f.at:]) || c == ':' && strings.IndexByte(",[]{}", f.text[f.at+1]) >= 0 {
			break
		}
		if c == '#' && f.at > from && f.text[f.at-1] == ' ' {
			f.bad = "a comment can't stand here"
			break
		}
		f.at++
	}
	if f.at >= len(f.text) {
		f.short = true
	}
	switch s := strings.TrimRight(f.text[from:f.at], " \t"); s {
	case "~", "null", "Null", "NULL", "":
		return nil
	case "-", "?":
		f.bad = "`" + s + "` is not read here"
		return nil
	default:
		return s
	}
}

func (f *flow) list() any {
	f.at++
	f.depth++
	defer func() { f.depth-- }()
	out := []any{}
	for f.ok() {
		if f.peek() == ']' {
			f.at++
			return out
		}
		from := f.at
		v := f.value()
		if f.ok() && f.peek() == ':' { // a mapping of one pair
			f.bad = "a pair can't stand here"
		}
		out = append(out, v)
		f.comma(']', from)
	}
	return out
}

// comma goes past what separates the values of a collection.
func (f *flow) comma(end byte, from int) {
	if !f.ok() {
		return
	}
	switch c := f.peek(); {
	case c == ',' && f.at > from:
		f.at++
	case c == end && f.at > from, c == 0:
	default:
		f.bad = "did not find expected ',' or '" + string(end) + "'"
	}
}

func (f *flow) mapping() any {
	f.at++
	f.depth++
	defer func() { f.depth-- }()
	out := Map{}
	for f.ok() {
		if f.peek() == '}' {
			f.at++
			return out
		}
		from := f.at
		key, isText := f.value().(string)
		if !f.ok() {
			break
		}
		if _, twice := out[key]; !isText || twice {
			f.bad = "a key that is no text, or there twice"
			break
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
	return out
}

// quoted reads a scalar in quotes; good is false when it does not end.
func (f *flow) quoted() (s string, good bool) {
	quote := f.text[f.at]
	f.at++
	var b strings.Builder
	for f.at < len(f.text) {
		c := f.text[f.at]
		f.at++
		switch {
		case c == quote && quote == '\'' && strings.HasPrefix(f.text[f.at:], "'"):
			b.WriteByte('\'')
			f.at++
		case c == quote:
			f.inDQ = false
			return b.String(), true
		case c == '\\' && quote == '"':
			if !f.escape(&b) {
				f.inDQ = true
				return "", false
			}
		default:
			b.WriteByte(c)
		}
	}
	f.inDQ = quote == '"'
	return "", false
}

// escape reads what follows a backslash.
func (f *flow) escape(b *strings.Builder) bool {
	if f.at >= len(f.text) {
		return false
	}
	c := f.text[f.at]
	f.at++
	const from, to = "0abtnvfre \"/\\N_LP", "\x00\a\b\t\n\v\f\r\x1b \"/\\\u0085\u00a0\u2028\u2029"
	if i := strings.IndexByte(from, c); i >= 0 {
		b.WriteRune([]rune(to)[i])
		return true
	}
	if c == '\t' {
		b.WriteByte('\t')
		return true
	}
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if n == 0 || f.at+n > len(f.text) {
		if n == 0 {
			f.bad = "unknown escape"
		}
		return false
	}
	u, err := strconv.ParseUint(f.text[f.at:f.at+n], 16, 32)
	if err != nil || !utf8.ValidRune(rune(u)) {
		f.bad = "bad escape"
		return false
	}
	f.at += n
	b.WriteRune(rune(u))
	return true
}
