package text

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// highlightBudget is how much code of one text is coloured: lexers are slow.
const highlightBudget = 128 << 10

// Stream draws markdown as it arrives. It keeps no more than the block that is open; what
// it has given out it forgets.
type Stream struct {
	r       renderer
	split   splitter
	partial []byte // the line that has not ended
	out     []Line
	any     bool
	code    codeCache
}

// NewStream begins a text that is drawn in width columns.
func NewStream(width int, t *Theme) *Stream {
	s := &Stream{r: renderer{t: t, width: max(1, width), budget: highlightBudget}}
	s.split.emit = func(b block) {
		s.code = codeCache{}
		if lines := s.r.block(b); len(lines) > 0 {
			s.out = append(s.out, s.separated(b, lines, s.any)...)
			s.any = true
		}
	}
	return s
}

// SetWidth changes the width of what is drawn from now on.
func (s *Stream) SetWidth(width int) {
	s.r.width = max(1, width)
	s.code = codeCache{}
}

// Know takes the definitions of references out of a text that is known before it is drawn,
// so that links can use those that come later.
func (s *Stream) Know(src string) {
	if !strings.Contains(src, "]:") {
		return
	}
	scan := splitter{emit: func(b block) {
		if b.kind == blockDefinition {
			s.r.remember(string(b.src))
		}
	}}
	for l := range strings.Lines(src) {
		scan.line([]byte(strings.TrimRight(l, "\r\n")))
	}
	scan.close()
}

// Append takes the next piece and gives the lines that are finished by it: they will not
// change any more, and are given once.
func (s *Stream) Append(delta string) []Line {
	from := len(s.partial)
	s.partial = append(s.partial, delta...)
	used := 0
	for {
		rest := s.partial[used:]
		scan := max(0, from-used)
		n := bytes.IndexByte(rest[scan:min(len(rest), longestPiece)], '\n')
		switch {
		case n >= 0:
			n += scan
			s.split.line(bytes.TrimSuffix(rest[:n], []byte("\r")))
			used += n + 1
		case len(rest) >= longestPiece:
			n = pieceEnd(rest[:longestPiece])
			s.split.line(rest[:n])
			used += n
		default:
			s.partial = append(s.partial[:0], rest...)
			return s.take()
		}
		from = used
	}
}

// pieceEnd is where a line that is too long is cut: behind a blank, or between characters.
func pieceEnd(p []byte) int {
	if n := bytes.LastIndexByte(p, ' '); n > len(p)/2 {
		return n + 1
	}
	for n := len(p); n > len(p)-utf8.UTFMax; n-- {
		if r, _ := utf8.DecodeLastRune(p[:n]); r != utf8.RuneError {
			return n
		}
	}
	return len(p)
}

// Finish gives what is left when the text has ended.
func (s *Stream) Finish() []Line {
	if len(s.partial) > 0 {
		s.split.line(bytes.TrimSuffix(s.partial, []byte("\r")))
		s.partial = s.partial[:0]
	}
	s.split.close()
	return s.take()
}

// Tail is how the unfinished part looks now, the line that has not ended too.
func (s *Stream) Tail() []Line {
	partial := trimPartialRune(bytes.TrimSuffix(s.partial, []byte("\r")))
	if b := s.split.open; b.kind == blockFence {
		lines := s.code.lines(s.r, b)
		if len(partial) > 0 && !s.split.fence.closes(partial) {
			lines = append(lines, chop(plainLines([]string{CleanLine(string(partial))}), s.r.width)...)
		}
		return s.separated(b, lines, s.any)
	}
	// The line that has not ended goes to a copy of the splitter: it may begin a block.
	r, split, any := s.r, s.split, s.any
	r.frozen = true
	split.open.src, split.head = bytes.Clone(split.open.src), bytes.Clone(split.head)
	var out []Line
	split.emit = func(b block) {
		if lines := r.block(b); len(lines) > 0 {
			out = append(out, s.separated(b, lines, any)...)
			any = true
		}
	}
	if len(partial) > 0 {
		split.line(partial)
	}
	split.close()
	return out
}

// codeCache is an open fence as it was drawn last: drawing it anew for each line would
// cost too much.
type codeCache struct {
	drawn []Line
	size  int
}

// lines draws the finished lines of an open fence. The newest may still be plain.
func (c *codeCache) lines(r renderer, b block) []Line {
	const often = 128
	r.frozen = true
	if size := len(b.src); c.drawn == nil || size-c.size >= often || size < c.size {
		c.drawn, c.size = r.block(b), size
	}
	fresh := b.src[c.size:]
	out := c.drawn[:len(c.drawn):len(c.drawn)]
	if len(fresh) == 0 {
		return out
	}
	return append(out, chop(plainLines(Clean(string(fresh))), r.width)...)
}

// separated puts the blank line before the lines of a block; any says whether something
// stands above it.
func (s *Stream) separated(b block, lines []Line, any bool) []Line {
	if any && !b.joined && len(lines) > 0 {
		return append([]Line{nil}, lines...)
	}
	return lines
}

func (s *Stream) take() []Line {
	out := s.out
	s.out = nil
	return out
}

// trimPartialRune leaves out the begin of a character whose rest has not arrived.
func trimPartialRune(p []byte) []byte {
	for n := 1; n <= min(utf8.UTFMax, len(p)); n++ {
		if c := p[len(p)-n]; utf8.RuneStart(c) {
			if !utf8.FullRune(p[len(p)-n:]) {
				return p[:len(p)-n]
			}
			break
		}
	}
	return p
}

// Markdown draws a whole text.
func Markdown(src string, width int, t *Theme) []Line {
	s := NewStream(width, t)
	lines := s.Append(src)
	return append(lines, s.Finish()...)
}
