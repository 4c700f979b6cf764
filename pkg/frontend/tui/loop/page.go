package loop

import (
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// openPage shows an overlay on the whole screen.
func (l *Loop) openPage(p overlay.Overlay) {
	if l.pagePlain(p) {
		return
	}
	l.page = p
	if l.useAlternate() {
		if err := l.screen.Enter(); err != nil {
			l.fail(err)
		}
	}
	l.draw()
}

// useAlternate says whether overlays may use the terminal's alternate screen.
func (l *Loop) useAlternate() bool {
	if l.Plain {
		return false
	}
	switch l.setting("alternate_screen") {
	case "never":
		return false
	case "always":
		return !l.NoAlt
	}
	return !l.NoAlt && l.Getenv("ZELLIJ") == "" && l.Getenv("ZELLIJ_SESSION_NAME") == ""
}

// closePage comes back to the main screen.
func (l *Loop) closePage() {
	l.page = nil
	resized, err := l.screen.Leave()
	if err != nil {
		l.fail(err)
	}
	if resized {
		l.moving = true
		l.askPlace()
	}
	l.draw()
}

// openTranscript shows all that was said and done, whole.
func (l *Loop) openTranscript() {
	p := overlay.NewPager("T R A N S C R I P T", l.transcriptLines(nil))
	p.Hint = " q to quit   esc to edit prev"
	p.Extra = func(e keys.Event) (bool, bool) {
		if e.Is(keys.Escape, 0) && !l.state.Turn.Running {
			l.closePage()
			l.backtrack()
			return true, l.page == nil
		}
		return false, false
	}
	l.openPage(p)
}

// rendered is an entry of the transcript as it was drawn.
type rendered struct {
	item  protocol.ThreadItem
	width int
	theme *text.Theme
	lines []text.Line
}

// transcriptLines draws the transcript; mark restyles entries and may be nil. What is
// finished is drawn once.
func (l *Loop) transcriptLines(mark func(i int, lines []text.Line) []text.Line) func(int, *text.Theme) []text.Line {
	var cache []rendered
	return func(width int, t *text.Theme) []text.Line {
		var out []text.Line
		if l.transcript.lost {
			out = append(out, text.Of("  The begin of this long session is in its session file.", t.Dim))
		}
		for i, e := range l.transcript.entries {
			if i == len(cache) {
				cache = append(cache, rendered{})
			}
			c := &cache[i]
			if c.item != e.Item || c.width != width || c.theme != t { // entries move up when the first are forgotten
				e.Full = true
				e.Names = l.team.name
				*c = rendered{e.Item, width, t, cells.Render(e.Entry, width, t)}
			}
			lines := c.lines
			if mark != nil && len(lines) > 0 {
				lines = mark(i, lines)
			}
			out = apart(out, lines)
		}
		cache = cache[:len(l.transcript.entries)]
		for _, a := range l.state.Active {
			e := a.Entry
			e.Full, e.Names = true, l.team.name
			out = apart(out, cells.Render(e, width, t))
		}
		if l.message != nil {
			out = apart(out, l.message.tail())
		}
		return out
	}
}

// apart adds lines behind a blank one.
func apart(out, lines []text.Line) []text.Line {
	if len(out) > 0 && len(lines) > 0 {
		out = append(out, nil)
	}
	return append(out, lines...)
}

// openRequest shows what is asked on the whole screen.
func (l *Loop) openRequest(r *cells.Request) {
	p := overlay.NewPager("A P P R O V A L", func(width int, t *text.Theme) []text.Line {
		return cells.Render(cells.Entry{Item: r, Full: true}, width, t)
	}).Home()
	p.Hint = " q to go back to the question"
	l.openPage(p)
}
