package loop

import (
	"fmt"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/composer"
	"codex/pkg/protocol"
)

// Stored is what a session file says of a thread. It is on the screen while an engine is
// still busy with loading it.
type Stored struct {
	// Opened is what the engine is going to answer, with the last turns.
	Opened                      protocol.ThreadStartResponse
	HideReasoning, RawReasoning bool
	Earlier                     bool // there are turns before those
	Skipped                     int  // items that are too long
	Usage                       *protocol.ThreadTokenUsage
}

// showStored shows the end of a stored thread.
func (l *Loop) showStored(s *Stored) {
	l.state.Opened(s.Opened)
	l.state.Thread.HideReasoning, l.state.Thread.RawReasoning = s.HideReasoning, s.RawReasoning
	l.state.Usage = protocol.Value(s.Usage)
	l.header()
	l.replay(s.Opened.Thread.Turns, s.Earlier, s.Skipped)
	l.effects()
	l.draw()
}

// replay shows turns that were before.
func (l *Loop) replay(turns []protocol.Turn, earlier bool, skipped int) {
	l.transcript.resumed = len(turns) > 0
	if l.transcript.lost = earlier; earlier {
		l.state.Notice(cells.Info, "Earlier turns are not shown here.", "")
	}
	if skipped > 0 {
		l.state.Notice(cells.Warning, fmt.Sprintf("%d items of the session are too long to be shown here.", skipped), "")
	}
	l.state.Replay(turns)
	l.replayed(turns)
}

// replayed takes note of what was said in turns that were before.
func (l *Loop) replayed(turns []protocol.Turn) {
	for _, t := range turns {
		for _, item := range t.Items {
			if u, ok := item.(*protocol.UserMessageItem); ok {
				l.composer.History.Add(composer.DraftOf(said(u)))
			}
		}
	}
}
