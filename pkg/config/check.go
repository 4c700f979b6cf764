package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/ostext"
)

// fault is a value of the wrong type. path is what the message names, loc leads
// to the value itself (an index in a list is "#N").
type fault struct {
	path, loc []string
	msg       string
	// late faults are found only after all values of the table were read.
	late bool
}

func (f fault) text() string {
	if len(f.path) == 0 {
		return f.msg + "\n"
	}
	return f.msg + "\nin `" + strings.Join(f.path, ".") + "`\n"
}

// checker walks settings along the schema. It collects faults and, with strict,
// unknown keys; with rebase it makes the paths in the settings absolute.
type checker struct {
	faults  []fault
	strict  bool
	unknown [][]string
	rebase  func(string) string
	types   map[string]typ // those that were met
}

// typ is a type of the table.
type typ struct {
	sigil      byte
	head, body string
}

// typ finds a type, in the text of the table the first time only: a large file holds many
// tables of one type.
func (c *checker) typ(name string) typ {
	t, ok := c.types[name]
	if !ok {
		t.sigil, t.head, t.body = section(name)
		if c.types == nil {
			c.types = map[string]typ{}
		}
		c.types[name] = t
	}
	return t
}

// at is a place in the walk: named goes into messages, loc leads there. In a
// shared place (a flattened table) deeper names are not added.
type at struct {
	named, loc []string
	shared     bool
}

func (a at) key(k string) at {
	n := at{a.named, append(a.loc[:len(a.loc):len(a.loc)], k), a.shared}
	if !a.shared {
		n.named = append(a.named[:len(a.named):len(a.named)], k)
	}
	return n
}

func (a at) index(i int) at {
	return at{a.named, append(a.loc[:len(a.loc):len(a.loc)], "#"+strconv.Itoa(i)), a.shared}
}

// hidden goes down to a key that messages don't name.
func (a at) hidden(k string, all bool) at {
	return at{a.named, append(a.loc[:len(a.loc):len(a.loc)], k), a.shared || all}
}

func (c *checker) fail(a at, format string, args ...any) {
	if a.shared {
		// A flattened table is read as a whole: the fault is its own.
		a.loc = a.named
	}
	c.faults = append(c.faults, fault{path: a.named, loc: a.loc, msg: fmt.Sprintf(format, args...)})
}

func (c *checker) late(a at, format string, args ...any) {
	c.fail(a, format, args...)
	c.faults[len(c.faults)-1].late = true
}

// root checks a whole configuration.
func (c *checker) root(tree map[string]any) { c.value(tree, "ConfigToml", at{}) }

// value checks one value and returns it, changed where a path was rebased.
func (c *checker) value(v any, kind string, a at) any {
	switch kind {
	case "any":
	case "string":
		if _, ok := v.(string); !ok {
			c.mismatch(a, v, "a string")
		}
	case "name":
		c.name(v, a)
	case "header":
		return c.header(v, a)
	case "token":
		c.name(v, a)
		if s, ok := v.(string); ok && !blank(s) {
			return c.header(v, a)
		}
	case "variable":
		c.name(v, a)
	case "argv", "argv1":
		c.argv(v, kind == "argv1", a)
	case "bool":
		if _, ok := v.(bool); !ok {
			c.mismatch(a, v, "a boolean")
		}
	case "path", "rawpath":
		s, ok := v.(string)
		switch {
		case !ok:
			c.mismatch(a, v, "path string")
		case blank(s):
			c.fail(a, "invalid value: %s, expected a path", describe(s))
		case kind == "path" && c.rebase != nil:
			return c.rebase(s)
		}
	case "i64", "i32", "u64", "usize", "u32", "u16", "nzu64":
		c.integer(v, kind, a)
	case "f64":
		switch v.(type) {
		case float64, int64:
		default:
			c.mismatch(a, v, "f64")
		}
	case "wireapi":
		c.wireAPI(v, a)
	default:
		return c.composed(v, kind, a)
	}
	return v
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// name checks what must not be left open: with an empty address or name something else would
// be used than was meant.
func (c *checker) name(v any, a at) {
	switch s, ok := v.(string); {
	case !ok:
		c.mismatch(a, v, "a string")
	case blank(s):
		c.fail(a, "invalid value: %s, expected a string that is not blank", describe(s))
	}
}

// argv checks a program and its arguments.
func (c *checker) argv(v any, needed bool, a at) {
	before := len(c.faults)
	c.value(v, "[string]", a)
	if l, _ := v.([]any); len(c.faults) == before {
		switch {
		case len(l) > 0:
			c.name(l[0], a.index(0))
		case needed:
			c.fail(a, "invalid value: empty sequence, expected a program and its arguments")
		}
	}
}

func (c *checker) composed(v any, kind string, a at) any {
	switch kind[0] {
	case '[':
		l, ok := v.([]any)
		if !ok {
			c.mismatch(a, v, "a sequence")
			return v
		}
		for i, x := range l {
			l[i] = c.value(x, kind[1:len(kind)-1], a.index(i))
		}
		return v
	case '{':
		m, ok := v.(map[string]any)
		if !ok {
			c.mismatch(a, v, "a map")
			return v
		}
		for k, x := range m {
			m[k] = c.value(x, kind[1:len(kind)-1], a.key(k))
			if (kind == "{header}" || kind == "{variable}" || kind == "{McpSecretHeader}") && !headerName(k) {
				c.fail(a.key(k), "%s cannot be the name of a header", describe(k))
			}
		}
		return v
	}
	t := c.typ(kind)
	switch t.sigil {
	case '@':
		c.table(v, kind, t.head, t.body, a)
	case '=':
		c.enum(v, t.head, a)
	case '%':
		c.tagged(v, kind, t.head, a)
	case '|':
		shown, kinds, _ := strings.Cut(t.head, " ")
		if _, table := v.(map[string]any); !table && strings.HasPrefix(kind, "McpSecret") {
			return c.value(v, strings.Fields(kinds)[0], a) // what is wrong with a text is said of it
		}
		for _, k := range strings.Fields(kinds) {
			// A failed try must not rebase anything: dry first.
			try := checker{types: c.types}
			try.value(v, k, a)
			if len(try.faults) == 0 {
				sub := checker{rebase: c.rebase, strict: c.strict, types: c.types}
				v = sub.value(v, k, a)
				c.unknown = append(c.unknown, sub.unknown...)
				return v
			}
		}
		c.fail(a, "data did not match any variant of untagged enum %s", shown)
	}
	return v
}

func (c *checker) table(v any, name, head, body string, a at) {
	m, ok := v.(map[string]any)
	if !ok {
		c.mismatch(a, v, "struct "+name)
		return
	}
	_, flat, _ := strings.Cut(head, "flat=")
	for k, x := range m {
		kind, shared, ok := field(body, k)
		switch {
		case ok && shared:
			m[k] = c.value(x, kind, a.hidden(k, true))
		case ok:
			m[k] = c.value(x, kind, a.key(k))
		case flat != "":
			m[k] = c.value(x, flat, a.hidden(k, true))
			if name == "FeaturesToml" && c.strict && canonicalFeature(k) == "" {
				c.unknown = append(c.unknown, a.key(k).loc)
			}
		case head == "deny":
			c.fail(a, "unknown field `%s`, expected %s", k, alternatives(fieldNames(body)))
		case c.strict:
			c.unknown = append(c.unknown, a.key(k).loc)
		}
	}
	if strings.Contains(body, "! ") {
		for line := range strings.Lines(body) {
			k, _, ok := strings.Cut(line, "! ")
			if _, has := m[k]; ok && !has {
				c.late(a, "missing field `%s`", k)
				break
			}
		}
	}
	switch name {
	case "ConfigToml":
		if p, ok := m["model_providers"].(map[string]any); ok {
			c.providers(p, a.key("model_providers"))
		}
	case "RawMcpServerConfig":
		c.mcpServer(m, a)
	}
}

func (c *checker) enum(v any, head string, a at) {
	word, arg, ok := "", any(nil), false
	switch v := v.(type) {
	case string:
		word, ok = v, true
	case map[string]any:
		switch len(v) {
		case 0:
			c.fail(a, "wanted exactly 1 element, found 0 elements")
			return
		case 1:
			for word, arg = range v {
			}
		default:
			c.fail(a, "wanted exactly 1 element, more than 1 element")
			return
		}
	default:
		c.fail(a, "invalid type: unit variant, expected string only")
		return
	}
	words := strings.Fields(head)
	for i, w := range words {
		w, kind, _ := strings.Cut(w, ":")
		words[i] = w
		if w != word {
			continue
		}
		switch {
		case kind == "":
		case ok:
			what := "newtype variant"
			if strings.HasPrefix(kind, "Otlp") {
				what = "struct variant"
			}
			c.fail(a, "invalid type: unit variant, expected %s", what)
		default:
			c.value(arg, kind, a.hidden(word, false))
		}
		return
	}
	c.fail(a, "unknown variant `%s`, expected %s", word, alternatives(words))
}

func (c *checker) tagged(v any, name, head string, a at) {
	m, ok := v.(map[string]any)
	if !ok {
		c.mismatch(a, v, "internally tagged enum "+name)
		return
	}
	words := strings.Fields(head)
	tag, words := words[0], words[1:]
	t, has := m[tag]
	if !has {
		c.late(a, "missing field `%s`", tag)
		return
	}
	word, ok := t.(string)
	if !ok {
		c.mismatch(a.key(tag), t, "variant identifier")
		return
	}
	for i, w := range words {
		w, kind, _ := strings.Cut(w, ":")
		words[i] = w
		if w == word {
			if kind != "" {
				c.value(v, kind, a)
			}
			return
		}
	}
	c.fail(a.key(tag), "unknown variant `%s`, expected %s", word, alternatives(words))
}

func (c *checker) integer(v any, kind string, a at) {
	shown, lo, hi := kind, int64(math.MinInt64), int64(math.MaxInt64)
	switch kind {
	case "i32":
		lo, hi = math.MinInt32, math.MaxInt32
	case "u64", "usize":
		lo = 0
	case "u32":
		lo, hi = 0, math.MaxUint32
	case "u16":
		lo, hi = 0, math.MaxUint16
	case "nzu64":
		shown, lo = "a nonzero u64", 1
	}
	n, ok := v.(int64)
	if !ok {
		c.mismatch(a, v, shown)
	} else if n < lo || n > hi {
		c.fail(a, "invalid value: integer `%d`, expected %s", n, shown)
	}
}

func (c *checker) wireAPI(v any, a at) {
	switch s, ok := v.(string); {
	case !ok:
		c.mismatch(a, v, "a string")
	case s == "chat":
		c.fail(a, "`wire_api = \"chat\"` is no longer supported.\nHow to fix: set `wire_api = \"responses\"` in your provider config.\nMore info: https://github.com/openai/codex/discussions/7782")
	case s != "responses":
		c.fail(a, "unknown variant `%s`, expected `responses`", s)
	}
}

func (c *checker) mismatch(a at, v any, expected string) {
	c.fail(a, "invalid type: %s, expected %s", describe(v), expected)
}

// describe names a value the way type errors do.
func describe(v any) string {
	switch v := v.(type) {
	case string:
		return "string " + ostext.Quote(v)
	case int64:
		return "integer `" + strconv.FormatInt(v, 10) + "`"
	case float64:
		return "floating point `" + floatText(v) + "`"
	case bool:
		return "boolean `" + strconv.FormatBool(v) + "`"
	case []any:
		return "sequence"
	}
	return "map"
}

func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// alternatives lists the words that would have been right.
func alternatives(words []string) string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = "`" + w + "`"
	}
	switch len(q) {
	case 0:
		return "nothing"
	case 1:
		return q[0]
	case 2:
		return q[0] + " or " + q[1]
	}
	return "one of " + strings.Join(q, ", ")
}

func fieldNames(body string) []string {
	var names []string
	for line := range strings.Lines(body) {
		if k, _, ok := strings.Cut(line, " "); ok {
			names = append(names, strings.TrimRight(k, "!~"))
		}
	}
	return names
}

// first picks the fault that a reader going through the settings in the order
// of order (the first place of each key) meets first.
func first(faults []fault, order func(path []string) int) fault {
	return slices.MinFunc(faults, func(x, y fault) int {
		for i := range min(len(x.loc), len(y.loc)) {
			if x.loc[i] != y.loc[i] {
				return order(x.loc[:i+1]) - order(y.loc[:i+1])
			}
		}
		// A table's own fault comes after those of what it holds.
		return len(y.loc) - len(x.loc)
	})
}
