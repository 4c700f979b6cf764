package text

import (
	"cmp"
	"strings"
)

// html draws a block of HTML as the text that it is; ok is false when it has tags that are
// not known here, which are then to be read as they are.
func (t *Theme) html(src string) (lines []Line, ok bool) {
	b := htmlBlock{markup: markup{t: t}}
	for src != "" {
		n := strings.IndexByte(src, '<')
		if n != 0 {
			if n < 0 {
				n = len(src)
			}
			b.text(src[:n])
			src = src[n:]
			continue
		}
		tg, size := parseTag(src)
		if size == 0 {
			return nil, false
		}
		if !b.tag(tg, src[:size]) {
			return nil, false
		}
		src = src[size:]
	}
	b.flush()
	return b.lines, true
}

// htmlBlock are the lines of a block so far.
type htmlBlock struct {
	markup
	lines []Line
	line  Line
	pre   bool
}

// flush ends the line, if something is on it.
func (b *htmlBlock) flush() {
	if strings.TrimSpace(b.line.String()) != "" {
		b.lines = append(b.lines, linked(b.line))
	}
	b.line = nil
}

// text adds text: blanks count once, but for what is laid out already.
func (b *htmlBlock) text(s string) {
	if b.pre {
		for i, l := range strings.Split(strings.TrimPrefix(s, "\n"), "\n") {
			if i > 0 {
				b.lines = append(b.lines, b.line)
				b.line = nil
			}
			b.add(resolve([]byte(strings.TrimRight(l, "\r"))))
		}
		return
	}
	words := strings.Join(strings.Fields(s), " ")
	if len(b.line) > 0 && strings.HasPrefix(s, " ") || len(b.line) > 0 && strings.HasPrefix(s, "\n") {
		words = " " + words
	}
	if words != "" && words != " " && strings.TrimRight(s, " \t\r\n") != s {
		words += " "
	}
	b.add(resolve([]byte(words)))
}

func (b *htmlBlock) add(s string) {
	style, link := b.style(Style{}, "")
	if s = CleanLine(s); s != "" {
		b.line = append(b.line, Span{s, style, link})
	}
}

// tag does what a tag does; false when it is not known.
func (b *htmlBlock) tag(t tag, raw string) bool {
	switch _, styled := b.styled(t.name); {
	case t.name == "!--":
		b.flush()
		for _, l := range Clean(raw) {
			b.lines = append(b.lines, Of(l, b.t.Dim))
		}
		return true
	case t.name == "img":
		b.image(t)
		return true
	case !styled && !silent(t.name) && !breaks(t.name) && t.name != "td":
		return false
	case breaks(t.name):
		b.flush()
	}
	switch t.name {
	case "hr":
		b.lines = append(b.lines, Of("———", Style{}))
	case "pre":
		b.pre = !t.end
	case "li":
		if !t.end {
			b.add("- ")
		}
	case "td", "th":
		if !t.end && len(b.line) > 0 {
			b.add(" │ ")
		}
	}
	if !t.end {
		b.begin(t)
		return true
	}
	if address, ok := b.end(t.name); ok && address != "" && !strings.HasSuffix(b.line.String(), address) {
		b.line = append(b.line, Span{" (", Style{}, ""}, Span{CleanLine(address), b.t.Link, address}, Span{")", Style{}, ""})
	}
	return true
}

// image shows what an image is of, and where it is.
func (b *htmlBlock) image(t tag) {
	label := cmp.Or(t.attrs["alt"], "image")
	b.add(label)
	if src := CleanLine(t.attrs["src"]); src != "" {
		b.line = append(b.line, Span{" (", Style{}, ""}, Span{src, b.t.Link, linkTarget(src)}, Span{")", Style{}, ""})
	}
}
