package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"codex/pkg/execpolicy"
)

// source is a program that the interpreter understands, and the way back to what the
// user wrote.
type source struct {
	text  string
	grown []growth // by line and column
}

// growth is text that was put in.
type growth struct{ line, col, chars int }

// back gives the user's place for one in text.
func (s source) back(p syntax.Position) execpolicy.Position {
	out := execpolicy.Position{Line: int(p.Line), Column: int(p.Col)}
	for _, g := range s.grown {
		if g.line == out.Line && g.col < int(p.Col) {
			out.Column -= min(g.chars, int(p.Col)-g.col)
		}
	}
	return out
}

// plain rewrites f-strings, which the interpreter lacks, to calls of format: f"{x}" is
// "{x}".format(x=x). Between the braces stands a name, as in the original. Strings that
// do not end are the parser's to complain about.
func plain(text string) (source, execpolicy.Position, error) {
	var b strings.Builder
	s := source{}
	line, from := 1, 0                      // from is where the line begins in b
	at := func(i int) execpolicy.Position { // in the user's text
		begin := strings.LastIndexByte(text[:i], '\n') + 1
		return execpolicy.Position{Line: line, Column: 1 + utf8.RuneCountInString(text[begin:i])}
	}
	put := func(lit string) {
		b.WriteString(lit)
		if lines := strings.Count(lit, "\n"); lines > 0 {
			line += lines
			from = b.Len() - len(lit) + strings.LastIndexByte(lit, '\n') + 1
		}
	}
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '#':
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				n = len(text) - i
			}
			b.WriteString(text[i : i+n])
			i += n
			continue
		case name(c):
			n := 1
			for i+n < len(text) && name(text[i+n]) {
				n++
			}
			prefix := text[i : i+n]
			if (prefix == "f" || prefix == "fr") && i+n < len(text) && quote(text[i+n]) {
				lit := literal(text[i+n:])
				call, err := format(lit, prefix == "fr")
				if err != nil {
					return s, at(i), err
				}
				b.WriteString(prefix[1:])
				put(lit)
				// One byte went away before the string; it is given back behind it.
				s.grown = append(s.grown, growth{line, utf8.RuneCountInString(b.String()[from:]), utf8.RuneCountInString(call) - 1})
				b.WriteString(call)
				i += n + len(lit)
				continue
			}
			b.WriteString(prefix)
			i += n
			continue
		case quote(c):
			lit := literal(text[i:])
			put(lit)
			i += len(lit)
			continue
		}
		b.WriteByte(c)
		i++
		if c == '\n' {
			line++
			from = b.Len()
		}
	}
	s.text = b.String()
	return s, execpolicy.Position{}, nil
}

func quote(c byte) bool { return c == '"' || c == '\'' }

func name(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}

// literal gives the string that s begins with, quotes included, and as much as there is
// of one that does not end.
func literal(s string) string {
	q := s[:1]
	if strings.HasPrefix(s, strings.Repeat(q, 3)) {
		q = s[:3]
	}
	for i := len(q); i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '\n' && len(q) == 1:
			return s[:i]
		case strings.HasPrefix(s[i:], q):
			return s[:i+len(q)]
		}
	}
	return s
}

// format is the call that fills in the names between a string's braces.
func format(lit string, raw bool) (string, error) {
	var names []string
	for i := 0; i < len(lit); i++ {
		switch lit[i] {
		case '\\':
			if !raw {
				i++
			}
		case '{':
			if strings.HasPrefix(lit[i+1:], "{") {
				i++
				continue
			}
			in, _, ok := strings.Cut(lit[i+1:], "}")
			if !ok {
				return "", errors.New("f-string: brace is not closed")
			}
			id, _, _ := strings.Cut(in, "!")
			if !identifier(id) {
				return "", fmt.Errorf("f-string: not a name: {%s}", in)
			}
			if !slices.Contains(names, id) {
				names = append(names, id)
			}
			i += len(in) + 1
		}
	}
	for i, n := range names {
		names[i] = n + "=" + n
	}
	return ".format(" + strings.Join(names, ", ") + ")", nil
}

func identifier(s string) bool {
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < utf8.RuneSelf && !name(byte(r)) })
}
