package exec

import "strings"

// markdown colours what the marks of a text mean: headings, bold words, code, quotations.
// The marks stay: without the colours it is the same text.
func markdown(s string) string {
	var b strings.Builder
	code := false
	for line := range strings.Lines(s) {
		text, end := strings.TrimSuffix(line, "\n"), ""
		if len(text) < len(line) {
			end = "\n"
		}
		start := strings.TrimLeft(text, " \t")
		switch {
		case strings.HasPrefix(start, "```") || strings.HasPrefix(start, "~~~"):
			code = !code
			text = styled(text, dim)
		case code:
			text = styled(text, cyan)
		case heading(start):
			text = styled(text, bold)
		case strings.HasPrefix(start, ">"):
			text = styled(text, dim)
		default:
			text = spans(text)
		}
		b.WriteString(text + end)
	}
	return b.String()
}

func heading(s string) bool {
	rest := strings.TrimLeft(s, "#")
	return len(s) > len(rest) && len(s)-len(rest) <= 6 && strings.HasPrefix(rest, " ")
}

// spans colours the code and the bold words within a line.
func spans(s string) string {
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "`*")
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		mark, code := "`", cyan
		if s[0] == '*' {
			mark, code = "**", bold
		}
		inner, _, found := strings.Cut(strings.TrimPrefix(s, mark), mark)
		n := len(inner) + 2*len(mark)
		if !found || !strings.HasPrefix(s, mark) || strings.TrimSpace(inner) != inner || inner == "" {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		b.WriteString(styled(s[:n], code))
		s = s[n:]
	}
	return b.String() + s
}

// styled puts SGR codes around s, the outer first.
func styled(s string, codes ...string) string {
	for i := len(codes) - 1; i >= 0; i-- {
		s = "\x1b[" + codes[i] + "m" + s + "\x1b[0m"
	}
	return s
}
