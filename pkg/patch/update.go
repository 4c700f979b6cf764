package patch

import (
	"bytes"
	"slices"
	"strings"
)

// splice puts text in the place of data[start:end].
type splice struct {
	start, end int
	text       []byte // whole lines, with their ends
}

// span is the part of the file that a chunk is about.
type span struct{ start, end int }

// clashes reports whether next, the later one, can't be carried out beside p: they want
// the same lines, or one inserts amid the lines of the other.
func (p span) clashes(next span) bool {
	if next.start == next.end && next.start == p.start {
		return p.end > p.start
	}
	return p.start < next.end && next.start < p.end
}

// rewriter carries out the chunks of one update on the content of its file. What no chunk
// is about, and what it only finds, stays byte for byte: ends of lines, a byte order mark,
// blank lines at the end, a last line without newline.
type rewriter struct {
	path string // for error texts
	document
	wasOpen bool // the file had a last line without an end, and keeps it
	cursor  int  // chunks are in file order: nothing before it is looked at
	taken   []span
	todo    []splice
}

// rewrite gives the content of the file path after chunks, in pieces.
func rewrite(path string, content []byte, chunks []Chunk) ([][]byte, error) {
	r := rewriter{path: path, document: newDocument(content, lineEnd(content, chunks))}
	r.cursor, r.wasOpen = r.begin, r.open()
	for _, c := range chunks {
		if err := r.chunk(c); err != nil {
			return nil, err
		}
	}
	pieces, _ := r.pieces()
	return pieces, nil
}

// lineEnd is a newline, unless there is none in the file and lines end with a carriage
// return there.
func lineEnd(content []byte, chunks []Chunk) byte {
	if bytes.IndexByte(content, '\n') >= 0 || bytes.IndexByte(content, '\r') < 0 {
		return '\n'
	}
	for _, c := range chunks {
		if slices.ContainsFunc(c.Lines, func(l Line) bool { return strings.Contains(l.Text, "\r") }) {
			return '\n'
		}
	}
	return '\r'
}

func (r *rewriter) chunk(c Chunk) error {
	if c.HasContext {
		at := r.seek([]string{c.Context}, r.cursor, false)
		if at < 0 {
			return r.fail("Failed to find context '" + c.Context + "' in " + r.path)
		}
		_, r.cursor = r.line(at)
	}
	lines, at, err := r.locate(c)
	if err != nil {
		return err
	}
	splices, whole := r.splices(lines, at)
	// A chunk tied to the end of the file may reach back into lines that an earlier chunk
	// rewrote. The original then overwrites one of the two; here the later chunk is looked
	// up in what the earlier ones left, and applies or fails.
	if slices.ContainsFunc(r.taken, func(s span) bool { return s.clashes(whole) }) {
		r.flush()
		if lines, at, err = r.locate(c); err != nil {
			return err
		}
		splices, whole = r.splices(lines, at)
	}
	r.todo, r.taken = append(r.todo, splices...), append(r.taken, whole)
	if whole.end > whole.start {
		r.cursor = whole.end
	}
	return nil
}

// locate finds the place of a chunk. A blank line at the end of what has to be there may
// stand for the end of the file, or for nothing: the lines that it gives go without it.
func (r *rewriter) locate(c Chunk) (lines []Line, at int, err error) {
	lines = slices.Clone(c.Lines)
	for len(lines) > 0 {
		old := oldLines(lines)
		switch {
		case len(old) > 0:
			at = r.seek(old, r.cursor, c.EOF)
		case strings.TrimSpace(c.Context) != "" && !c.EOF: // a pure addition goes behind its context
			at = r.cursor
		default: // or else to the end
			at = len(r.data)
		}
		if at >= 0 {
			return lines, at, nil
		}
		if old[len(old)-1] != "" {
			break
		}
		lines = withoutBlank(lines)
	}
	return nil, 0, r.fail("Failed to find expected lines in " + r.path + ":\n" + strings.Join(oldLines(c.Lines), "\n"))
}

// withoutBlank takes the last line away that has to be there, and a new one for it.
func withoutBlank(lines []Line) []Line {
	i := len(lines) - 1
	for lines[i].Mark == '+' {
		i--
	}
	if n := len(lines) - 1; lines[i].Mark == '-' && lines[n] == (Line{Mark: '+'}) {
		lines = lines[:n]
	}
	return slices.Delete(lines, i, i+1)
}

// oldLines are those that have to be there.
func oldLines(lines []Line) []string {
	var old []string
	for _, l := range lines {
		if l.Mark != '+' {
			old = append(old, l.Text)
		}
	}
	return old
}

// splices is what becomes of the lines of the file from a place on: those that stay are
// left alone.
func (r *rewriter) splices(lines []Line, at int) (out []splice, whole span) {
	whole.start = at
	for i := 0; i < len(lines); {
		if lines[i].Mark == ' ' {
			_, at = r.line(at)
			i++
			continue
		}
		s := splice{start: at}
		var ends [][]byte // of the lines that go; the new ones take them over
		n := i
		for ; n < len(lines) && lines[n].Mark != ' '; n++ {
			if lines[n].Mark == '-' {
				ends = append(ends, r.end(at))
				_, at = r.line(at)
			}
		}
		s.end = at
		added := 0
		for ; i < n; i++ {
			if lines[i].Mark == '+' {
				s.text = r.appendLine(s, lines[i].Text, ends, added)
				added++
			}
		}
		out = append(out, s)
	}
	whole.end = at
	return out, whole
}

// appendLine adds a new line to a splice, with the end of the line that it stands for.
func (r *rewriter) appendLine(s splice, line string, ends [][]byte, n int) []byte {
	if s.start == r.begin && n == 0 {
		line = strings.TrimPrefix(line, byteOrderMark) // it stays by itself
	}
	var end []byte
	if len(ends) > 0 {
		end = ends[min(n, len(ends)-1)]
	}
	if len(end) == 0 {
		end = r.newEnd(s.start)
	}
	return append(append(s.text, line...), end...)
}

func (r *rewriter) fail(text string) error { return &Error{Path: r.path, Text: text} }

// pieces is the content with all splices carried out, and where the cursor is in it.
func (r *rewriter) pieces() (out [][]byte, cursor int) {
	slices.SortStableFunc(r.todo, func(a, b splice) int { return a.start - b.start })
	at, n, closed := 0, 0, true
	cursor = r.cursor
	put := func(b []byte) {
		if len(b) == 0 {
			return
		}
		if !closed { // a last line without an end, and more follows
			end := r.newEnd(at)
			out, n = append(out, end), n+len(end)
		}
		out, n = append(out, b), n+len(b)
		closed = b[len(b)-1] == r.nl || n == r.begin
	}
	for _, s := range r.todo {
		put(r.data[at:s.start])
		at = s.end
		put(s.text)
		if s.end <= r.cursor {
			cursor = n + r.cursor - s.end
		}
	}
	put(r.data[at:])
	if n <= r.begin {
		return out, cursor
	}
	if last := &out[len(out)-1]; r.wasOpen && closed {
		*last = bytes.TrimSuffix(*last, []byte{r.nl})
		if r.nl == '\n' {
			*last = bytes.TrimSuffix(*last, []byte{'\r'})
		}
	}
	return out, cursor
}

// flush carries the splices out and moves the cursor along.
func (r *rewriter) flush() {
	pieces, cursor := r.pieces()
	r.document = newDocument(slices.Concat(pieces...), r.nl)
	r.cursor, r.todo, r.taken = min(cursor, len(r.data)), nil, nil
}
