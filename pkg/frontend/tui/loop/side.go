package loop

import "codex/pkg/frontend/tui/composer"

// aside is the thread that a side conversation has left: a copy of it goes on meanwhile,
// of which nothing is kept.
type aside struct {
	id      string
	asked   int
	resumed bool
	begin   int // of the transcript's turns
}

// sideConversation begins one, with a message in it.
func (l *Loop) sideConversation(message string) {
	if e := l.engine; l.Playing || e == nil || e.Stop == nil {
		l.say("There is one session behind these pipes: a side conversation needs another one.")
		return
	}
	r, err := l.Sessions.Side(&l.state.Thread, l.asked > 0 || l.transcript.resumed)
	if err != nil {
		l.complain("Begin a side conversation: %v", err)
		return
	}
	l.side = &aside{l.state.Thread.ID, l.asked, l.transcript.resumed, l.transcript.begin}
	l.transcript.next()
	l.say("A side conversation. What is said in it is forgotten, esc on an empty line goes back.")
	l.asked, r.Quiet = 0, true
	l.replace(r)
	if message != "" {
		l.queue = append([]composer.Draft{composer.DraftOf(message)}, l.queue...)
	}
}

// leaveSide goes back to the thread that was left.
func (l *Loop) leaveSide() {
	s := l.side
	r, err := l.Sessions.New(), error(nil)
	if s.asked > 0 || s.resumed {
		r, err = l.Sessions.Resume(s.id)
	}
	if err != nil {
		l.complain("%v", err)
		return
	}
	r.Quiet, r.Stored = true, nil
	l.side, l.asked = nil, s.asked
	l.transcript.resumed = s.resumed
	l.transcript.back(l.transcript.begin)
	l.transcript.begin = s.begin
	l.say("Back from the side conversation.")
	l.replace(r)
}
