package config

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// doc is a document as byte ranges, so that one value can be replaced and the
// rest stays as it is.
type doc struct {
	text  string
	nl    string
	items []item
}

// item is a table header or a pair.
type item struct {
	header, array bool
	// table is the header that it stands under (its own for a header), path the
	// whole key.
	table, path []string
	// keys are where the parts of its own key stand.
	keys []unstable.Range
	// start and end are the item itself, line and next its lines (not of what is in a value).
	start, end, line, next int
	// val is where a pair's value stands.
	val0, val1 int
	// inline are the pairs in an inline table, or the elements of a list.
	inline   []item
	isInline bool
}

func newDoc(text string) *doc {
	d := &doc{text: text, nl: "\n"}
	if strings.Contains(text, "\r\n") {
		d.nl = "\r\n"
	}
	p := &unstable.Parser{}
	p.Reset([]byte(text))
	var table []string
	inArray := false
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			names, keys := keysOf(e)
			table = slices.Clone(names)
			inArray = e.Kind == unstable.ArrayTable
			at := item{header: true, array: inArray, table: table, path: table, keys: keys}
			last := keys[len(keys)-1]
			at.line = lineStart(text, int(keys[0].Offset))
			at.start = at.line + strings.IndexByte(text[at.line:], '[')
			at.next = lineEnd(text, int(last.Offset+last.Length))
			at.end = at.next
			d.items = append(d.items, at)
		case unstable.KeyValue:
			at := d.pair(table, e)
			at.array = inArray
			at.line, at.next = lineStart(text, at.start), lineEnd(text, at.end)
			d.items = append(d.items, at)
		}
	}
	return d
}

func (d *doc) pair(table []string, e *unstable.Node) item {
	names, keys := keysOf(e)
	r := d.span(e, keys[len(keys)-1])
	at := item{
		table: table, path: append(slices.Clone(table), names...), keys: keys,
		start: int(keys[0].Offset), val0: int(r.Offset), val1: int(r.Offset + r.Length),
	}
	at.isInline = e.Value().Kind == unstable.InlineTable
	at.inline = d.inside(at, e.Value())
	at.val1 = at.val0 + len(strings.TrimRight(d.text[at.val0:at.val1], " \t\r\n"))
	at.end = at.val1
	return at
}

// span is where a pair's value stands: lists and inline tables have no range of their own, so
// it is what follows the equals sign.
func (d *doc) span(e *unstable.Node, key unstable.Range) unstable.Range {
	if v := e.Value(); v.Raw.Length > 0 && v.Kind != unstable.InlineTable && v.Kind != unstable.Array {
		return v.Raw
	}
	end := int(e.Raw.Offset + e.Raw.Length)
	i := int(key.Offset + key.Length)
	if end <= i || end > len(d.text) {
		end = len(d.text)
		if j := strings.IndexByte(d.text[i:], '\n'); j >= 0 {
			end = i + j
		}
	}
	for i < end && strings.IndexByte(" \t=", d.text[i]) >= 0 {
		i++
	}
	return unstable.Range{Offset: uint32(i), Length: uint32(end - i)}
}

// inside lists what the value of a pair or of an element holds: the pairs of an inline table,
// the elements of a list with keys "#0", "#1" ….
func (d *doc) inside(of item, v *unstable.Node) []item {
	var l []item
	switch it := v.Children(); v.Kind {
	case unstable.InlineTable:
		for it.Next() {
			l = append(l, d.pair(of.path, it.Node()))
		}
	case unstable.Array:
		for it.Next() {
			path := append(slices.Clone(of.path), "#"+strconv.Itoa(len(l)))
			in := item{table: path, path: path, val0: of.val0, val1: of.val1}
			if r := it.Node().Raw; r.Length > 0 {
				in.val0, in.val1 = int(r.Offset), int(r.Offset+r.Length)
			}
			in.inline = d.inside(in, it.Node())
			l = append(l, in)
		}
	}
	return l
}

// keysOf are the parts of a key, and where they stand.
func keysOf(e *unstable.Node) (names []string, at []unstable.Range) {
	for it := e.Key(); it.Next(); {
		names = append(names, string(it.Node().Data))
		at = append(at, it.Node().Raw)
	}
	return names, at
}

// all visits every item, and what stands in it after it.
func (d *doc) all() iter.Seq[item] {
	return func(yield func(item) bool) { each(d.items, yield) }
}

func each(l []item, yield func(item) bool) bool {
	for _, it := range l {
		if !yield(it) || !each(it.inline, yield) {
			return false
		}
	}
	return true
}

func lineStart(s string, i int) int { return strings.LastIndexByte(s[:i], '\n') + 1 }

// lineEnd is after the newline that follows, or the end.
func lineEnd(s string, i int) int {
	if j := strings.IndexByte(s[i:], '\n'); j >= 0 {
		return i + j + 1
	}
	return len(s)
}

func (d *doc) splice(from, to int, s string) string { return d.text[:from] + s + d.text[to:] }

// addLine puts a line at an offset that starts one (or ends the text).
func (d *doc) addLine(at int, s string) string {
	if at > 0 && d.text[at-1] != '\n' {
		s = d.nl + s
	}
	return d.splice(at, at, s+d.nl)
}

func (d *doc) set(path []string, v any) (string, error) {
	value := Encode(v)
	parent := path[:len(path)-1]
	last := -1
	for i, it := range d.items {
		if it.header {
			if slices.Equal(it.path, path) {
				return "", fmt.Errorf("%s is a table", DottedKey(path))
			}
			if it.array && prefix(it.path, path) {
				return "", fmt.Errorf("%s is a list of tables", DottedKey(it.path))
			}
			if slices.Equal(it.path, parent) {
				last = i
			}
			continue
		}
		switch {
		case slices.Equal(it.path, path):
			return d.splice(it.val0, it.val1, value), nil
		case prefix(it.path, path):
			return d.setInline(it, path, value), nil
		case slices.Equal(it.table, parent):
			last = i
		}
	}
	key := quoteKey(path[len(path)-1])
	if last >= 0 {
		return d.addLine(d.items[last].next, key+" = "+value), nil
	}
	// A table made by dotted keys goes on in their style.
	for _, it := range slices.Backward(d.items) {
		if !it.header && !it.array && len(it.table) < len(parent) && len(it.path) > len(parent) && prefix(parent, it.path) {
			return d.addLine(it.next, DottedKey(path[len(it.table):])+" = "+value), nil
		}
	}
	if len(parent) == 0 {
		return d.top(key + " = " + value), nil
	}
	return d.addTable(parent, key+" = "+value), nil
}

// addTable adds a table with one line in it: after the tables next of kin, else
// at the end.
func (d *doc) addTable(path []string, line string) string {
	block := "[" + DottedKey(path) + "]" + d.nl + line + d.nl
	kin, at, more := 0, -1, false
	for i, it := range d.items {
		if !it.header {
			continue
		}
		n := 0
		for n < min(len(it.path), len(path)) && it.path[n] == path[n] {
			n++
		}
		if n == 0 || n < kin {
			continue
		}
		kin, more = n, false
		for at = it.next; i+1 < len(d.items); i++ {
			if d.items[i+1].header {
				more = true
				break
			}
			at = d.items[i+1].next
		}
	}
	if more {
		return d.splice(at, at, d.nl+block)
	}
	text := strings.TrimRight(d.text, " \t\r\n")
	if text != "" {
		text += d.nl + d.nl
	}
	return text + block
}

// top adds a root key before the first header.
func (d *doc) top(line string) string {
	if len(d.items) == 0 {
		return d.addLine(len(d.text), line)
	}
	// Comments above the first header are the header's.
	out := line + d.nl
	if !strings.HasPrefix(d.text, d.nl) {
		out += d.nl
	}
	return out + d.text
}

// setInline sets a key inside the value of a pair: an inline table, or
// something else that becomes one.
func (d *doc) setInline(it item, path []string, value string) string {
	rest := path[len(it.path):]
	if !it.isInline {
		return d.splice(it.val0, it.val1, "{ "+DottedKey(rest)+" = "+value+" }")
	}
	for _, in := range it.inline {
		if slices.Equal(in.path, path) {
			return d.splice(in.val0, in.val1, value)
		}
		if prefix(in.path, path) {
			return d.setInline(in, path, value)
		}
	}
	add := DottedKey(rest) + " = " + value
	if len(it.inline) == 0 {
		return d.splice(it.val0, it.val1, "{ "+add+" }")
	}
	at := it.inline[len(it.inline)-1].end
	return d.splice(at, at, ", "+add)
}

func (d *doc) remove(path []string) string {
	text := d.text
	// From the end, so that offsets stay good.
	for i := len(d.items) - 1; i >= 0; i-- {
		it := d.items[i]
		switch {
		case it.header && prefix(path, it.path):
			end := len(d.text)
			if i+1 < len(d.items) {
				j := i + 1
				for j < len(d.items) && !d.items[j].header {
					j++
				}
				if j < len(d.items) {
					end = d.commentsAbove(d.items[j].line)
				}
			}
			text = text[:d.commentsAbove(it.line)] + text[end:]
		case it.header:
		case prefix(path, it.path) && !prefix(path, it.table):
			text = text[:it.line] + text[it.next:]
		case prefix(it.path, path) && it.isInline:
			text = d.removeInline(text, it, path)
		}
	}
	if text = strings.TrimLeft(text, "\r\n"); strings.TrimSpace(text) == "" {
		return ""
	}
	if text != d.text && strings.HasSuffix(text, d.nl+d.nl) {
		text = strings.TrimRight(text, "\r\n") + d.nl
	}
	return text
}

// commentsAbove is the start of the comment lines that stand directly on top of
// a line, which belong to it.
func (d *doc) commentsAbove(line int) int {
	for line > 0 {
		up := lineStart(d.text, line-1)
		if !strings.HasPrefix(strings.TrimLeft(d.text[up:line], " \t"), "#") {
			break
		}
		line = up
	}
	return line
}

func (d *doc) removeInline(text string, it item, path []string) string {
	for i, in := range it.inline {
		switch {
		case prefix(path, in.path):
			from, to := in.start, in.end
			if i+1 < len(it.inline) {
				to = it.inline[i+1].start
			} else if i > 0 {
				from = it.inline[i-1].end
			}
			return d.removeInline(text[:from]+text[to:], item{inline: it.inline[:i]}, path)
		case prefix(in.path, path):
			return d.removeInline(text, in, path)
		}
	}
	return text
}

// expandProjects turns an inline `projects` table, or an inline entry in it,
// into tables with headers before a decision is stored there, as the original does.
func (d *doc) expandProjects(path []string) error {
	if path[0] != "projects" || len(path) < 3 {
		return nil
	}
	for _, it := range d.items {
		if it.header || !it.isInline || !(slices.Equal(it.path, path[:1]) || slices.Equal(it.path, path[:2])) {
			continue
		}
		t, err := decode(d.text)
		if err != nil {
			return err
		}
		text := d.remove(it.path)
		at := it.path
		if len(at) == 1 {
			m, _ := t["projects"].(map[string]any)
			for _, k := range sortedKeys(m) {
				if text, err = newDoc(text).setAll([]string{"projects", k}, m[k]); err != nil {
					return err
				}
			}
		} else if text, err = newDoc(text).setAll(at, lookup(t, at...)); err != nil {
			return err
		}
		*d = *newDoc(text)
		return d.expandProjects(path)
	}
	return nil
}

func (d *doc) setAll(path []string, v any) (string, error) {
	m, _ := v.(map[string]any)
	text := d.text
	for _, k := range sortedKeys(m) {
		var err error
		if text, err = newDoc(text).set(append(slices.Clone(path), k), m[k]); err != nil {
			return "", err
		}
	}
	return text, nil
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
