package text

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"codex/pkg/termtext"
)

// Bounds of what a stranger's text may cost: a longer line is shortened in its middle, a
// larger grapheme cluster (a letter below hundreds of marks) at its end.
const (
	longestLine    = 64 << 10
	longestCluster = 64
)

// tabStop is how far apart tab stops are.
const tabStop = 4

// Clean makes the text of a stranger fit for spans, line by line: harmless through
// termtext, tabs as blanks, overlong lines shortened.
func Clean(s string) []string {
	s = strings.TrimSuffix(s, "\n")
	lines := make([]string, 0, 1+strings.Count(s, "\n"))
	for l := range strings.SplitSeq(s, "\n") {
		lines = append(lines, CleanLine(strings.TrimSuffix(l, "\r")))
	}
	return lines
}

// CleanLine is Clean for one line; newlines in it become blanks.
func CleanLine(s string) string {
	if ascii(s) && len(s) <= longestLine {
		return s
	}
	s = shortened(s)
	if strings.ContainsAny(s, "\r\n") {
		s = strings.NewReplacer("\r\n", " ", "\n", " ").Replace(s)
	}
	return trimClusters(expandTabs(termtext.Visible(s)))
}

// shortened leaves out the middle of a line that is longer than any that is shown.
func shortened(s string) string {
	if len(s) <= longestLine {
		return s
	}
	head, tail := longestLine/2, len(s)-longestLine/4
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return fmt.Sprintf("%s … %d bytes left out … %s", s[:head], tail-head, s[tail:])
}

// expandTabs puts blanks for tabs. SGR sequences take no columns.
func expandTabs(s string) string {
	if !strings.Contains(s, "\t") {
		return s
	}
	var b strings.Builder
	column := 0
	for s != "" {
		n := strings.IndexAny(s, "\t\x1b")
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		column += Width(s[:n])
		s = s[n:]
		switch {
		case s == "":
		case s[0] == '\t':
			n = tabStop - column%tabStop
			b.WriteString("    "[:n])
			column += n
			s = s[1:]
		default:
			end := strings.IndexByte(s, 'm') + 1
			b.WriteString(s[:end])
			s = s[end:]
		}
	}
	return b.String()
}

// trimClusters cuts grapheme clusters that are larger than any letter is.
func trimClusters(s string) string {
	if len(s) <= longestCluster || ascii(s) {
		return s
	}
	var b strings.Builder
	kept := 0
	clusters(s, func(c string, _, end int) bool {
		if len(c) > longestCluster {
			n := longestCluster
			for !utf8.RuneStart(c[n]) {
				n--
			}
			b.WriteString(s[kept : end-len(c)+n])
			b.WriteString("…")
			kept = end
		}
		return true
	})
	if kept == 0 {
		return s
	}
	return b.String() + s[kept:]
}
