package config

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// checker walks settings along the schema. It collects faults and, with strict,
// unknown keys; with rebase it makes the paths in the settings absolute.
type checker struct {
	faults  []fault
	strict  bool
	unknown [][]string
	rebase  func(string) string
	types   map[string]*typ // those that were met
}

// typ is a type of the table.
type typ struct {
	sigil      byte
	head, body string
	fields     map[string]known // those that were met
}

// known is what the table says of a key.
type known struct {
	kind       string
	shared, ok bool
}

// field finds a key, in the text of the table the first time only.
func (t *typ) field(key string) (kind string, shared, ok bool) {
	f, met := t.fields[key]
	if !met {
		f.kind, f.shared, f.ok = field(t.body, key)
		if t.fields == nil {
			t.fields = map[string]known{}
		}
		t.fields[key] = f
	}
	return f.kind, f.shared, f.ok
}

// typ finds a type, in the text of the table the first time only: a large file holds many
// tables of one type.
func (c *checker) typ(name string) *typ {
	t, ok := c.types[name]
	if !ok {
		t = &typ{}
		t.sigil, t.head, t.body = section(name)
		if c.types == nil {
			c.types = map[string]*typ{}
		}
		c.types[name] = t
	}
	return t
}

// at is a place in the walk: below another one, under a key or at an index. A named key goes
// into messages. In a shared place (a flattened table) deeper names are not added. Paths are
// made only when there is something to complain about.
type at struct {
	up     *at // nil for the whole
	name   string
	index  int
	named  bool
	shared bool
}

func (a *at) key(k string) at {
	return at{up: a, name: k, index: -1, named: !a.shared, shared: a.shared}
}

func (a *at) element(i int) at { return at{up: a, index: i, shared: a.shared} }

// hidden goes down to a key that messages don't name.
func (a *at) hidden(k string, all bool) at {
	return at{up: a, name: k, index: -1, shared: a.shared || all}
}

// loc leads to the place, named is what messages say of it.
func (a *at) loc() []string    { return a.path(false) }
func (a *at) naming() []string { return a.path(true) }

func (a *at) path(named bool) []string {
	if a.up == nil {
		return nil
	}
	p := a.up.path(named)
	switch {
	case named && !a.named:
		return p
	case a.index >= 0:
		return append(p, "#"+strconv.Itoa(a.index))
	}
	return append(p, a.name)
}

func (c *checker) fail(a *at, format string, args ...any) {
	named, loc := a.naming(), a.loc()
	if a.shared {
		// A flattened table is read as a whole: the fault is its own.
		loc = named
	}
	c.faults = append(c.faults, fault{path: named, loc: loc, msg: fmt.Sprintf(format, args...)})
}

func (c *checker) late(a *at, format string, args ...any) {
	c.fail(a, format, args...)
	c.faults[len(c.faults)-1].late = true
}

// root checks a whole configuration.
func (c *checker) root(tree map[string]any) { c.value(tree, "ConfigToml", &at{}) }

// value checks one value and returns it, changed where a path was rebased.
func (c *checker) value(v any, kind string, a *at) any {
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
	case "environ":
		s, ok := v.(string)
		switch {
		case !ok:
			c.mismatch(a, v, "a string")
		case strings.ContainsRune(s, 0):
			c.fail(a, "invalid value: %s, expected a string without NUL", describe(s))
		}
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
	case "i64", "i32", "u64", "usize", "u32", "u16", "nzu64", "i64+", "usize+":
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
func (c *checker) name(v any, a *at) {
	switch s, ok := v.(string); {
	case !ok:
		c.mismatch(a, v, "a string")
	case blank(s):
		c.fail(a, "invalid value: %s, expected a string that is not blank", describe(s))
	}
}

// argv checks a program and its arguments.
func (c *checker) argv(v any, needed bool, a *at) {
	before := len(c.faults)
	c.value(v, "[string]", a)
	if l, _ := v.([]any); len(c.faults) == before {
		switch {
		case len(l) > 0:
			first := a.element(0)
			c.name(l[0], &first)
		case needed:
			c.fail(a, "invalid value: empty sequence, expected a program and its arguments")
		}
	}
}

func (c *checker) composed(v any, kind string, a *at) any {
	switch kind[0] {
	case '[':
		l, ok := v.([]any)
		if !ok {
			c.mismatch(a, v, "a sequence")
			return v
		}
		for i, x := range l {
			below := a.element(i)
			l[i] = c.value(x, kind[1:len(kind)-1], &below)
		}
		return v
	case '{':
		m, ok := v.(map[string]any)
		if !ok {
			c.mismatch(a, v, "a map")
			return v
		}
		for k, x := range m {
			below := a.key(k)
			m[k] = c.value(x, kind[1:len(kind)-1], &below)
			if (kind == "{environ}" || kind == "{McpSecret}") && !environName(k) {
				c.fail(&below, "%s cannot be the name of a variable", describe(k))
			}
			if (kind == "{header}" || kind == "{variable}" || kind == "{McpSecretHeader}") && !headerName(k) {
				c.fail(&below, "%s cannot be the name of a header", describe(k))
			}
		}
		return v
	}
	t := c.typ(kind)
	switch t.sigil {
	case '@':
		c.table(v, kind, t, a)
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

func (c *checker) table(v any, name string, t *typ, a *at) {
	m, ok := v.(map[string]any)
	if !ok {
		c.mismatch(a, v, "struct "+name)
		return
	}
	_, flat, _ := strings.Cut(t.head, "flat=")
	for k, x := range m {
		kind, shared, ok := t.field(k)
		below := a.key(k)
		switch {
		case ok && !shared:
			m[k] = c.value(x, kind, &below)
		case ok || flat != "":
			top := name == "FeaturesToml" && a.up.up == nil // its values have places of their own
			hidden := a.hidden(k, !top)
			m[k] = c.value(x, cmp.Or(kind, flat), &hidden)
			if !ok && name == "FeaturesToml" && c.strict && canonicalFeature(k) == "" {
				c.unknown = append(c.unknown, below.loc())
			}
		case t.head == "deny":
			c.fail(a, "unknown field `%s`, expected %s", k, alternatives(fieldNames(t.body)))
			c.faults[len(c.faults)-1].loc = below.loc()
		case c.strict:
			c.unknown = append(c.unknown, below.loc())
		}
	}
	if strings.Contains(t.body, "! ") {
		for line := range strings.Lines(t.body) {
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
			place := a.key("model_providers")
			c.providers(p, &place)
		}
	case "RawMcpServerConfig":
		c.mcpServer(m, a)
	}
}

func (c *checker) enum(v any, head string, a *at) {
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
			below := a.hidden(word, false)
			c.value(arg, kind, &below)
		}
		return
	}
	c.fail(a, "unknown variant `%s`, expected %s", word, alternatives(words))
}

func (c *checker) tagged(v any, name, head string, a *at) {
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
	place := a.key(tag)
	word, ok := t.(string)
	if !ok {
		c.mismatch(&place, t, "variant identifier")
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
	c.fail(&place, "unknown variant `%s`, expected %s", word, alternatives(words))
}

func (c *checker) integer(v any, kind string, a *at) {
	kind, positive := strings.CutSuffix(kind, "+")
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
	} else if positive && n < 1 {
		c.fail(a, "invalid value: integer `%d`, expected a number above 0", n)
	}
}

func (c *checker) wireAPI(v any, a *at) {
	switch s, ok := v.(string); {
	case !ok:
		c.mismatch(a, v, "a string")
	case s == "chat":
		c.fail(a, "`wire_api = \"chat\"` is no longer supported.\nHow to fix: set `wire_api = \"responses\"` in your provider config.\nMore info: https://github.com/openai/codex/discussions/7782")
	case s != "responses":
		c.fail(a, "unknown variant `%s`, expected `responses`", s)
	}
}

func (c *checker) mismatch(a *at, v any, expected string) {
	c.fail(a, "invalid type: %s, expected %s", describe(v), expected)
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
