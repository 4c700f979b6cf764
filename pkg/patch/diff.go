package patch

import (
	"bytes"
	"strconv"
	"strings"
)

// UnifiedDiff is the line diff from old to new with context unchanged lines
// around each hunk: hunks only, no file headers, "" when nothing differs. A
// last line without newline is marked as diff marks it.
//
// The hunks are those of the original: it, too, takes a minimal diff and
// slides it down.
func UnifiedDiff(old, new []byte, context int) string {
	if bytes.Equal(old, new) {
		return ""
	}
	d := unified{old: splitText(old), new: splitText(new)}
	ops := diffLines(d.old, d.new)
	var hunk []op
	for i, o := range ops {
		switch {
		case o.kind != same:
			hunk = append(hunk, o)
		case i == 0:
			hunk = append(hunk, last(o, context))
		case i == len(ops)-1:
			hunk = append(hunk, head(o, context))
		case o.n > 2*context:
			d.hunk(append(hunk, head(o, context)))
			hunk = append(hunk[:0], last(o, context))
		default:
			hunk = append(hunk, o)
		}
	}
	d.hunk(hunk)
	return d.out.String()
}

// head and last are the first and the last lines of a run.
func head(o op, n int) op {
	o.n = min(o.n, n)
	return o
}

func last(o op, n int) op {
	n = min(o.n, n)
	return op{o.kind, o.a + o.n - n, o.b + o.n - n, n}
}

type unified struct {
	old, new lines
	out      strings.Builder
}

func (d *unified) hunk(ops []op) {
	olds, news := 0, 0
	for _, o := range ops {
		if o.kind != insert {
			olds += o.n
		}
		if o.kind != remove {
			news += o.n
		}
	}
	d.out.WriteString("@@ -")
	d.span(ops[0].a, olds)
	d.out.WriteString(" +")
	d.span(ops[0].b, news)
	d.out.WriteString(" @@\n")
	for _, o := range ops {
		switch o.kind {
		case same:
			d.lines(" ", d.old, o.a, o.n)
		case remove:
			d.lines("-", d.old, o.a, o.n)
		case insert:
			d.lines("+", d.new, o.b, o.n)
		}
	}
}

// span writes a range of n lines from the zero-based line at. An empty one
// names the line before it, and a single line goes without its count.
func (d *unified) span(at, n int) {
	if n > 0 {
		at++
	}
	d.out.WriteString(strconv.Itoa(at))
	if n != 1 {
		d.out.WriteString("," + strconv.Itoa(n))
	}
}

func (d *unified) lines(mark string, t lines, at, n int) {
	for i := range n {
		l := t.at(at + i)
		d.out.WriteString(mark)
		d.out.Write(l)
		if !bytes.HasSuffix(l, []byte{'\n'}) {
			d.out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// lines is a text by lines, which keep their newlines.
type lines struct {
	text  []byte
	start []int // of each line, and the end of the text
}

func splitText(text []byte) lines {
	l := lines{text: text, start: make([]int, 1, 2+bytes.Count(text, []byte{'\n'}))}
	for at := 0; at < len(text); {
		n := bytes.IndexByte(text[at:], '\n') + 1
		if n == 0 {
			n = len(text) - at
		}
		at += n
		l.start = append(l.start, at)
	}
	return l
}

func (l lines) len() int        { return len(l.start) - 1 }
func (l lines) at(i int) []byte { return l.text[l.start[i]:l.start[i+1]] }

// number gives each of the lines from a to b its number in ids, a new one where needed.
func (l lines) number(ids map[string]int, a, b int) []int {
	nums := make([]int, b-a)
	for i := range nums {
		line := l.at(a + i)
		id, ok := ids[string(line)]
		if !ok {
			id = len(ids)
			ids[string(line)] = id
		}
		nums[i] = id
	}
	return nums
}
