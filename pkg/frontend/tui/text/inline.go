package text

import (
	"cmp"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"
)

// inline draws what stands in a paragraph: lines of spans, one for each line of the source.
func (d *drawer) inline(n ast.Node, style Style) []Line {
	w := inliner{drawer: d, lines: []Line{nil}, html: markup{t: d.t}}
	w.all(n, style, "")
	for i, l := range w.lines {
		w.lines[i] = linked(l)
	}
	return w.lines
}

// refused is the link of an address that is no link for a terminal, until linked.
const refused = "-"

// linked joins spans that look the same and makes links of the addresses in them.
func linked(l Line) Line {
	out := make(Line, 0, len(l))
	for i := 0; i < len(l); i++ {
		s := l[i]
		for i+1 < len(l) && l[i+1].Style == s.Style && l[i+1].Link == s.Link {
			s.Text += l[i+1].Text
			i++
		}
		if s.Link == refused {
			s.Link = ""
			out = append(out, s)
			continue
		}
		for s.Link == "" {
			from, to := address(s.Text)
			if to == 0 {
				break
			}
			if from > 0 {
				out = append(out, Span{s.Text[:from], s.Style, ""})
			}
			out = append(out, Span{s.Text[from:to], s.Style, linkTarget(s.Text[from:to])})
			s.Text = s.Text[to:]
		}
		if s.Text != "" {
			out = append(out, s)
		}
	}
	return out
}

type inliner struct {
	*drawer
	lines []Line
	html  markup
}

func (w *inliner) all(parent ast.Node, style Style, link string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.one(n, style, link)
	}
}

func (w *inliner) one(n ast.Node, style Style, link string) {
	switch n := n.(type) {
	case *ast.Text:
		w.add(resolve(n.Value(w.src)), style, link)
		if n.SoftLineBreak() || n.HardLineBreak() {
			w.lines = append(w.lines, nil)
		}
	case *ast.String:
		w.add(string(n.Value), style, link)
	case *ast.CodeSpan:
		var b strings.Builder
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			if t, ok := c.(*ast.Text); ok {
				b.Write(t.Value(w.src))
			}
		}
		w.add(strings.ReplaceAll(b.String(), "\n", " "), style.With(w.t.Code), link)
	case *ast.Emphasis:
		attr := Italic
		if n.Level == 2 {
			attr = Bold
		}
		w.all(n, style.With(Style{Attr: attr}), link)
	case *extast.Strikethrough:
		w.all(n, style.With(Style{Attr: Strike}), link)
	case *ast.Link:
		w.link(n, string(n.Destination), style)
	case *ast.Image:
		w.link(n, string(n.Destination), style)
	case *ast.AutoLink:
		label := string(n.Label(w.src))
		target := cmp.Or(linkTarget(string(n.URL(w.src))), refused)
		w.add(label, style.With(w.t.Link), target)
	case *ast.RawHTML:
		w.rawHTML(n, style, link)
	default:
		w.all(n, style, link)
	}
}

// rawHTML does what a tag does that is known and, where it opens something, is closed in the
// same text; others are text.
func (w *inliner) rawHTML(n *ast.RawHTML, style Style, link string) {
	var b strings.Builder
	stop := 0
	for i := range n.Segments.Len() {
		at := n.Segments.At(i)
		b.Write(at.Value(w.src))
		stop = at.Stop
	}
	raw := b.String()
	t, size := parseTag(raw)
	_, styled := w.html.styled(t.name)
	switch {
	case size != len(raw):
	case t.name == "!--":
		w.add(raw, style.With(w.t.Dim), link)
		return
	case t.name == "br":
		w.lines = append(w.lines, nil)
		return
	case t.name == "img" && t.attrs["src"] != "":
		label := cmp.Or(t.attrs["alt"], "image")
		target := cmp.Or(linkTarget(t.attrs["src"]), refused)
		w.add(label+" (", style, "")
		w.add(t.attrs["src"], style.With(w.t.Link), target)
		w.add(")", style, "")
		return
	case silent(t.name) && (t.end || strings.Contains(strings.ToLower(string(w.src[stop:])), "</"+t.name)) || t.name == "wbr":
		return
	case styled && !t.end && strings.Contains(strings.ToLower(string(w.src[stop:])), "</"+t.name):
		w.html.begin(t)
		return
	case styled && t.end:
		if address, ok := w.html.end(t.name); ok {
			if last := w.lines[len(w.lines)-1]; address != "" && !strings.HasSuffix(last.String(), address) {
				w.add(" (", style, "")
				w.add(address, style.With(w.t.Link), address)
				w.add(")", style, "")
			}
			return
		}
	}
	w.add(raw, style, link)
}

// link draws a link: its label and the address, both to be seen. One that leads to a file
// is drawn as the file's name and line.
func (w *inliner) link(n ast.Node, address string, style Style) {
	address = resolve([]byte(address))
	if file, ok := localFile(address, w.t.Dir); ok {
		w.add(file, style.With(w.t.Code), "")
		return
	}
	target := cmp.Or(linkTarget(address), refused)
	before := len(w.lines)
	at := len(w.lines[before-1])
	w.all(n, style, target)
	if before == len(w.lines) && w.lines[before-1][at:].String() == CleanLine(address) {
		for i := range w.lines[before-1][at:] {
			w.lines[before-1][at+i].Style = style.With(w.t.Link)
		}
		return
	}
	w.add(" (", style, "")
	w.add(address, style.With(w.t.Link), target)
	w.add(")", style, "")
}

// add puts text at the end of the last line, made harmless.
func (w *inliner) add(s string, style Style, link string) {
	style, link = w.html.style(style, link)
	last := &w.lines[len(w.lines)-1]
	if s = CleanLine(s); s != "" {
		*last = append(*last, Span{s, style, link})
	}
}

// address is where the first web address in s stands; to is 0 when there is none.
func address(s string) (from, to int) {
	for from = 0; ; from += len("http") {
		n := strings.Index(s[from:], "http")
		if n < 0 {
			return 0, 0
		}
		from += n
		rest := s[from:]
		if strings.HasPrefix(rest, "http://") || strings.HasPrefix(rest, "https://") {
			break
		}
	}
	to = from
	for to < len(s) && s[to] > ' ' && s[to] < 0x7f && !strings.ContainsRune("<>\"`|\\^{}", rune(s[to])) {
		to++
	}
	for to > from && strings.ContainsRune(".,;:!?'*_", rune(s[to-1])) {
		to--
	}
	if s[to-1] == ')' && strings.Count(s[from:to], "(") < strings.Count(s[from:to], ")") {
		to--
	}
	return from, to
}

// linkTarget is an address that a terminal may open on a click: of the web or for mail,
// printable, not too long. Others are empty.
func linkTarget(address string) string {
	const longest = 2000
	if len(address) > longest || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	for _, scheme := range []string{"http://", "https://", "mailto:"} {
		if strings.HasPrefix(strings.ToLower(address), scheme) {
			return address
		}
	}
	return ""
}

// localFile is the name and line of a file that a link leads to, below dir without it.
func localFile(address, dir string) (string, bool) {
	address = strings.TrimPrefix(address, "file://")
	if address == "" || address[0] == '#' || strings.Contains(address, "://") || strings.HasPrefix(address, "mailto:") {
		return "", false
	}
	file, line, _ := strings.Cut(address, "#")
	if line, ok := strings.CutPrefix(line, "L"); ok {
		line, column, two := strings.Cut(line, "C")
		file += ":" + line
		if two {
			file += ":" + column
		}
	}
	if !strings.ContainsAny(file, "/.") {
		return "", false
	}
	if dir != "" {
		file = strings.TrimPrefix(file, strings.TrimSuffix(dir, "/")+"/")
	}
	return file, true
}

// resolve takes the backslashes of escapes out and puts characters for entities.
func resolve(src []byte) string {
	if !strings.ContainsAny(string(src), `\&`) {
		return string(src)
	}
	var b strings.Builder
	for i := 0; i < len(src); {
		switch end := strings.IndexByte(string(src[i:min(len(src), i+40)]), ';'); {
		case src[i] == '\\' && i+1 < len(src) && util.IsPunct(src[i+1]):
			b.WriteByte(src[i+1])
			i += 2
		case src[i] == '&' && end > 0:
			b.Write(util.ResolveEntityNames(util.ResolveNumericReferences(src[i : i+end+1])))
			i += end + 1
		default:
			b.WriteByte(src[i])
			i++
		}
	}
	return b.String()
}
