package loop

import (
	"context"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// preview shows the last turns of a stored thread on the whole screen, and goes back to
// what was there: a page, or nothing.
func (l *Loop) preview(id string) {
	before := l.page
	find := l.Sessions.Turns
	show := func(turns []protocol.Turn, err error) {
		if l.page != before { // the person has gone on
			return
		}
		l.openPreview(before, turns, err)
	}
	if l.Plain {
		show(find(l.ctx, id))
		return
	}
	l.beside(func(ctx context.Context) func() {
		turns, err := find(ctx, id)
		return func() { show(turns, err) }
	})
}

func (l *Loop) openPreview(before overlay.Overlay, turns []protocol.Turn, failed error) {
	entries := entriesOf(turns)
	p := overlay.NewPager("P R E V I E W", func(width int, t *text.Theme) []text.Line {
		switch {
		case failed != nil:
			return text.Wrap([]text.Line{text.Of(text.CleanLine(failed.Error()), t.Error)}, width)
		case len(entries) == 0:
			return []text.Line{text.Of("  Nothing was said in it yet.", t.Dim)}
		}
		var out []text.Line
		for _, e := range entries {
			out = apart(out, cells.Render(e, width, t))
		}
		return out
	})
	p.Hint = " q to go back"
	if before == nil {
		l.openPage(p)
		return
	}
	p.Extra = func(e keys.Event) (taken, done bool) {
		if e.Is('q', 0) || e.Is(keys.Escape, 0) || e.Is('c', keys.Ctrl) || e.Is('t', keys.Ctrl) {
			l.page = before
			return true, false
		}
		return false, false
	}
	if !l.pagePlain(p) {
		l.page = p
	}
	l.draw()
}

// entriesOf are turns as they are shown in a transcript.
func entriesOf(turns []protocol.Turn) []cells.Entry {
	var s state.State
	s.Replay(turns)
	var out []cells.Entry
	for {
		effects := s.Effects()
		if len(effects) == 0 {
			return out
		}
		for _, e := range effects {
			switch e := e.(type) {
			case state.Show:
				e.Entry.Full = true
				out = append(out, e.Entry)
			case state.Complete:
				out = append(out, cells.Entry{Item: e.Item, Full: true})
			}
		}
	}
}
