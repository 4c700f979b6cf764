package text

import (
	"strconv"
	"strings"
)

// FileDiff is what a change does to a file: a unified diff as the protocol has it, of one
// file, with or without headers.
type FileDiff struct {
	Path           string // for the colours of the code
	Added, Deleted int
	rows           []diffRow
}

// diffRow is a line of a diff. number is its line in the file: the new one, for deleted
// rows the old one; 0 for what is no line of the file.
type diffRow struct {
	sign   byte // ' ', '+', '-', or 0 for a gap between hunks
	number int
	text   string
}

// ParseDiff reads a unified diff of one file.
func ParseDiff(path, diff string) *FileDiff {
	d := &FileDiff{Path: path}
	var before, after, left, right int // the next line of each side, and how many the hunk still has
	for line := range strings.SplitSeq(strings.TrimSuffix(diff, "\n"), "\n") {
		if left <= 0 && right <= 0 {
			var ok bool
			if before, left, after, right, ok = hunkHeader(line); ok && len(d.rows) > 0 {
				d.rows = append(d.rows, diffRow{})
			}
			continue // what stands between hunks is headers
		}
		sign, text := byte(' '), ""
		if line != "" {
			sign, text = line[0], CleanLine(strings.TrimSuffix(line[1:], "\r"))
		}
		switch sign {
		case '+':
			d.add('+', after, text)
			after, right = after+1, right-1
		case '-':
			d.add('-', before, text)
			before, left = before+1, left-1
		case ' ':
			d.add(' ', after, text)
			before, after, left, right = before+1, after+1, left-1, right-1
		}
	}
	return d
}

// WholeFile is the diff of a file that is all new, or all gone.
func WholeFile(path, content string, sign byte) *FileDiff {
	d := &FileDiff{Path: path}
	if content == "" {
		return d
	}
	for i, l := range Clean(content) {
		d.add(sign, i+1, l)
	}
	return d
}

func (d *FileDiff) add(sign byte, number int, text string) {
	switch sign {
	case '+':
		d.Added++
	case '-':
		d.Deleted++
	}
	d.rows = append(d.rows, diffRow{sign, number, text})
}

// hunkHeader reads "@@ -1,2 +3,4 @@".
func hunkHeader(line string) (before, left, after, right int, ok bool) {
	rest, ok := strings.CutPrefix(line, "@@ -")
	if !ok {
		return 0, 0, 0, 0, false
	}
	old, rest, ok1 := strings.Cut(rest, " +")
	now, _, ok2 := strings.Cut(rest, " @@")
	before, left, ok3 := diffRange(old)
	after, right, ok4 := diffRange(now)
	return before, left, after, right, ok1 && ok2 && ok3 && ok4
}

func diffRange(s string) (from, count int, ok bool) {
	a, b, two := strings.Cut(s, ",")
	from, err := strconv.Atoi(a)
	if !two {
		return from, 1, err == nil
	}
	count, err2 := strconv.Atoi(b)
	return from, count, err == nil && err2 == nil && count >= 0
}

// Lines draws the diff in width columns: numbers, signs, the code in its colours. Of more
// than most rows the middle is left out, with their count; 0 shows all.
func (d *FileDiff) Lines(t *Theme, width, most int) []Line {
	rows, cut := d.rows, -1
	if most > 0 && len(rows) > most {
		cut = most / 2
		rows = append(rows[:cut:cut], d.rows[len(d.rows)-(most-cut):]...)
	}
	digits := 1
	for _, r := range rows {
		digits = max(digits, len(strconv.Itoa(r.number)))
	}
	code := d.coloured(t, rows)
	var out []Line
	for i, r := range rows {
		if i == cut {
			left := strings.Repeat(" ", digits) + " … +" + strconv.Itoa(len(d.rows)-len(rows)) + " rows"
			out = append(out, Wrap([]Line{Of(left, t.Dim)}, width)...)
		}
		out = append(out, r.lines(t, code[i], digits, width)...)
	}
	return out
}

// coloured gives the code of the rows in its colours: each hunk by itself, the old side
// for deleted rows and the new side for the others, so that the language's lexer sees code
// as it was and as it is.
func (d *FileDiff) coloured(t *Theme, rows []diffRow) []Line {
	out := make([]Line, len(rows))
	lexer := lexerFor(d.Path)
	hunk := func(from, to int, skip, take byte) {
		var texts []string
		for _, r := range rows[from:to] {
			if r.sign != skip {
				texts = append(texts, r.text)
			}
		}
		lines := t.highlight(lexer, texts)
		for i, n := from, 0; i < to; i++ {
			if rows[i].sign == skip {
				continue
			}
			if rows[i].sign == take || rows[i].sign == ' ' && take == '+' {
				out[i] = lines[n]
			}
			n++
		}
	}
	for from := 0; from < len(rows); {
		to := from
		for to < len(rows) && rows[to].sign != 0 {
			to++
		}
		hunk(from, to, '-', '+')
		hunk(from, to, '+', '-')
		from = to + 1
	}
	return out
}

// lines draws one row, wrapped below its text.
func (r diffRow) lines(t *Theme, code Line, digits, width int) []Line {
	if r.sign == 0 {
		return Wrap([]Line{Of(strings.Repeat(" ", digits)+" ⋮", t.Dim)}, width)
	}
	row, sign := Style{}, Style{}
	switch r.sign {
	case '+':
		row, sign = t.Inserted, t.InsertedSign
	case '-':
		row, sign = t.Deleted, t.DeletedSign
	}
	if r.sign == '-' {
		code = code.Restyled(t.Dim)
	}
	number := Pad("", digits-len(strconv.Itoa(r.number))) + strconv.Itoa(r.number)
	gutter := Line{{Text: number + " ", Style: row.With(t.Dim)}, {Text: string(r.sign), Style: row.With(sign)}}
	below := Line{{Text: strings.Repeat(" ", digits+1), Style: row}, {Text: " ", Style: row}}
	lines := WrapIndented([]Line{code.Restyled(row)}, width, gutter, below)
	if row.BG != Default {
		for i, l := range lines {
			lines[i] = Filled(l, width, row)
		}
	}
	return lines
}
