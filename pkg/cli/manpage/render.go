// Package manpage shows a manual page as plain text, for systems without man(1): the part
// of the mdoc language that the pages of this project use, wrapped at 78 columns. A test
// holds it against mandoc(1) word for word.
//
// Ground layer: it imports the standard library only.
package manpage

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const width = 78

type list struct {
	kind    string // "-tag", "-bullet", "-enum", "-dash", "-item", "-column"
	compact bool
	outer   int // indent of the tags
	inner   int // indent of the bodies
	count   int
	columns []int
}

type renderer struct {
	w        *bufio.Writer
	words    []word
	into     *[]word // words, or the tag being collected
	tag      []word
	name     string // of the page, from the first Nm
	section  string
	glueNext bool
	indent   int
	lists    []list
	displays []int // indents outside the open displays
	literal  bool
	pendTag  bool // the tag is waiting for the first line of its body
	inTag    bool // between Xo and Xc of a tag
	blank    bool // the last line written was empty
	unknown  []string
	examples []Example
	display  []string // lines of the literal display that is open
	marks    []string // comments since the last display
}

// Render writes the page in src as text. Macros it does not know become text.
func Render(w io.Writer, src []byte) error {
	_, err := parse(w, src)
	return err
}

func parse(w io.Writer, src []byte) (*renderer, error) {
	r := &renderer{w: bufio.NewWriter(w), blank: true}
	r.into = &r.words
	for len(src) > 0 {
		line, rest, _ := bytes.Cut(src, []byte{'\n'})
		src = rest
		r.line(strings.TrimSuffix(string(line), "\r"))
	}
	r.flush()
	return r, r.w.Flush()
}

func (r *renderer) line(line string) {
	switch {
	case strings.HasPrefix(line, `.\"`):
		r.marks = append(r.marks, strings.TrimSpace(line[3:]))
	case line == ".":
	case strings.HasPrefix(line, "."):
		args := splitArgs(line[1:])
		if len(args) > 0 {
			r.macro(args[0].text, args[1:], line)
		}
	case r.literal:
		r.raw(unescape(line))
	case strings.TrimSpace(line) == "":
		r.paragraph()
	default:
		r.text(line)
	}
}

func (r *renderer) macro(name string, args []arg, line string) {
	switch name {
	case "Dd", "Dt", "Os", "Bk", "Ek", "Sm", "Tg":
	case "Sh":
		r.flush()
		r.marks = nil
		r.lists, r.displays, r.indent = nil, nil, 5
		r.section = joined(args)
		r.gap()
		r.raw0(0, r.section)
		r.blank = true // nothing between a heading and what it is over
	case "Ss":
		r.flush()
		r.gap()
		r.raw0(3, joined(args))
		r.blank = true
	case "Pp":
		r.paragraph()
	case "br":
		r.flush()
	case "Bl":
		r.beginList(args)
	case "It":
		r.item(args)
	case "El":
		r.flush()
		if n := len(r.lists); n > 0 {
			r.indent = r.lists[n-1].outer
			r.lists = r.lists[:n-1]
		}
	case "Bd":
		r.flush()
		r.displays = append(r.displays, r.indent)
		offset, compact := 0, false
		for i, a := range args {
			switch a.text {
			case "-literal", "-unfilled":
				r.literal = true
			case "-offset":
				offset = measure(args, i+1)
			case "-compact":
				compact = true
			}
		}
		if !compact {
			r.gap()
		}
		r.indent += offset
	case "Ed":
		r.flush()
		if r.literal {
			r.example(strings.Join(r.display, "\n"))
		}
		r.literal, r.display = false, nil
		if n := len(r.displays); n > 0 {
			r.indent = r.displays[n-1]
			r.displays = r.displays[:n-1]
		}
	case "Dl", "D1":
		r.flush()
		r.inline(args)
		line := r.takeWords()
		r.example(line)
		r.raw0(r.indent+6, line)
	case "Xc":
		if r.inTag {
			r.inline(args)
			r.endTag()
		}
	case "Nm":
		if r.section == "SYNOPSIS" && len(r.words) > 0 {
			r.flush()
		}
		r.inline(append([]arg{{name, false}}, args...))
	case "Nd":
		r.inline([]arg{{name, false}})
		r.text(joined(args))
	default:
		if kindOf(name) == notMacro {
			r.unknown = append(r.unknown, name)
			r.text(line[1:])
			return
		}
		r.inline(append([]arg{{name, false}}, args...))
		if r.literal {
			r.raw(r.takeWords())
		}
	}
}

func (r *renderer) beginList(args []arg) {
	r.flush()
	l := list{kind: "-item", outer: r.indent}
	step := 8
	for i := 0; i < len(args); i++ {
		switch a := args[i].text; a {
		case "-tag", "-bullet", "-enum", "-dash", "-hyphen", "-item", "-hang", "-ohang":
			l.kind = a
			if a == "-bullet" || a == "-enum" || a == "-dash" || a == "-hyphen" {
				step = 4
			}
		case "-column":
			l.kind = a
		case "-compact":
			l.compact = true
		case "-offset":
			l.outer += measure(args, i+1)
			i++
		case "-width":
			if w := measure(args, i+1); w > 0 {
				step = min(w+2, 24)
			}
			i++
		default:
			if l.kind == "-column" {
				l.columns = append(l.columns, utf8.RuneCountInString(args[i].text)+2)
			}
		}
	}
	if l.kind == "-item" || l.kind == "-column" || l.kind == "-ohang" {
		step = 0
	}
	l.inner = l.outer + step
	r.lists = append(r.lists, l)
	r.indent = l.inner
	if !l.compact {
		r.gap()
	}
}

func (r *renderer) item(args []arg) {
	if len(r.lists) == 0 {
		return
	}
	r.flush()
	l := &r.lists[len(r.lists)-1]
	l.count++
	if l.count > 1 && !l.compact && l.kind != "-column" {
		r.gap()
	}
	r.indent = l.inner
	r.tag, r.into = nil, &r.tag
	switch l.kind {
	case "-column":
		r.into = &r.words
		r.row(l, args)
		return
	case "-bullet":
		r.add("o", false)
	case "-dash", "-hyphen":
		r.add("-", false)
	case "-enum":
		r.add(strconv.Itoa(l.count)+".", false)
	default:
		for i, a := range args {
			if a.kind() == ownMeaning && a.text == "Xo" {
				r.inline(args[:i])
				r.inTag = true
				r.inline(args[i+1:])
				return
			}
		}
		r.inline(args)
	}
	r.endTag()
}

func (r *renderer) endTag() {
	r.into, r.inTag, r.glueNext = &r.words, false, false
	r.pendTag = len(r.tag) > 0
}

// row writes one line of a -column list.
func (r *renderer) row(l *list, args []arg) {
	var line strings.Builder
	for col := 0; ; col++ {
		end := 0
		for end < len(args) && (args[end].quoted || args[end].text != "Ta") {
			end++
		}
		r.inline(args[:end])
		cell := r.takeWords()
		line.WriteString(cell)
		if end == len(args) {
			break
		}
		args = args[end+1:]
		pad := 2
		if col < len(l.columns) {
			pad = max(1, l.columns[col]-utf8.RuneCountInString(cell))
		}
		line.WriteString(strings.Repeat(" ", pad))
	}
	r.raw0(l.outer, line.String())
}

// measure reads a width: a number with n, "indent", "Ds", or the text to be as wide as.
func measure(args []arg, i int) int {
	if i >= len(args) {
		return 0
	}
	switch s := args[i].text; {
	case s == "indent" || s == "Ds":
		return 6
	case strings.HasSuffix(s, "n"):
		if n, err := strconv.Atoi(strings.TrimSuffix(s, "n")); err == nil {
			return n
		}
		return len(s)
	default:
		return utf8.RuneCountInString(strings.TrimPrefix(unescape(s), "-"))
	}
}

func joined(args []arg) string {
	var s []string
	for _, a := range args {
		s = append(s, a.text)
	}
	return unescape(strings.Join(s, " "))
}

func (r *renderer) paragraph() {
	r.flush()
	r.gap()
}

// gap writes one empty line, unless there is one already.
func (r *renderer) gap() {
	if !r.blank {
		r.w.WriteByte('\n')
		r.blank = true
	}
}

func (r *renderer) raw(s string) {
	r.display = append(r.display, s)
	r.raw0(r.indent, s)
}

func (r *renderer) raw0(indent int, s string) {
	if s == "" {
		r.w.WriteByte('\n')
		r.blank = true
		return
	}
	r.w.WriteString(strings.Repeat(" ", indent) + s + "\n")
	r.blank = false
}

// takeWords empties the text and gives it as one line.
func (r *renderer) takeWords() string {
	s := join(r.words)
	r.words, r.glueNext = nil, false
	return s
}

func join(words []word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && !w.glue {
			b.WriteByte(' ')
		}
		b.WriteString(w.text)
	}
	return b.String()
}

// flush writes the collected text, wrapped, with the waiting tag in front.
func (r *renderer) flush() {
	if r.pendTag {
		r.pendTag = false
		tag := join(r.tag)
		l := r.lists[len(r.lists)-1]
		room := l.inner - l.outer
		if n := utf8.RuneCountInString(tag); n+1 < room && len(r.words) > 0 {
			r.fill(strings.Repeat(" ", l.outer)+tag+strings.Repeat(" ", room-n), l.inner)
			return
		}
		r.raw0(l.outer, tag)
	}
	if len(r.words) > 0 {
		hang := r.indent
		if r.section == "SYNOPSIS" {
			hang += 6
		}
		r.fill(strings.Repeat(" ", r.indent), hang)
	}
}

func (r *renderer) fill(first string, indent int) {
	line, empty := first, true
	words := r.words
	r.words, r.glueNext = nil, false
	for len(words) > 0 {
		n := 1
		for n < len(words) && words[n].glue {
			n++
		}
		piece := join(words[:n])
		words = words[n:]
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(piece) > width {
			r.w.WriteString(line + "\n")
			line, empty = strings.Repeat(" ", indent), true
		}
		if !empty {
			line += " "
		}
		line, empty = line+piece, false
	}
	r.w.WriteString(line + "\n")
	r.blank = false
}
