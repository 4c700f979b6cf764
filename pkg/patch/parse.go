package patch

import (
	"fmt"
	"strings"
	"unicode"
)

// Kind says what a section of a patch does to its file.
type Kind string

// The kinds of a section.
const (
	Add    Kind = "add"
	Delete Kind = "delete"
	Update Kind = "update"
)

// Patch is a parsed patch: its sections in the order of the text.
type Patch struct {
	Hunks []Hunk
	// EnvironmentID is the value of an "*** Environment ID: X" line right
	// after the first line, "" without one. The original accepts the line
	// from 0.133.0 on; applying takes no notice of it.
	EnvironmentID string
}

// Hunk is one section of a patch, about one file.
type Hunk struct {
	Kind     Kind
	Path     string  // as spelled in the patch
	MovePath string  // update: new name as spelled, "" when the file stays
	Content  string  // add: the whole new file
	Chunks   []Chunk // update: at least one
}

// Chunk is a place in a file and what happens there.
type Chunk struct {
	Context    string // text after "@@ ": a line to look for first
	HasContext bool   // "@@ " was there, even with nothing after it
	Lines      []Line
	EOF        bool // "*** End of File": the lines that are there are the last ones of the file
}

// Line is one line of a chunk, without its first character.
type Line struct {
	Mark byte // ' ' stays, '-' goes, '+' is new
	Text string
}

// ParseError tells why a text is not a patch. Nothing was read or written.
type ParseError struct {
	Line int    // 1 is "*** Begin Patch"; 0 when the patch as a whole is at fault
	Msg  string // without position
}

// Error is the wording of the apply_patch program.
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return "Invalid patch: " + e.Msg
	}
	return fmt.Sprintf("Invalid patch hunk on line %d: %s", e.Line, e.Msg)
}

// ToolText is the wording of the apply_patch tool: what follows
// "apply_patch verification failed: " in the model's view.
func (e *ParseError) ToolText() string {
	if e.Line == 0 {
		return "invalid patch: " + e.Msg
	}
	return fmt.Sprintf("invalid hunk at line %d, %s", e.Line, e.Msg)
}

const (
	beginMark  = "*** Begin Patch"
	endMark    = "*** End Patch"
	envMark    = "*** Environment ID: "
	addMark    = "*** Add File: "
	deleteMark = "*** Delete File: "
	updateMark = "*** Update File: "
	moveMark   = "*** Move to: "
	eofMark    = "*** End of File"
)

// Parse reads the text of a whole patch. A heredoc that was passed unread
// (<<'EOF' on the first line, EOF at the end) is unwrapped first. The error
// is a *ParseError.
func Parse(text string) (*Patch, error) {
	lines, err := unwrap(splitLines(strings.TrimSpace(text)))
	if err != nil {
		return nil, err
	}
	p := parser{lines: lines[:len(lines)-1], at: 1}
	patch := &Patch{}
	if id, ok := strings.CutPrefix(strings.TrimLeftFunc(p.peek(), unicode.IsSpace), envMark); ok {
		patch.EnvironmentID = strings.TrimSpace(id)
		if patch.EnvironmentID == "" {
			return nil, &ParseError{Msg: "apply_patch environment_id cannot be empty"}
		}
		p.at++
	}
	for p.more() {
		h, err := p.hunk()
		if err != nil {
			return nil, err
		}
		patch.Hunks = append(patch.Hunks, h)
	}
	return patch, nil
}

// splitLines cuts text at its newlines. The carriage return of a CRLF goes,
// one only: a second one belongs to the line.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i := range len(lines) - 1 {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}

// unwrap checks the first and the last line, and takes off a heredoc around
// them. The result has both marks.
func unwrap(lines []string) ([]string, error) {
	err := checkMarks(lines)
	if err == nil || len(lines) < 4 {
		return lines, err
	}
	switch lines[0] {
	case "<<EOF", "<<'EOF'", `<<"EOF"`:
	default:
		return nil, err
	}
	if !strings.HasSuffix(lines[len(lines)-1], "EOF") {
		return nil, err
	}
	lines = lines[1 : len(lines)-1]
	return lines, checkMarks(lines)
}

func checkMarks(lines []string) error {
	// An empty text fails by its last line, as the original does.
	if len(lines) > 0 && strings.TrimSpace(lines[0]) != beginMark {
		return &ParseError{Msg: "The first line of the patch must be '" + beginMark + "'"}
	}
	if len(lines) == 0 || strings.TrimSpace(lines[len(lines)-1]) != endMark {
		return &ParseError{Msg: "The last line of the patch must be '" + endMark + "'"}
	}
	return nil
}

// parser walks the lines between the marks; lines[0] is the begin mark, so
// that at+1 is the number of the current line.
type parser struct {
	lines []string
	at    int
}

func (p *parser) more() bool { return p.at < len(p.lines) }

func (p *parser) peek() string {
	if !p.more() {
		return ""
	}
	return p.lines[p.at]
}

func (p *parser) errorf(at int, format string, args ...any) error {
	return &ParseError{Line: at + 1, Msg: fmt.Sprintf(format, args...)}
}

func (p *parser) hunk() (Hunk, error) {
	start := p.at
	header := strings.TrimSpace(p.peek())
	p.at++
	if path, ok := strings.CutPrefix(header, addMark); ok {
		return Hunk{Kind: Add, Path: path, Content: p.added()}, nil
	}
	if path, ok := strings.CutPrefix(header, deleteMark); ok {
		return Hunk{Kind: Delete, Path: path}, nil
	}
	path, ok := strings.CutPrefix(header, updateMark)
	if !ok {
		return Hunk{}, p.errorf(start, "'%s' is not a valid hunk header. Valid hunk headers: "+
			"'*** Add File: {path}', '*** Delete File: {path}', '*** Update File: {path}'", header)
	}
	h := Hunk{Kind: Update, Path: path}
	if to, ok := strings.CutPrefix(p.peek(), moveMark); ok {
		h.MovePath = to
		p.at++
	}
	for p.more() {
		if strings.TrimSpace(p.peek()) == "" {
			p.at++
			continue
		}
		if p.peek()[0] == '*' {
			break
		}
		c, err := p.chunk(len(h.Chunks) == 0)
		if err != nil {
			return Hunk{}, err
		}
		h.Chunks = append(h.Chunks, c)
	}
	if len(h.Chunks) == 0 {
		return Hunk{}, p.errorf(start, "Update file hunk for path '%s' is empty", path)
	}
	return h, nil
}

// added takes the + lines of an added file.
func (p *parser) added() string {
	var b strings.Builder
	for p.more() {
		line, ok := strings.CutPrefix(p.peek(), "+")
		if !ok {
			break
		}
		b.WriteString(line)
		b.WriteByte('\n')
		p.at++
	}
	return b.String()
}

// chunk takes one chunk of an update; only the first of a file may come
// without its @@ line.
func (p *parser) chunk(first bool) (Chunk, error) {
	var c Chunk
	off := 0
	if p.peek() == "@@" {
		p.at++
	} else if ctx, ok := strings.CutPrefix(p.peek(), "@@ "); ok {
		c.Context, c.HasContext = ctx, true
		p.at++
	} else if !first {
		return c, p.errorf(p.at, "Expected update hunk to start with a @@ context marker, got: '%s'", p.peek())
	} else {
		// The original counts a @@ line here even where there is none, so
		// that the line it names is one too far down.
		off = 1
	}
	for start := p.at; ; p.at++ {
		empty := p.at == start
		if !p.more() || p.peek() == eofMark {
			if empty {
				return c, p.errorf(p.at, "Update hunk does not contain any lines")
			}
			if p.more() {
				c.EOF = true
				p.at++
			}
			return c, nil
		}
		line := p.peek()
		switch {
		case line == "":
			c.Lines = append(c.Lines, Line{Mark: ' '})
		case line[0] == ' ', line[0] == '-', line[0] == '+':
			c.Lines = append(c.Lines, Line{line[0], line[1:]})
		case empty:
			return c, p.errorf(p.at+off, "Unexpected line found in update hunk: '%s'. Every line should start with "+
				"' ' (context line), '+' (added line), or '-' (removed line)", line)
		default:
			return c, nil
		}
	}
}
