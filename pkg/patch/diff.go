package patch

import (
	"strconv"
	"strings"
)

// UnifiedDiff is the line diff from old to new with context unchanged lines
// around each hunk: hunks only, no file headers, "" when nothing differs. A
// last line without newline is marked as diff marks it.
//
// The hunks are those of the original: it, too, takes a minimal diff and
// slides it down.
func UnifiedDiff(old, new string, context int) string {
	if old == new {
		return ""
	}
	d := unified{old: keepLines(old), new: keepLines(new)}
	ids := make(map[string]int, len(d.old))
	ops := diffLines(number(ids, d.old), number(ids, d.new))
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
	old, new []string
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
			d.lines(" ", d.old[o.a:o.a+o.n])
		case remove:
			d.lines("-", d.old[o.a:o.a+o.n])
		case insert:
			d.lines("+", d.new[o.b:o.b+o.n])
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

func (d *unified) lines(mark string, lines []string) {
	for _, l := range lines {
		d.out.WriteString(mark + l)
		if !strings.HasSuffix(l, "\n") {
			d.out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// keepLines cuts text into lines that keep their newline.
func keepLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// number gives each line its number in ids, a new one where needed.
func number(ids map[string]int, lines []string) []int {
	nums := make([]int, len(lines))
	for i, l := range lines {
		id, ok := ids[l]
		if !ok {
			id = len(ids)
			ids[l] = id
		}
		nums[i] = id
	}
	return nums
}
