package cells

import (
	"bytes"
	"strings"

	"codex/pkg/frontend/tui/text"
)

// How much of the output of a running command is kept: so much of both ends.
const keptOutput = 64 << 10

// Output is the output of a running command: both ends of it, and how many lines the
// middle had. The zero Output is empty.
type Output struct {
	head, tail []byte
	lost       int // lines between the two
}

// Append adds what the command wrote.
func (o *Output) Append(s string) {
	if room := keptOutput - len(o.head); len(o.tail) == 0 && room > 0 {
		n := min(room, len(s))
		if i := strings.LastIndexByte(s[:n], '\n'); n < len(s) && i >= 0 {
			n = i + 1
		}
		o.head = append(o.head, s[:n]...)
		s = s[n:]
	}
	for len(s) > 0 {
		n := min(len(s), keptOutput)
		o.tail = append(o.tail, s[:n]...)
		s = s[n:]
		o.drop()
	}
}

// Len is how many bytes are kept.
func (o *Output) Len() int {
	if o == nil {
		return 0
	}
	return len(o.head) + len(o.tail)
}

// drop forgets the begin of the tail when there is more of it than is kept.
func (o *Output) drop() {
	if len(o.tail) < 2*keptOutput {
		return
	}
	cut := len(o.tail) - keptOutput
	if i := bytes.IndexByte(o.tail[cut:], '\n'); i >= 0 {
		cut += i + 1
	}
	o.lost += bytes.Count(o.tail[:cut], []byte("\n"))
	o.tail = append(o.tail[:0], o.tail[cut:]...)
}

// excerpt is output of which the middle may be missing.
type excerpt struct {
	head, tail string
	lost       int
}

// excerpt is what is kept of the output.
func (o *Output) excerpt() excerpt {
	if o == nil {
		return excerpt{}
	}
	if o.lost == 0 {
		return excerpt{head: string(o.head) + string(o.tail)}
	}
	return excerpt{string(o.head), string(o.tail), o.lost}
}

// ends leaves n lines at each end.
func (x excerpt) ends(n int) excerpt {
	x.head, x.tail = strings.TrimSuffix(x.head, "\n"), strings.TrimSuffix(x.tail, "\n")
	if x.lost == 0 {
		lines := strings.Count(x.head, "\n") + 1
		if lines <= 2*n {
			return x
		}
		return excerpt{x.head[:lineEnd(x.head, n)], x.head[lineBegin(x.head, n):], lines - 2*n}
	}
	head, tail := strings.Count(x.head, "\n")+1, strings.Count(x.tail, "\n")+1
	if head > n {
		x.head, x.lost = x.head[:lineEnd(x.head, n)], x.lost+head-n
	}
	if tail > n {
		x.tail, x.lost = x.tail[lineBegin(x.tail, n):], x.lost+tail-n
	}
	return x
}

// lineEnd is where the first n lines of s end, without their last newline.
func lineEnd(s string, n int) int {
	at := 0
	for range n {
		i := strings.IndexByte(s[at:], '\n')
		if i < 0 {
			return len(s)
		}
		at += i + 1
	}
	return at - 1
}

// lineBegin is where the last n lines of s begin.
func lineBegin(s string, n int) int {
	at := len(s)
	for range n {
		if at = strings.LastIndexByte(s[:at], '\n'); at < 0 {
			return 0
		}
	}
	return at + 1
}

// rows draws output in at most most rows, the middle left out; 0 is without limit.
func (x excerpt) rows(width, most int, hint string, t *text.Theme) []text.Line {
	if most > 0 {
		x = x.ends(most)
	}
	head := text.Wrap(t.Output(x.head, t.Dim), width)
	var tail []text.Line
	if x.lost > 0 {
		tail = text.Wrap(t.Output(x.tail, t.Dim), width)
	}
	total := len(head) + x.lost + len(tail)
	if most == 0 || total <= most {
		if x.lost > 0 {
			head = append(head, more(x.lost, "", t))
		}
		return append(head, tail...)
	}
	first, last := most/2, most-most/2-1
	if x.lost == 0 {
		head, tail = head[:len(head)-last], head[len(head)-last:]
	}
	first = min(first, len(head))
	last = min(last, len(tail))
	out := append(head[:first:first], more(total-first-last, hint, t))
	return append(out, tail[len(tail)-last:]...)
}
