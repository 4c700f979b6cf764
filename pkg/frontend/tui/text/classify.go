package text

import "bytes"

// indentation is the columns of blanks that a line begins with, and the rest of it.
func indentation(l []byte) (columns int, rest []byte) {
	for i, c := range l {
		switch c {
		case ' ':
			columns++
		case '\t':
			columns += 4 - columns%4
		default:
			return columns, l[i:]
		}
	}
	return columns, nil
}

// starts is the kind of block that a line begins, blockNone for a blank line. Within a
// paragraph fewer things begin. at is where the text of an item begins.
func starts(l []byte, paragraph bool) (kind blockKind, at int) {
	indent, rest := indentation(l)
	switch {
	case len(rest) == 0:
		return blockNone, 0
	case indent >= 4:
		return blockIndented, 0
	case heading(rest):
		return blockHeading, 0
	case openFence(l).mark != 0:
		return blockFence, 0
	case rule(rest):
		return blockRule, 0
	case rest[0] == '>':
		return blockQuote, 0
	case htmlEnd(l) != "":
		return blockHTML, 0
	}
	if n := marker(rest, paragraph); n > 0 {
		return blockItem, indent + n
	}
	if !paragraph && definition(rest) {
		return blockDefinition, 0
	}
	return blockParagraph, 0
}

// htmlEnd is what ends the HTML that a line begins, when that goes on over blank lines.
func htmlEnd(l []byte) string {
	_, rest := indentation(l)
	if len(rest) == 0 || rest[0] != '<' {
		return ""
	}
	if bytes.HasPrefix(rest, []byte("<!--")) {
		return "-->"
	}
	for _, name := range []string{"pre", "script", "style", "textarea"} {
		if n := len(name) + 1; len(rest) >= n && bytes.EqualFold(rest[1:n], []byte(name)) && (len(rest) == n || bytes.IndexByte([]byte(" \t>"), rest[n]) >= 0) {
			return "</" + name + ">"
		}
	}
	return ""
}

func heading(l []byte) bool {
	n := 0
	for n < len(l) && l[n] == '#' {
		n++
	}
	return n >= 1 && n <= 6 && (n == len(l) || l[n] == ' ' || l[n] == '\t')
}

// openFence is the fence that a line opens.
func openFence(l []byte) fence {
	indent, rest := indentation(l)
	if indent >= 4 || len(rest) < 3 || rest[0] != '`' && rest[0] != '~' {
		return fence{}
	}
	n := 0
	for n < len(rest) && rest[n] == rest[0] {
		n++
	}
	if n < 3 || rest[0] == '`' && bytes.IndexByte(rest[n:], '`') >= 0 {
		return fence{}
	}
	return fence{rest[0], n, indent}
}

// rule says whether a line is a thematic break.
func rule(l []byte) bool {
	n := 0
	for _, c := range l {
		switch {
		case c == l[0] && (c == '-' || c == '_' || c == '*'):
			n++
		case c != ' ' && c != '\t':
			return false
		}
	}
	return n >= 3
}

// marker is how many columns the marker of a list takes, blanks behind it counted; 0 for
// none.
func marker(l []byte, paragraph bool) int {
	n := 0
	for n < len(l) && n < 9 && l[n] >= '0' && l[n] <= '9' {
		n++
	}
	switch {
	case n == 0 && (l[0] == '-' || l[0] == '+' || l[0] == '*'):
	case n > 0 && n < len(l) && (l[n] == '.' || l[n] == ')'):
		if paragraph && string(l[:n]) != "1" {
			return 0
		}
	default:
		return 0
	}
	n++
	if n == len(l) {
		if paragraph {
			return 0
		}
		return n + 1
	}
	if l[n] != ' ' && l[n] != '\t' {
		return 0
	}
	gap, rest := indentation(l[n:])
	switch {
	case len(rest) == 0 && paragraph:
		return 0
	case len(rest) == 0 || gap > 4:
		gap = 1
	}
	return n + gap
}

// definition says whether a line defines the address of a reference: [word]: address. A
// footnote does not.
func definition(l []byte) bool {
	end := bytes.Index(l, []byte("]:"))
	if l[0] != '[' || end < 2 || l[1] == '^' || bytes.ContainsAny(l[1:end], "[]") {
		return false
	}
	address, title, _ := bytes.Cut(bytes.TrimSpace(l[end+2:]), []byte(" "))
	title = bytes.TrimSpace(title)
	return len(address) > 0 && (len(title) == 0 || bytes.IndexByte([]byte(`"'(`), title[0]) >= 0)
}

// underline says whether a line makes a heading of the paragraph above it.
func underline(l []byte) bool {
	indent, rest := indentation(l)
	rest = bytes.TrimRight(rest, " \t")
	return indent < 4 && len(rest) > 0 && (rest[0] == '=' || rest[0] == '-') && len(bytes.Trim(rest, string(rest[:1]))) == 0
}

// delimiterRow says whether a line is the second of a table.
func delimiterRow(l []byte) bool {
	_, rest := indentation(l)
	return bytes.IndexByte(rest, '-') >= 0 && len(bytes.Trim(rest, "-|: \t")) == 0
}
