// Package termtext makes the text of strangers (answers of a model, output of commands,
// names of files) harmless on a terminal. What a terminal would act on becomes visible
// instead: control characters as ^X, C1 controls and those that turn the direction of
// text as <U+202E>, bytes that are no UTF-8 as <9B>, all as less(1) shows them. Newlines
// and tabs stay. Text for files and pipes needs none of this.
//
// Ground layer: it imports golang.org/x/sys and go-isatty.
package termtext

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-isatty"
)

// Visible gives s with everything visible that a terminal would act on.
func Visible(s string) string { return rewrite(s, false) }

// Output is Visible for the output of commands: its colours stay (SGR sequences, but for
// those that hide text), and end with it.
func Output(s string) string { return rewrite(s, true) }

// Line is Visible for one line: newlines and tabs become blanks.
func Line(s string) string {
	return Visible(strings.NewReplacer("\r\n", " ", "\n", " ", "\t", " ").Replace(s))
}

// Stream is f, or a Writer over it when it is a terminal.
func Stream(f *os.File) io.Writer {
	if isatty.IsTerminal(f.Fd()) {
		return Writer(f)
	}
	return f
}

// Writer passes on what is written to w, made visible. A character must not be split
// over two writes.
func Writer(w io.Writer) io.Writer { return writer{w} }

type writer struct{ w io.Writer }

func (v writer) Write(p []byte) (int, error) {
	if _, err := io.WriteString(v.w, Visible(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// reset ends all colours.
const reset = "\x1b[0m"

func rewrite(s string, colours bool) string {
	n := harmless(s)
	if n == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	coloured := false
	for ; ; n = harmless(s) {
		b.WriteString(s[:n])
		if s = s[n:]; s == "" {
			break
		}
		if seq := sgr(s); colours && seq != "" {
			b.WriteString(seq)
			coloured = seq != reset && seq != "\x1b[m"
			s = s[len(seq):]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case strings.HasPrefix(s, "\r\n"): // the newline follows
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, "<%02X>", s[0])
		case r < ' ' || r == 0x7f:
			b.WriteByte('^')
			b.WriteByte(byte(r) ^ 0x40)
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
		s = s[size:]
	}
	if coloured {
		b.WriteString(reset)
	}
	return b.String()
}

// harmless counts the bytes at the begin of s that a terminal only shows.
func harmless(s string) int {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || live(r) {
			return i
		}
		i += n
	}
	return len(s)
}

// live says whether r, which is not ASCII, does something instead of being shown, or hides
// text: the C1 controls, the marks and embeddings of bidirectional text, line and paragraph
// separators, letters without width but for the joiners that scripts need, tags and the
// selectors that no script has.
func live(r rune) bool {
	return r < 0xa0 || r == 0xad || r == 0x61c || r == 0x180e || r == 0x200b || r == 0x200e || r == 0x200f || r >= 0x2028 && r <= 0x202e ||
		r >= 0x2060 && r <= 0x206f || r == 0xfeff || r >= 0xfff9 && r <= 0xfffb || r >= 0xe0000 && r <= 0xe0fff
}

// sgr gives the SGR sequence at the begin of s, "" when there is none that is harmless.
func sgr(s string) string {
	const longest = 64
	if !strings.HasPrefix(s, "\x1b[") {
		return ""
	}
	for i := 2; i < min(len(s), longest); i++ {
		switch c := s[i]; {
		case c == 'm' && !conceals(s[2:i]):
			return s[:i+1]
		case (c < '0' || c > '9') && c != ';' && c != ':':
			return ""
		}
	}
	return ""
}

// conceals says whether the parameters of an SGR sequence hide the text that follows. An
// 8 is a colour's number behind 38;5, 48;5 and 58;5, and part of one behind 38;2.
func conceals(params string) bool {
	list := strings.Split(params, ";")
	for i := 0; i < len(list); i++ {
		switch strings.TrimLeft(list[i], "0") {
		case "8":
			return true
		case "38", "48", "58":
			if i+1 < len(list) && list[i+1] == "5" {
				i += 2
			} else if i+1 < len(list) && list[i+1] == "2" {
				i += 4
			}
		}
	}
	return false
}
