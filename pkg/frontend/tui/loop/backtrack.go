package loop

import (
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
)

// backtracking is the choice of a message of the user, in the transcript.
type backtracking struct {
	l      *Loop
	at     []int // entries of the transcript
	chosen int
	line   int // where the chosen one is drawn
}

func (b *backtracking) page() overlay.Overlay {
	seen, drawn := 0, -1
	lines := b.l.transcriptLines(func(i int, lines []text.Line) []text.Line {
		if i == 0 {
			seen = 0
		}
		if i == b.at[b.chosen] {
			drawn = seen
			marked := make([]text.Line, len(lines))
			for n, l := range lines {
				marked[n] = l.Restyled(text.Style{Attr: text.Reverse})
			}
			lines = marked
		}
		seen += len(lines) + 1
		return lines
	})
	p := overlay.NewPager("T R A N S C R I P T", func(width int, t *text.Theme) []text.Line {
		out := lines(width, t)
		b.line = drawn
		return out
	})
	p.Mark = func() int { return b.line }
	p.Hint = " q to quit   esc/← older   → newer   enter to edit message"
	p.Extra = b.key
	return p
}

func (b *backtracking) key(e keys.Event) (taken, done bool) {
	switch {
	case e.Is(keys.Escape, 0), e.Is(keys.Left, 0):
		b.chosen = max(0, b.chosen-1)
	case e.Is(keys.Right, 0):
		b.chosen = min(len(b.at)-1, b.chosen+1)
	case e.Is(keys.Enter, 0):
		b.l.closePage()
		b.l.rollback(b.at[b.chosen])
		return true, false
	default:
		return false, false
	}
	return true, false
}

// quitKeys are those that mean no in the question of trust.
func quitKeys(no func()) func(keys.Event) (bool, bool) {
	return func(e keys.Event) (bool, bool) {
		if e.Is('q', 0) || e.Is('d', keys.Ctrl) {
			no()
			return true, true
		}
		return false, false
	}
}
