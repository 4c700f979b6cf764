package text

import (
	"strconv"
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	gmtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// mostReferences is how many addresses of references are remembered.
const mostReferences = 256

// renderer draws blocks of markdown.
type renderer struct {
	t      *Theme
	width  int
	budget int  // of code that may still be coloured
	frozen bool // what is drawn is not final: nothing is remembered
	refs   []parser.Reference
}

// markdown is the parser of one block. It knows no definitions of references, which would
// vanish from the text: the splitter takes them out, and they stay to be read.
var markdown = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(), util.Prioritized(extension.NewStrikethroughParser(), 500))...),
		parser.WithParagraphTransformers(util.Prioritized(extension.NewTableParagraphTransformer(), 200)),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
})

// block draws a block, without the blank line before it.
func (r *renderer) block(b block) []Line {
	switch b.kind {
	case blockFence:
		if len(b.src) == 0 {
			return nil
		}
		return r.code(b.info, Clean(string(b.src)), r.width)
	case blockDefinition:
		return r.definition(string(b.src))
	case blockHTML:
		return r.htmlLines(strings.Split(string(b.src), "\n"), r.width)
	}
	ctx := parser.NewContext()
	for _, ref := range r.refs {
		ctx.AddReference(ref)
	}
	d := drawer{renderer: r, src: b.src, number: b.number}
	return d.children(markdown().Parse(gmtext.NewReader(b.src), parser.WithContext(ctx)), r.width)
}

// code draws lines of code, which are cut where the line ends and never wrapped by words.
func (r *renderer) code(language string, clean []string, width int) []Line {
	size := 0
	for _, l := range clean {
		size += len(l) + 1
	}
	if size > r.budget {
		return chop(plainLines(clean), width)
	}
	if !r.frozen {
		r.budget -= size
	}
	return chop(r.t.highlight(lexerFor(language), clean), width)
}

// chop cuts lines at width columns.
func chop(lines []Line, width int) []Line {
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		w := wrapper{width: width, out: out}
		if l.short(width) {
			w.line = l
		} else {
			for _, s := range l {
				w.put(s)
			}
		}
		out = append(w.out, w.line)
	}
	return out
}

// htmlLines draws a block of HTML.
func (r *renderer) htmlLines(src []string, width int) []Line {
	if lines, ok := r.t.html(strings.Join(src, "\n")); ok {
		return Wrap(lines, width)
	}
	return Wrap(plainLines(Clean(strings.Join(src, "\n"))), width)
}

// definition draws the definition of a reference and remembers it for links that follow.
func (r *renderer) definition(src string) []Line {
	label, address, title := r.remember(src)
	line := Line{{Text: CleanLine("[" + label + "]: "), Style: r.t.Dim}, {Text: CleanLine(address), Style: r.t.Link, Link: linkTarget(address)}}
	if title != "" {
		line = append(line, Span{Text: CleanLine(" " + title), Style: r.t.Dim})
	}
	return Wrap([]Line{line}, r.width)
}

// remember takes note of the definition of a reference.
func (r *renderer) remember(src string) (label, address, title string) {
	label, rest, _ := strings.Cut(strings.TrimSpace(src)[1:], "]:")
	address, title, _ = strings.Cut(strings.TrimSpace(rest), " ")
	address = strings.Trim(address, "<>")
	if !r.frozen && len(r.refs) < mostReferences {
		r.refs = append(r.refs[:len(r.refs):len(r.refs)], parser.NewReference([]byte(label), []byte(address), []byte(title)))
	}
	return label, address, title
}

// drawer draws what goldmark made of one block.
type drawer struct {
	*renderer
	src    []byte
	number int
	depth  int // of lists
}

// children draws blocks with blank lines between them.
func (d *drawer) children(parent ast.Node, width int) []Line {
	var out []Line
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		lines := d.node(n, width)
		if n.PreviousSibling() != nil && len(out) > 0 {
			out = append(out, nil)
		}
		out = append(out, lines...)
	}
	return out
}

func (d *drawer) node(n ast.Node, width int) []Line {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		return Wrap(d.inline(n, Style{}), width)
	case *ast.Heading:
		style := d.t.Heading[max(1, min(6, n.Level))-1]
		first := Of(strings.Repeat("#", n.Level)+" ", style)
		return Hanging(d.inline(n, style), width, first, Of(strings.Repeat(" ", n.Level+1), Style{}))
	case *ast.ThematicBreak:
		return Wrap([]Line{Of("———", Style{})}, width)
	case *ast.Blockquote:
		return d.quote(n, width)
	case *ast.List:
		return d.list(n, width)
	case *ast.FencedCodeBlock:
		return d.code(string(n.Language(d.src)), d.lines(n), width)
	case *ast.CodeBlock:
		return Hanging(plainLines(d.lines(n)), width, Of("    ", Style{}), Of("    ", Style{}))
	case *extast.Table:
		return d.table(n, width)
	case *ast.HTMLBlock:
		lines := d.lines(n)
		if n.HasClosure() {
			lines = append(lines, Clean(string(n.ClosureLine.Value(d.src)))...)
		}
		return d.htmlLines(lines, width)
	}
	return Wrap(d.inline(n, Style{}), width)
}

// lines are the source lines of a block of code.
func (d *drawer) lines(n ast.Node) []string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		at := n.Lines().At(i)
		b.Write(at.Value(d.src))
	}
	if b.Len() == 0 {
		return nil
	}
	return Clean(b.String())
}

// quote draws a quotation: a sign before each of its lines.
func (d *drawer) quote(n ast.Node, width int) []Line {
	sign := Of("> ", d.t.Quote)
	room := width - 2
	if room < 2 {
		sign, room = nil, width
	}
	lines := d.children(n, room)
	for i, l := range lines {
		lines[i] = l.Restyled(d.t.Quote)
	}
	return Prefixed(lines, sign, sign)
}

// list draws a list. Lists in lists begin four columns further right.
func (d *drawer) list(n *ast.List, width int) []Line {
	number := n.Start
	if d.depth == 0 && d.number >= 0 {
		number = d.number
	}
	d.depth++
	defer func() { d.depth-- }()
	var out []Line
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := Of("- ", Style{})
		if n.IsOrdered() {
			mark = Of(strconv.Itoa(number)+string(n.Marker)+" ", d.t.Marker)
			number++
		}
		if len(out) > 0 && !n.IsTight {
			out = append(out, nil)
		}
		out = append(out, d.item(item, width, mark)...)
	}
	return out
}

// item draws one item: its text behind the marker, lists in it below.
func (d *drawer) item(item ast.Node, width int, mark Line) []Line {
	const nested = 4
	indent := mark.Width()
	var out []Line
	first := mark
	for n := item.FirstChild(); n != nil; n = n.NextSibling() {
		in := indent
		if _, ok := n.(*ast.List); ok && len(out) > 0 {
			in = nested
		}
		if room := width - in; room < 4 { // too narrow to indent
			in = 0
		}
		rest := Of(strings.Repeat(" ", in), Style{})
		lines := d.node(n, max(1, width-in))
		if first != nil && in > 0 {
			lines = Prefixed(lines, first, rest)
		} else if first != nil {
			lines = append(Wrap([]Line{first}, width), lines...)
		} else {
			lines = Prefixed(lines, rest, rest)
		}
		if _, tight := n.(*ast.TextBlock); n.PreviousSibling() != nil && !tight && n.HasBlankPreviousLines() {
			out = append(out, nil)
		}
		out, first = append(out, lines...), nil
	}
	if first != nil {
		out = Wrap([]Line{first}, width)
	}
	return out
}

// Hanging wraps lines with first before the first of all rows and rest before the others.
func Hanging(lines []Line, width int, first, rest Line) []Line {
	if room := width - max(first.Width(), rest.Width()); room >= 2 { // a wide character has two
		return Prefixed(Wrap(lines, room), first, rest)
	}
	return Wrap(lines, width)
}
