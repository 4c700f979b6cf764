package patch

import (
	"slices"
	"strings"
)

// replacement puts lines in the place of old lines [start,end).
type replacement struct {
	start, end int
	lines      []string
}

// clashes reports whether next, the later one, can't be carried out beside p:
// they want the same lines, or one inserts amid the lines of the other.
func (p replacement) clashes(next replacement) bool {
	if next.start == next.end && next.start == p.start {
		return p.end > p.start
	}
	return p.start < next.end && next.start < p.end
}

// rewriter carries out the chunks of one update on the lines of its file.
type rewriter struct {
	path   string // for error texts
	lines  []string
	cursor int // chunks are in file order: nothing before it is looked at
	todo   []replacement
}

// rewrite gives the content of the file path after chunks. The result ends
// with a newline whatever the file did, and what the patch spells replaces
// what it matched, context included: that is how the
// original leaves a file.
func rewrite(path, content string, chunks []Chunk) (string, error) {
	lines := strings.Split(content, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	r := rewriter{path: path, lines: lines}
	for _, c := range chunks {
		if err := r.chunk(c); err != nil {
			return "", err
		}
	}
	r.flush()
	if n := len(r.lines); n == 0 || r.lines[n-1] != "" {
		r.lines = append(r.lines, "")
	}
	return strings.Join(r.lines, "\n"), nil
}

func (r *rewriter) chunk(c Chunk) error {
	if c.HasContext {
		at := seek(r.lines, []string{c.Context}, r.cursor, false)
		if at < 0 {
			return r.fail("Failed to find context '" + c.Context + "' in " + r.path)
		}
		r.cursor = at + 1
	}
	next, err := r.locate(c)
	if err != nil {
		return err
	}
	// A chunk tied to the end of the file may reach back into lines that an
	// earlier chunk rewrote. The original then overwrites one of the two;
	// here the later chunk is looked up in what the earlier ones left, and
	// applies or fails.
	if slices.ContainsFunc(r.todo, func(p replacement) bool { return p.clashes(next) }) {
		r.flush()
		if next, err = r.locate(c); err != nil {
			return err
		}
	}
	r.todo = append(r.todo, next)
	if len(c.Old) > 0 {
		r.cursor = next.end
	}
	return nil
}

// locate finds the place of a chunk.
func (r *rewriter) locate(c Chunk) (replacement, error) {
	if len(c.Old) == 0 {
		// Pure additions go to the end, whatever their context was.
		at := len(r.lines)
		if at > 0 && r.lines[at-1] == "" {
			at--
		}
		return replacement{at, at, c.New}, nil
	}
	old, new := c.Old, c.New
	at := seek(r.lines, old, r.cursor, c.EOF)
	if at < 0 && old[len(old)-1] == "" {
		// The empty line may stand for the file's final newline.
		old = old[:len(old)-1]
		if n := len(new); n > 0 && new[n-1] == "" {
			new = new[:n-1]
		}
		at = seek(r.lines, old, r.cursor, c.EOF)
	}
	if at < 0 {
		return replacement{}, r.fail("Failed to find expected lines in " + r.path + ":\n" + strings.Join(c.Old, "\n"))
	}
	return replacement{at, at + len(old), new}, nil
}

func (r *rewriter) fail(text string) error { return &Error{Path: r.path, Text: text} }

// flush carries the replacements out and moves the cursor along.
func (r *rewriter) flush() {
	slices.SortStableFunc(r.todo, func(a, b replacement) int { return a.start - b.start })
	var out []string
	at, cursor := 0, r.cursor
	for _, p := range r.todo {
		out = append(append(out, r.lines[at:p.start]...), p.lines...)
		at = p.end
		if p.end <= r.cursor {
			cursor += len(p.lines) - (p.end - p.start)
		}
	}
	r.lines, r.cursor, r.todo = append(out, r.lines[at:]...), cursor, nil
}
