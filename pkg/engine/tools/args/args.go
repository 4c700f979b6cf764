// Package args reads the JSON arguments that a model wrote for a tool call. It is strict
// about types and lax about unknown members, and its messages are worded as models know
// them from the original, with line and column (tools spec §1.4 and §2): they are part
// of what the model sees.
//
// Engine layer; standard library only.
package args

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is the type of a field.
type Kind int

// The kinds of fields that tools have.
const (
	String Kind = iota
	Bool
	Uint
	Int // 32 bits, signed
	Strings
	Enum
	Objects // array of objects
	Any
)

// Field describes one member.
type Field struct {
	Name     string
	Kind     Kind
	Word     string // what a message calls a Uint's type; "" is u64
	Required bool
	Null     bool     // null counts as left out
	Apart    bool     // has no place in an array
	Default  bool     // may be missing at the end of an array
	Values   []string // for Enum
	Of       *Object  // for Objects
}

// Object describes the arguments.
type Object struct {
	Name   string // how a message calls it, "struct X"
	Outer  string // how a message calls what should have been an object; "" is Name
	Fields []Field
	Closed bool // unknown members are an error
}

// Values are the decoded members: string, bool, uint64, int64, []string, []Values.
type Values map[string]any

// Str gives a string member, "" when left out.
func (v Values) Str(name string) string { s, _ := v[name].(string); return s }

// Bool gives a boolean member or def.
func (v Values) Bool(name string, def bool) bool {
	if b, ok := v[name].(bool); ok {
		return b
	}
	return def
}

// Uint gives a number member or def.
func (v Values) Uint(name string, def uint64) uint64 {
	if n, ok := v[name].(uint64); ok {
		return n
	}
	return def
}

// Int gives a signed number member or def.
func (v Values) Int(name string, def int64) int64 {
	if n, ok := v[name].(int64); ok {
		return n
	}
	return def
}

// Has says whether the member was there and not null.
func (v Values) Has(name string) bool { _, ok := v[name]; return ok }

// maxDepth bounds nesting, as the original's parser does.
const maxDepth = 128

// Decode reads text as o describes.
func Decode(o *Object, text string) (Values, error) {
	p := &parser{s: text}
	p.space()
	if p.i >= len(p.s) {
		return nil, p.errHere("EOF while parsing a value")
	}
	v, err := p.object(o, 1)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.i < len(p.s) {
		p.i++
		return nil, p.errHere("trailing characters")
	}
	return v, nil
}

// Check reads text as a JSON value of any kind.
func Check(text string) error {
	p := &parser{s: text}
	p.space()
	if err := p.skip(1); err != nil {
		return err
	}
	p.space()
	if p.i < len(p.s) {
		p.i++
		return p.errHere("trailing characters")
	}
	return nil
}

type parser struct {
	s string
	i int // bytes consumed
}

// errHere makes an error at the last consumed byte.
func (p *parser) errHere(format string, a ...any) error {
	line, col := 1, 0
	for _, c := range []byte(p.s[:min(p.i, len(p.s))]) {
		if c == '\n' {
			line, col = line+1, 0
		} else {
			col++
		}
	}
	return fmt.Errorf("%s at line %d column %d", fmt.Sprintf(format, a...), line, col)
}

// errAt is errHere for an earlier place.
func (p *parser) errAt(at int, format string, a ...any) error {
	q := *p
	q.i = at
	return q.errHere(format, a...)
}

// errNext is errHere with the next byte counted as consumed: a byte that was looked at.
func (p *parser) errNext(format string, a ...any) error {
	q := *p
	q.i = min(q.i+1, len(q.s))
	return q.errHere(format, a...)
}

func (p *parser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

// object reads o's members; an array counts as its members in their order.
func (p *parser) object(o *Object, depth int) (Values, error) {
	switch p.s[p.i] {
	case '{':
	case '[':
		return p.sequence(o, depth)
	default:
		name := o.Name
		if o.Outer != "" {
			name = o.Outer
		}
		return nil, p.wrongType("struct " + name)
	}
	out := Values{}
	seen := map[string]bool{}
	err := p.members(depth, func(key string, end int) error {
		for i := range o.Fields {
			f := &o.Fields[i]
			if f.Name != key {
				continue
			}
			if seen[key] {
				return p.errAt(end, "duplicate field `%s`", key)
			}
			seen[key] = true
			v, err := p.field(f, depth)
			if err == nil && v != nil {
				out[key] = v
			}
			return err
		}
		if o.Closed {
			return p.errAt(end, "unknown field `%s`, expected %s", key, oneOf(names(o)))
		}
		return p.skip(depth)
	})
	if err != nil {
		return nil, err
	}
	for _, f := range o.Fields {
		if _, ok := out[f.Name]; !ok && f.Required {
			return nil, p.errHere("missing field `%s`", f.Name)
		}
	}
	return out, nil
}

func (p *parser) sequence(o *Object, depth int) (Values, error) {
	out := Values{}
	n, places := 0, len(o.Fields)
	for places > 0 && o.Fields[places-1].Apart {
		places--
	}
	err := p.elements(depth, func() error {
		if n == places {
			return p.errNext("trailing characters")
		}
		f := &o.Fields[n]
		v, err := p.field(f, depth)
		if err == nil && v != nil {
			out[f.Name] = v
		}
		n++
		return err
	})
	for n < places && o.Fields[n].Default {
		n++
	}
	if err == nil && n < places {
		err = p.errHere("invalid length %d, expected struct %s with %d elements", n, o.Name, places)
	}
	return out, err
}

func names(o *Object) []string {
	var n []string
	for _, f := range o.Fields {
		n = append(n, f.Name)
	}
	return n
}

func oneOf(n []string) string {
	q := make([]string, len(n))
	for i := range n {
		q[i] = "`" + n[i] + "`"
	}
	switch len(q) {
	case 1:
		return q[0]
	case 2:
		return q[0] + " or " + q[1]
	}
	return "one of " + strings.Join(q, ", ")
}

// members reads an object; fn reads each value after its colon. end is where the key
// ended, which is where the original finds fault with it.
func (p *parser) members(depth int, fn func(key string, end int) error) error {
	if depth > maxDepth {
		return p.errHere("recursion limit exceeded")
	}
	p.i++ // {
	for first := true; ; first = false {
		p.space()
		switch {
		case p.i >= len(p.s):
			return p.errHere("EOF while parsing an object")
		case p.s[p.i] == '}':
			p.i++
			return nil
		case !first && p.s[p.i] != ',':
			return p.errNext("expected `,` or `}`")
		case !first:
			p.i++
			p.space()
			if p.i >= len(p.s) {
				return p.errHere("EOF while parsing a value")
			}
			if p.s[p.i] == '}' {
				return p.errNext("trailing comma")
			}
		}
		if p.s[p.i] != '"' {
			return p.errNext("key must be a string")
		}
		key, err := p.str()
		if err != nil {
			return err
		}
		end := p.i
		p.space()
		if p.i >= len(p.s) {
			return p.errHere("EOF while parsing an object")
		}
		if p.s[p.i] != ':' {
			return p.errNext("expected `:`")
		}
		p.i++
		p.space()
		if err := fn(key, end); err != nil {
			return err
		}
	}
}

// elements reads an array; fn reads each value.
func (p *parser) elements(depth int, fn func() error) error {
	if depth > maxDepth {
		return p.errHere("recursion limit exceeded")
	}
	p.i++ // [
	for first := true; ; first = false {
		p.space()
		switch {
		case p.i >= len(p.s):
			return p.errHere("EOF while parsing a list")
		case p.s[p.i] == ']':
			p.i++
			return nil
		case !first && p.s[p.i] != ',':
			return p.errNext("expected `,` or `]`")
		case !first:
			p.i++
			p.space()
			if p.i < len(p.s) && p.s[p.i] == ']' {
				return p.errNext("trailing comma")
			}
		}
		if err := fn(); err != nil {
			return err
		}
	}
}

func (p *parser) field(f *Field, depth int) (any, error) {
	if p.i >= len(p.s) {
		return nil, p.errHere("EOF while parsing a value")
	}
	if f.Null && strings.HasPrefix(p.s[p.i:], "null") {
		p.i += 4
		return nil, nil
	}
	c := p.s[p.i]
	switch f.Kind {
	case String:
		if c == '"' {
			return p.str()
		}
		return nil, p.wrongType("a string")
	case Enum:
		if c == '{' {
			return nil, p.wrongType("string or map")
		}
		if c != '"' {
			return nil, p.errNext("expected value")
		}
		s, err := p.str()
		if err != nil {
			return nil, err
		}
		for _, v := range f.Values {
			if v == s {
				return s, nil
			}
		}
		return nil, p.errHere("unknown variant `%s`, expected %s", s, oneOf(f.Values))
	case Bool:
		if strings.HasPrefix(p.s[p.i:], "true") {
			p.i += 4
			return true, nil
		}
		if strings.HasPrefix(p.s[p.i:], "false") {
			p.i += 5
			return false, nil
		}
		return nil, p.wrongType("a boolean")
	case Uint, Int:
		return p.number(f)
	case Strings:
		if c != '[' {
			return nil, p.wrongType("a sequence")
		}
		out := []string{}
		err := p.elements(depth+1, func() error {
			v, err := p.field(&Field{Kind: String}, depth+1)
			if err == nil {
				out = append(out, v.(string))
			}
			return err
		})
		return out, err
	case Objects:
		if c != '[' {
			return nil, p.wrongType("a sequence")
		}
		out := []Values{}
		err := p.elements(depth+1, func() error {
			if p.i >= len(p.s) {
				return p.errHere("EOF while parsing a list")
			}
			v, err := p.object(f.Of, depth+2)
			out = append(out, v)
			return err
		})
		return out, err
	}
	start := p.i
	err := p.skip(depth)
	return p.s[start:p.i], err
}

func (p *parser) number(f *Field) (any, error) {
	k, want := f.Kind, f.Word
	switch {
	case k == Int:
		want = "i32"
	case want == "":
		want = "u64"
	}
	c := p.s[p.i]
	if c != '-' && (c < '0' || c > '9') {
		return nil, p.wrongType(want)
	}
	lit, float, err := p.numeral()
	if err != nil {
		return nil, err
	}
	if float {
		return nil, p.wrongFloat(lit, want)
	}
	if k == Int {
		n, err := strconv.ParseInt(lit, 10, 64)
		if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
			return nil, p.errHere("invalid value: integer `%s`, expected %s", lit, want)
		}
		return n, nil
	}
	n, err := strconv.ParseUint(lit, 10, 64)
	if err == nil {
		return n, nil
	}
	if _, err := strconv.ParseInt(lit, 10, 64); err != nil {
		return nil, p.wrongFloat(lit, want)
	}
	return nil, p.errHere("invalid value: integer `%s`, expected %s", lit, want)
}

func (p *parser) numeral() (lit string, float bool, err error) {
	start := p.i
	if p.s[p.i] == '-' {
		p.i++
	}
	digits := func() bool {
		from := p.i
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
		}
		return p.i > from
	}
	if p.i < len(p.s) && p.s[p.i] == '0' {
		p.i++
		if p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			return "", false, p.errNext("invalid number")
		}
	} else if !digits() {
		return "", false, p.bad("invalid number")
	}
	if p.i < len(p.s) && p.s[p.i] == '.' {
		float = true
		p.i++
		if !digits() {
			return "", false, p.bad("invalid number")
		}
	}
	if p.i < len(p.s) && (p.s[p.i] == 'e' || p.s[p.i] == 'E') {
		float = true
		p.i++
		if p.i < len(p.s) && (p.s[p.i] == '+' || p.s[p.i] == '-') {
			p.i++
		}
		if !digits() {
			return "", false, p.bad("invalid number")
		}
	}
	return p.s[start:p.i], float, nil
}

// bad reports the next byte, or the end of the text when there is none.
func (p *parser) bad(msg string) error {
	if p.i >= len(p.s) {
		return p.errHere("EOF while parsing a value")
	}
	return p.errNext("%s", msg)
}

func (p *parser) wrongFloat(lit, want string) error {
	f, err := strconv.ParseFloat(lit, 64)
	if err != nil || math.IsInf(f, 0) {
		return p.errHere("number out of range")
	}
	return p.errHere("invalid type: floating point `%s`, expected %s", rustFloat(f), want)
}

// rustFloat prints a number the way the original's messages do: 1000.0, 1.5, 1e+300.
func rustFloat(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if a := math.Abs(f); a >= 1e16 || a != 0 && a < 1e-5 {
		s = strings.Replace(strconv.FormatFloat(f, 'e', -1, 64), "e-0", "e-", 1)
	} else if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// wrongType reports the value at the cursor. Scalars are consumed first, as the column
// of the original counts.
func (p *parser) wrongType(want string) error {
	if p.i >= len(p.s) {
		return p.errHere("EOF while parsing a value")
	}
	rest := p.s[p.i:]
	switch c := rest[0]; {
	case c == '[':
		return p.errHere("invalid type: sequence, expected %s", want)
	case c == '{':
		return p.errHere("invalid type: map, expected %s", want)
	case c == '"':
		s, err := p.str()
		if err != nil {
			return err
		}
		return p.errHere("invalid type: string %s, expected %s", quote(s), want)
	case strings.HasPrefix(rest, "null"):
		p.i += 4
		return p.errHere("invalid type: null, expected %s", want)
	case strings.HasPrefix(rest, "true"):
		p.i += 4
		return p.errHere("invalid type: boolean `true`, expected %s", want)
	case strings.HasPrefix(rest, "false"):
		p.i += 5
		return p.errHere("invalid type: boolean `false`, expected %s", want)
	case c == '-' || c >= '0' && c <= '9':
		lit, float, err := p.numeral()
		if err != nil {
			return err
		}
		if float {
			return p.wrongFloat(lit, want)
		}
		return p.errHere("invalid type: integer `%s`, expected %s", lit, want)
	}
	return p.literalError()
}

// literalError reports something that begins no value, or a misspelt literal.
func (p *parser) literalError() error {
	for _, lit := range []string{"true", "false", "null"} {
		if p.s[p.i] != lit[0] {
			continue
		}
		for k := 0; k < len(lit); k++ {
			if p.i >= len(p.s) {
				return p.errHere("EOF while parsing a value")
			}
			p.i++
			if p.s[p.i-1] != lit[k] {
				return p.errHere("expected ident")
			}
		}
		return nil
	}
	return p.errNext("expected value")
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// skip reads any value.
func (p *parser) skip(depth int) error {
	if p.i >= len(p.s) {
		return p.errHere("EOF while parsing a value")
	}
	switch c := p.s[p.i]; {
	case c == '{':
		return p.members(depth+1, func(string, int) error { return p.skip(depth + 1) })
	case c == '[':
		return p.elements(depth+1, func() error { return p.skip(depth + 1) })
	case c == '"':
		_, err := p.str()
		return err
	case c == '-' || c >= '0' && c <= '9':
		_, _, err := p.numeral()
		return err
	}
	return p.literalError()
}

// str reads a string; the cursor is on its opening quote.
func (p *parser) str() (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.s) && p.s[p.i] != '"' && p.s[p.i] != '\\' && p.s[p.i] >= 0x20 {
		p.i++
	}
	if p.i < len(p.s) && p.s[p.i] == '"' {
		p.i++
		return p.s[start : p.i-1], nil
	}
	b := []byte(p.s[start:p.i])
	for {
		if p.i >= len(p.s) {
			return "", p.errHere("EOF while parsing a string")
		}
		c := p.s[p.i]
		p.i++
		switch {
		case c == '"':
			return string(b), nil
		case c < 0x20:
			p.i--
			return "", p.errHere("control character (\\u0000-\\u001F) found while parsing a string")
		case c != '\\':
			b = append(b, c)
			continue
		}
		if p.i >= len(p.s) {
			return "", p.errHere("EOF while parsing a string")
		}
		c = p.s[p.i]
		p.i++
		switch c {
		case '"', '\\', '/':
			b = append(b, c)
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			r, err := p.hex()
			if err != nil {
				return "", err
			}
			if utf16.IsSurrogate(r) {
				if r >= 0xDC00 || !strings.HasPrefix(p.s[p.i:], `\u`) {
					if r < 0xDC00 && p.i >= len(p.s) {
						return "", p.errHere("EOF while parsing a string")
					}
					return "", p.errNext("unexpected end of hex escape")
				}
				p.i += 2
				lo, err := p.hex()
				if err != nil {
					return "", err
				}
				if r = utf16.DecodeRune(r, lo); r == utf8.RuneError {
					return "", p.errHere("lone leading surrogate in hex escape")
				}
			}
			b = utf8.AppendRune(b, r)
		default:
			return "", p.errHere("invalid escape")
		}
	}
}

func (p *parser) hex() (rune, error) {
	if p.i+4 > len(p.s) {
		p.i = len(p.s)
		return 0, p.errHere("EOF while parsing a string")
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 32)
	p.i += 4
	if err != nil {
		return 0, p.errHere("invalid escape")
	}
	return rune(n), nil
}
