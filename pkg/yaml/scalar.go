package yaml

import "strings"

// scalar reads a value that begins with text, at a column of the line before the current
// one, and goes on in lines that are indented to least.
func (r *reader) scalar(text string, column, least int) any {
	switch c := text[0]; {
	case c == '|' || c == '>':
		return r.blockScalar(text, column, least)
	case strings.IndexByte(`"'[{`, c) >= 0:
		return r.flowValue(text, column, least)
	case strings.IndexByte("&*!%@`", c) >= 0, (c == '?' || c == '-') && alone(text):
		r.failBefore(column, unread(text[:1]))
	}
	return r.plain(text, least)
}

func unread(mark string) string { return "`" + mark + "` is not read here" }

// plain reads a scalar without quotes. A colon and a space in its first line belong to
// it: other agents take the rest of the line, and people write descriptions so.
func (r *reader) plain(text string, least int) any {
	var b strings.Builder
	first, ended := uncomment(text)
	b.WriteString(first)
	breaks := 0
	for ; r.at < len(r.lines) && !ended; r.at++ {
		l := r.cur()
		if strings.TrimSpace(l.text) == "" {
			breaks++
			continue
		}
		if l.indent < least || l.text[0] == '#' || least == 0 && l.indent == 0 && (l.text == "..." || l.text == "---") {
			break
		}
		var more string
		if more, ended = uncomment(strings.TrimLeft(l.text, "\t ")); strings.HasPrefix(more, "#") {
			break
		}
		if strings.Contains(more, ": ") || strings.HasSuffix(more, ":") {
			r.fail(l.indent, "mapping values are not allowed in this context")
		}
		fold(&b, breaks)
		breaks = 0
		b.WriteString(more)
	}
	return orNull(b.String())
}

// orNull is a plain scalar, nil where it is none.
func orNull(s string) any {
	switch s {
	case "~", "null", "Null", "NULL", "":
		return nil
	}
	return s
}

// uncomment takes the comment off a line of a plain scalar.
func uncomment(s string) (text string, was bool) {
	for i := range len(s) {
		if s[i] == '#' && i > 0 && (s[i-1] == ' ' || s[i-1] == '\t') {
			s, was = s[:i], true
			break
		}
	}
	return strings.TrimRight(s, " \t"), was
}

// fold writes what the end of a line and the blank lines after it are in a folded text.
func fold(b *strings.Builder, breaks int) {
	if breaks == 0 {
		b.WriteByte(' ')
		return
	}
	for range breaks {
		b.WriteByte('\n')
	}
}

// blockScalar reads the lines below `|` or `>`.
func (r *reader) blockScalar(head string, column, least int) string {
	style, chomp, indent := head[0], byte(0), 0
	mark, _ := uncomment(head[1:])
	for _, c := range []byte(mark) {
		switch {
		case (c == '-' || c == '+') && chomp == 0:
			chomp = c
		case c >= '1' && c <= '9' && indent == 0:
			indent = max(least-1, 0) + int(c-'0')
		default:
			r.failBefore(column, "the head of a block scalar has something else")
		}
	}
	var lines []string
	for ; r.at < len(r.lines); r.at++ {
		l := r.cur()
		if l.text == "" && (indent == 0 || l.indent <= indent) {
			lines = append(lines, "")
			continue
		}
		if indent == 0 {
			indent = max(l.indent, least)
		}
		if l.indent < indent {
			if l.text[0] == '\t' {
				r.fail(l.indent, "a tab can't indent")
			}
			break
		}
		lines = append(lines, strings.Repeat(" ", l.indent-indent)+l.text)
	}
	text := strings.Join(append(lines, ""), "\n")
	if style == '>' {
		text = folded(lines)
	}
	if r.open && r.at == len(r.lines) && len(lines) > 0 && lines[len(lines)-1] != "" {
		text = strings.TrimSuffix(text, "\n")
	}
	return chomped(text, chomp)
}

// folded joins lines as `>` does: a line break is a space, blank lines are breaks, and
// lines that are indented further stay as they are.
func folded(lines []string) string {
	var b strings.Builder
	apart, blank, begun := false, 0, false // the line before stands apart
	for _, l := range lines {
		if l == "" {
			blank++
			continue
		}
		own := l[0] == ' ' || l[0] == '\t'
		switch {
		case !begun:
			b.WriteString(strings.Repeat("\n", blank))
		case apart || own:
			b.WriteString(strings.Repeat("\n", blank+1))
		case blank > 0:
			b.WriteString(strings.Repeat("\n", blank))
		default:
			b.WriteByte(' ')
		}
		b.WriteString(l)
		apart, blank, begun = own, 0, true
	}
	if begun {
		b.WriteByte('\n')
	}
	b.WriteString(strings.Repeat("\n", blank))
	return b.String()
}

// chomped treats the end of a block scalar as its head says.
func chomped(s string, chomp byte) string {
	body := strings.TrimRight(s, "\n")
	switch {
	case chomp == '+':
		return s
	case chomp == '-' || body == "" || body == s:
		return body
	}
	return body + "\n"
}
