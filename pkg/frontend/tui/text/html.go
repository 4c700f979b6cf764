package text

import (
	"cmp"
	"strings"
)

// tag is a tag of HTML in markdown, or a comment, whose name is "!--".
type tag struct {
	name  string
	end   bool
	attrs map[string]string
}

// maxTag bounds a tag; what is longer is text.
const maxTag = 8 << 10

// parseTag reads the tag that s begins with, and says how long it is; 0 when there is none.
func parseTag(s string) (t tag, n int) {
	if strings.HasPrefix(s, "<!--") {
		if i := strings.Index(s[4:], "-->"); i >= 0 {
			return tag{name: "!--"}, i + 7
		}
		return t, 0
	}
	p := tagParser{s: s[:min(len(s), maxTag)], at: 1}
	if p.peek() == '/' {
		t.end = true
		p.at++
	}
	t.name = strings.ToLower(p.word("/>"))
	if t.name == "" || t.name[0] < 'a' || t.name[0] > 'z' {
		return t, 0
	}
	for {
		p.blanks()
		switch p.peek() {
		case 0:
			return t, 0
		case '>':
			return t, p.at + 1
		case '/':
			p.at++
		default:
			p.attribute(&t)
		}
	}
}

type tagParser struct {
	s  string
	at int
}

// peek is the next byte, 0 at the end.
func (p *tagParser) peek() byte {
	if p.at < len(p.s) {
		return p.s[p.at]
	}
	return 0
}

func (p *tagParser) blanks() {
	for p.at < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.at]) >= 0 {
		p.at++
	}
}

// word is what stands before a blank or one of the bytes that end it.
func (p *tagParser) word(ends string) string {
	from := p.at
	for p.at < len(p.s) && strings.IndexByte(" \t\r\n"+ends, p.s[p.at]) < 0 {
		p.at++
	}
	return p.s[from:p.at]
}

// attribute reads one; it always takes something.
func (p *tagParser) attribute(t *tag) {
	from := p.at
	name := strings.ToLower(p.word("=/>"))
	p.blanks()
	value := ""
	if p.peek() == '=' {
		p.at++
		p.blanks()
		if q := p.peek(); q == '"' || q == '\'' {
			p.at++
			i := strings.IndexByte(p.s[p.at:], q)
			if i < 0 {
				p.at = len(p.s)
				return
			}
			value = p.s[p.at : p.at+i]
			p.at += i + 1
		} else {
			value = p.word(">")
		}
	}
	if p.at == from {
		p.at++
	}
	if t.attrs == nil {
		t.attrs = map[string]string{}
	}
	t.attrs[name] = resolve([]byte(value))
}

// markup is the HTML of markdown as it goes: what is open, and where a link leads.
type markup struct {
	t    *Theme
	open []openTag
}

type openTag struct {
	name, href string
	style      Style
}

// style is what the open tags make of a style, and the link that is open.
func (m *markup) style(s Style, link string) (Style, string) {
	for _, o := range m.open {
		s = s.With(o.style)
		link = cmp.Or(o.href, link)
	}
	return s, link
}

// styled says which tags are a style here.
func (m *markup) styled(name string) (Style, bool) {
	switch name {
	case "b", "strong", "summary", "th", "h1", "h2", "h3", "h4", "h5", "h6", "dt":
		return Style{Attr: Bold}, true
	case "i", "em", "cite", "var":
		return Style{Attr: Italic}, true
	case "u", "ins":
		return Style{Attr: Underline}, true
	case "s", "del", "strike":
		return Style{Attr: Strike}, true
	case "code", "kbd", "samp", "tt":
		return m.t.Code, true
	case "a":
		return Style{}, true
	}
	return Style{}, false
}

// begin opens a tag.
func (m *markup) begin(t tag) {
	style, ok := m.styled(t.name)
	if !ok {
		return
	}
	o := openTag{name: t.name, style: style}
	if t.name == "a" {
		if o.href = linkTarget(t.attrs["href"]); o.href == "" {
			o.href = refused
		}
	}
	m.open = append(m.open, o)
}

// end closes the last tag of a name; address is where it led, to be shown behind it.
func (m *markup) end(name string) (address string, ok bool) {
	for i := len(m.open) - 1; i >= 0; i-- {
		if o := m.open[i]; o.name == name {
			m.open = append(m.open[:i], m.open[i+1:]...)
			if o.href != refused {
				address = o.href
			}
			return address, true
		}
	}
	return "", false
}

// silent are tags that change nothing that a terminal shows.
func silent(name string) bool {
	switch name {
	case "span", "font", "small", "big", "center", "p", "div", "wbr", "abbr", "picture", "source":
		return true
	}
	return false
}

// breaks says which tags stand on lines of their own.
func breaks(name string) bool {
	switch name {
	case "p", "div", "center", "details", "summary", "table", "thead", "tbody", "tfoot", "tr", "caption", "ul", "ol", "li", "dl", "dt", "dd",
		"h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "header", "footer", "main", "nav", "aside", "blockquote", "figure", "figcaption", "br", "hr", "pre":
		return true
	}
	return false
}
