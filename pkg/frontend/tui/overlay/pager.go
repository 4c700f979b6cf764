package overlay

import (
	"cmp"
	"fmt"
	"strings"

	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// Pager shows many lines on the whole screen.
type Pager struct {
	Title string
	// Lines gives what is shown; it is asked again for each frame and may grow.
	Lines func(width int, t *text.Theme) []text.Line
	Hint  string
	// Extra takes keys of its maker's before the pager's own.
	Extra func(e keys.Event) (taken, done bool)
	// Mark is a line that is to be seen, -1 for none.
	Mark func() int

	top, page, total int
	pinned           bool // not at the end
	marked           int
}

// NewPager makes one that shows the end.
func NewPager(title string, lines func(int, *text.Theme) []text.Line) *Pager {
	return &Pager{Title: title, Lines: lines, marked: -1}
}

// Home goes to the begin.
func (p *Pager) Home() *Pager {
	p.top, p.pinned = 0, true
	return p
}

// Key scrolls, and ends the pager.
func (p *Pager) Key(e keys.Event) bool {
	if e.Kind != keys.Press {
		return false
	}
	if p.Extra != nil {
		if taken, done := p.Extra(e); taken {
			return done
		}
	}
	switch {
	case e.Is('q', 0), e.Is('c', keys.Ctrl), e.Is('t', keys.Ctrl), e.Is(keys.Escape, 0):
		return true
	case e.Is(keys.Up, 0), e.Is('k', 0):
		p.scroll(-1)
	case e.Is(keys.Down, 0), e.Is('j', 0):
		p.scroll(1)
	case e.Is(keys.PageUp, 0), e.Is(' ', keys.Shift), e.Is('b', keys.Ctrl):
		p.scroll(-p.page)
	case e.Is(keys.PageDown, 0), e.Is(' ', 0), e.Is('f', keys.Ctrl):
		p.scroll(p.page)
	case e.Is('u', keys.Ctrl):
		p.scroll(-p.page / 2)
	case e.Is('d', keys.Ctrl):
		p.scroll(p.page / 2)
	case e.Is(keys.Home, 0), e.Is('g', 0):
		p.top, p.pinned = 0, true
	case e.Is(keys.End, 0), e.Is('G', 0):
		p.pinned = false
	}
	return false
}

func (p *Pager) scroll(by int) {
	last := max(0, p.total-p.page)
	p.top = max(0, min(p.top+by, last))
	p.pinned = p.top < last
}

// View draws the page, with a title above and hints below.
func (p *Pager) View(width, height int, t *text.Theme) ([]text.Line, int, int) {
	lines := p.Lines(width, t)
	hint := cmp.Or(p.Hint, " q to quit")
	p.page, p.total = max(1, height-4), len(lines)
	last := max(0, p.total-p.page)
	if p.Mark != nil {
		if m := p.Mark(); m >= 0 && m != p.marked {
			p.marked, p.top, p.pinned = m, max(0, min(m-1, last)), true
		}
	}
	if !p.pinned {
		p.top = last
	}
	p.top = min(p.top, last)
	title := "/ " + p.Title + " "
	out := []text.Line{text.Of(text.Clip(title+strings.Repeat("/ ", max(0, (width-len(title)+1)/2)), width), t.Dim)}
	for i := range p.page {
		if n := p.top + i; n < len(lines) {
			out = append(out, lines[n])
		} else {
			out = append(out, text.Of("~", t.Dim))
		}
	}
	share := 100
	if last > 0 {
		share = p.top * 100 / last
	}
	mark := fmt.Sprintf(" %d%% ─", share)
	out = append(out, text.Of(strings.Repeat("─", max(0, width-len(mark)+2))+mark, t.Dim),
		text.Of(" ↑/↓ to scroll   pgup/pgdn to page   home/end to jump", t.Dim), text.Of(hint, t.Dim))
	return out[:min(len(out), height)], -1, 0
}
