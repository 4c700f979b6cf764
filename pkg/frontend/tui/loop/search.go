package loop

import (
	"codex/pkg/frontend/tui/composer"
	"codex/pkg/frontend/tui/keys"
)

// historySearch looks for something that was written before, while it is typed.
type historySearch struct {
	word   string
	at     int // the entry that is shown, from the newest; 0: none
	before composer.Draft
}

// searchHistory begins a search.
func (l *Loop) searchHistory() {
	l.popup, l.sheet = nil, false
	l.search = &historySearch{before: l.composer.Draft()}
}

// searchKey takes a key of the search.
func (l *Loop) searchKey(e keys.Event) {
	s := l.search
	_, char := e.Char()
	switch {
	case e.Is(keys.Escape, 0), e.Is('c', keys.Ctrl), e.Is('g', keys.Ctrl):
		l.composer.Restore(s.before)
		l.search = nil
	case e.Is(keys.Enter, 0):
		l.search = nil
	case e.Is('r', keys.Ctrl), e.Is(keys.Up, 0):
		l.find(s.at+1, 1)
	case e.Is('s', keys.Ctrl), e.Is(keys.Down, 0):
		l.find(s.at-1, -1)
	default:
		word, ok := e.Typed(s.word)
		if s.word = word; char { // what is shown may match that too
			l.find(max(1, s.at), 1)
		} else if ok {
			l.find(1, 1)
		}
	}
}

// find shows the next entry that matches; when there is none, what is shown stays.
func (l *Loop) find(from, by int) {
	s := l.search
	if s.word == "" {
		l.composer.Restore(s.before)
		s.at = 0
		return
	}
	if d, at, ok := l.composer.History.Search(s.word, from, by); ok {
		l.composer.Restore(d)
		s.at = at
	}
}
