package text

import (
	"strings"

	extast "github.com/yuin/goldmark/extension/ast"
)

// narrowest is how few columns the cells of a table may have.
const narrowest = 4

// table draws a table with a frame; in a terminal too narrow for one, each row as a list.
func (d *drawer) table(n *extast.Table, width int) []Line {
	var rows [][][]Line // row, column, lines
	columns := 0
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		style := Style{}
		if _, head := r.(*extast.TableHeader); head {
			style = d.t.Bold
		}
		var row [][]Line
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			row = append(row, d.inline(c, style))
		}
		rows, columns = append(rows, row), max(columns, len(row))
	}
	widths, ok := fitColumns(rows, columns, width-1)
	if !ok {
		return d.tableRows(rows, width)
	}
	out := []Line{d.border(widths, "┌", "┬", "┐")}
	for i, row := range rows {
		out = append(out, d.tableRow(row, widths, n.Alignments)...)
		if i == 0 {
			out = append(out, d.border(widths, "├", "┼", "┤"))
		}
	}
	return append(out, d.border(widths, "└", "┴", "┘"))
}

// fitColumns gives the widths of the columns: as wide as their cells, the widest made
// narrower until all fit into width, with three more columns each for the frame.
func fitColumns(rows [][][]Line, columns, width int) (widths []int, ok bool) {
	widths = make([]int, columns)
	sum := 3 * columns
	for c := range widths {
		for _, row := range rows {
			if c < len(row) {
				for _, l := range row[c] {
					widths[c] = max(widths[c], l.Width())
				}
			}
		}
		widths[c] = max(1, widths[c])
		sum += widths[c]
	}
	for sum > width {
		widest, next := 0, 0
		for c, w := range widths {
			if w > widths[widest] {
				widest = c
			}
		}
		for _, w := range widths {
			if w < widths[widest] {
				next = max(next, w)
			}
		}
		cut := max(1, min(sum-width, widths[widest]-max(next, narrowest)))
		if widths[widest]-cut < narrowest {
			return nil, false
		}
		widths[widest] -= cut
		sum -= cut
	}
	return widths, columns > 0
}

func (d *drawer) border(widths []int, left, middle, right string) Line {
	var b strings.Builder
	for i, w := range widths {
		if i == 0 {
			b.WriteString(left)
		} else {
			b.WriteString(middle)
		}
		b.WriteString(strings.Repeat("─", w+2))
	}
	b.WriteString(right)
	return Of(b.String(), d.t.Dim)
}

func (d *drawer) tableRow(row [][]Line, widths []int, alignments []extast.Alignment) []Line {
	cells := make([][]Line, len(widths))
	height := 1
	for c, w := range widths {
		if c < len(row) {
			cells[c] = Wrap(row[c], w)
		}
		height = max(height, len(cells[c]))
	}
	out := make([]Line, height)
	bar := Span{Text: "│", Style: d.t.Dim}
	for i := range out {
		line := Line{bar}
		for c, w := range widths {
			var cell Line
			if i < len(cells[c]) {
				cell = cells[c][i]
			}
			left, right := align(w-cell.Width(), c, alignments)
			line = append(line, Span{Text: strings.Repeat(" ", 1+left)})
			line = append(line, cell...)
			line = append(line, Span{Text: strings.Repeat(" ", 1+right)}, bar)
		}
		out[i] = line
	}
	return out
}

// align shares the free columns of a cell between its sides.
func align(free, column int, alignments []extast.Alignment) (left, right int) {
	free = max(0, free)
	if column >= len(alignments) {
		return 0, free
	}
	switch alignments[column] {
	case extast.AlignRight:
		return free, 0
	case extast.AlignCenter:
		return free / 2, free - free/2
	}
	return 0, free
}

// tableRows draws a table as a list: for each row, its cells behind the heads of their
// columns.
func (d *drawer) tableRows(rows [][][]Line, width int) []Line {
	var out []Line
	for i, row := range rows {
		if i == 0 && len(rows) > 1 {
			continue
		}
		for c, cell := range row {
			var line Line
			if i > 0 && c < len(rows[0]) {
				for _, l := range rows[0][c] {
					line = append(line, l...)
				}
				line = append(line, Span{Text: ": ", Style: d.t.Bold})
			}
			for _, l := range cell {
				line = append(line, l...)
			}
			mark := Of("  ", Style{})
			if c == 0 {
				mark = Of("- ", d.t.Dim)
			}
			out = append(out, Hanging([]Line{line}, width, mark, Of("  ", Style{}))...)
		}
	}
	return out
}
