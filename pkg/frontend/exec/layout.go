package exec

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"codex/pkg/shellwords"
)

// What of a long text is shown: so many lines at each end, so many bytes at each end of a
// long line.
const (
	edgeLines = 20
	edgeBytes = 400
)

// shortened leaves the middle of a long text out, and says how much that is.
func shortened(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	if left := len(lines) - 2*edgeLines; left > edgeLines/2 {
		middle := fmt.Sprintf("… %s lines left out …", grouped(int64(left)))
		lines = append(append(lines[:edgeLines:edgeLines], middle), lines[edgeLines+left:]...)
	}
	for i, l := range lines {
		lines[i] = shortLine(l)
	}
	return strings.Join(lines, "\n") + s[len(strings.TrimSuffix(s, "\n")):]
}

func shortLine(l string) string {
	if len(l) <= 3*edgeBytes {
		return l
	}
	head, tail := edgeBytes, len(l)-edgeBytes
	for range utf8.UTFMax - 1 { // more is no UTF-8
		if !utf8.RuneStart(l[head]) {
			head++
		}
		if !utf8.RuneStart(l[tail]) {
			tail--
		}
	}
	return fmt.Sprintf("%s … %s bytes left out … %s", l[:head], grouped(int64(tail-head)), l[tail:])
}

// label names a command in one line of at most width columns: the script, when it is one
// for a shell.
func label(command string, width int) string {
	return clipped(strings.Join(strings.Fields(shellwords.Script(command)), " "), width)
}

// clipped cuts s to width columns.
func clipped(s string, width int) string {
	if len(s) <= width || uniseg.StringWidth(s) <= width {
		return s
	}
	cut, used := 0, 1 // the ellipsis
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used += g.Width(); used > width {
			break
		}
		_, cut = g.Positions()
	}
	return s[:cut] + "…"
}

// wrapped breaks the long lines of a text at blanks, so that they have at most width
// columns. Code between fences and tables stay as they are, and so does everything when
// width is 0. SGR sequences have no width.
func wrapped(s string, width int) string {
	if width <= 0 || len(s) <= width {
		return s
	}
	var b strings.Builder
	code := false
	for line := range strings.Lines(s) {
		start := strings.TrimLeft(line, " \t")
		fence := strings.HasPrefix(plainText(start), "```")
		if code = code != fence; code || fence || strings.HasPrefix(start, "|") {
			b.WriteString(line)
			continue
		}
		wrapLine(&b, line, width)
	}
	return b.String()
}

// wrapLine puts the words behind a break under the first word of the line.
func wrapLine(b *strings.Builder, line string, width int) {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	if strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "* ") {
		indent += 2
	}
	column, blanks := 0, "" // those before the next word go where a break comes
	for i, word := range strings.SplitAfter(line, " ") {
		bare := strings.TrimRight(word, " ")
		w := uniseg.StringWidth(plainText(strings.TrimRight(bare, "\n")))
		at := column + len(blanks)
		if i > 0 && at+w > width && at > indent && w > 0 && indent < width/2 {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		} else {
			b.WriteString(blanks)
		}
		b.WriteString(bare)
		column, blanks = at+w, word[len(bare):]
	}
	b.WriteString(blanks)
}

// plainText takes the SGR sequences out.
func plainText(s string) string {
	if !strings.Contains(s, "\x1b[") {
		return s
	}
	var b strings.Builder
	for {
		head, rest, found := strings.Cut(s, "\x1b[")
		b.WriteString(head)
		if !found {
			return b.String()
		}
		_, s, _ = strings.Cut(rest, "m")
	}
}
