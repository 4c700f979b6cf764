package cells

import (
	"hash/maphash"
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// agentMessage draws what the model said.
func agentMessage(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.AgentMessageItem)
	if !ok || strings.TrimSpace(item.Text) == "" {
		return nil
	}
	return message(item.Text, width, t)
}

// message draws markdown behind a bullet.
func message(src string, width int, t *text.Theme) []text.Line {
	s := NewStream(width, t)
	s.md.Know(src)
	lines := s.Append(src)
	return append(lines, s.Finish("")...)
}

// Stream draws a message of the model while it arrives. Its lines are those that Render
// gives for the whole message, but for links that use a reference which is defined further
// down: Render knows it already.
type Stream struct {
	t     *text.Theme
	md    *text.Stream
	width int
	begun bool
	// what arrived so far, to be compared with the whole
	size int
	sum  maphash.Hash
}

// NewStream begins a message that is drawn in width columns.
func NewStream(width int, t *text.Theme) *Stream {
	return &Stream{t: t, width: width, md: text.NewStream(inner(width), t)}
}

// indent is the columns before a message's text.
const indent = 2

// inner is the width of a message's text.
func inner(width int) int {
	if width <= 2*indent {
		return max(1, width)
	}
	return width - indent
}

// SetWidth changes the width of what is drawn from now on.
func (s *Stream) SetWidth(width int) {
	s.width = width
	s.md.SetWidth(inner(width))
}

// Append takes the next piece and gives the lines that are finished by it: each is given
// once and does not change any more.
func (s *Stream) Append(delta string) []text.Line {
	s.size += len(delta)
	s.sum.WriteString(delta)
	out := s.prefixed(s.md.Append(delta), s.begun)
	s.begun = s.begun || len(out) > 0
	return out
}

// Tail is how the unfinished part looks now.
func (s *Stream) Tail() []text.Line { return s.prefixed(s.md.Tail(), s.begun) }

// Finish gives the lines that are left. whole is the message as the completed item has it:
// what did not arrive in pieces is added. When it is another text than what arrived, all
// of it is given once more, behind a line that says so. An empty whole is not compared.
func (s *Stream) Finish(whole string) []text.Line {
	rest, same := s.missing(whole)
	out := s.Append(rest)
	out = append(out, s.prefixed(s.md.Finish(), s.begun)...)
	s.begun = s.begun || len(out) > 0
	if same || strings.TrimSpace(whole) == "" {
		return out
	}
	out = append(out, nil, text.Of(text.Clip("  The completed message differs:", s.width), s.t.Dim), nil)
	return append(out, message(whole, s.width, s.t)...)
}

// missing is what of whole did not arrive; same is false when it does not begin with what
// did.
func (s *Stream) missing(whole string) (rest string, same bool) {
	if whole == "" || s.size > len(whole) {
		return "", whole == ""
	}
	var sum maphash.Hash
	sum.SetSeed(s.sum.Seed())
	sum.WriteString(whole[:s.size])
	if sum.Sum64() != s.sum.Sum64() {
		return "", false
	}
	return whole[s.size:], true
}

// prefixed puts the bullet before the first line and blanks before the others.
func (s *Stream) prefixed(lines []text.Line, begun bool) []text.Line {
	if s.width <= 2*indent {
		unframe(lines)
		return lines
	}
	rest := text.Of("  ", text.Style{})
	first := text.Of("• ", s.t.Dim)
	if begun {
		first = rest
	}
	if begun && len(lines) > 0 && len(lines[0]) == 0 {
		first = nil
	}
	return text.Prefixed(lines, first, rest)
}
