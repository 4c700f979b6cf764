package loop

import (
	"codex/pkg/frontend/tui/state"
	"codex/pkg/protocol"
	"context"
	"fmt"
	"strings"
	"testing"

	"codex/pkg/frontend/tui/keys"
)

// many are stored sessions, numbered from the newest.
type many int

func (n many) Page(_ context.Context, q SessionQuery) (page []Session, more bool, err error) {
	for i := range min(int(n), q.Most) {
		page = append(page, Session{ID: fmt.Sprint(i), Name: fmt.Sprintf("number %d of all", i)})
	}
	return page, int(n) > q.Most, nil
}
func (many) Resume(string) (Request, error)                         { return Request{}, nil }
func (many) Fork(string) (Request, error)                           { return Request{}, nil }
func (many) Side(*state.Thread, bool) (Request, error)              { return Request{}, nil }
func (many) Turns(context.Context, string) ([]protocol.Turn, error) { return nil, nil }
func (many) New() Request                                           { return Request{} }

// TestPickerHasAll holds that every session is found, however many there are.
func TestPickerHasAll(t *testing.T) {
	h := newHarness(t, 80, 24)
	h.Sessions = many(5000)
	h.pickSession(false)
	screen := func() string {
		h.draw()
		h.frame()
		return strings.Join(h.term.Screen(), "\n")
	}
	if s := screen(); !strings.Contains(s, "Looking for sessions") {
		t.Errorf("before they are there:\n%s", s)
	}
	(<-h.posts)()
	if s := screen(); !strings.Contains(s, "1 / 1000+") {
		t.Errorf("the first ones:\n%s", s)
	}
	h.event(keys.Event{Code: keys.End})
	(<-h.posts)()
	if s := screen(); !strings.Contains(s, "1000 / 4000+") || !strings.Contains(s, "number 999 of") {
		t.Errorf("at the end:\n%s", s)
	}
	for _, r := range "number 4999 " {
		h.event(keys.Event{Code: keys.Code(r)})
	}
	(<-h.posts)()
	if s := screen(); !strings.Contains(s, "number 4999 of all") || !strings.Contains(s, "1 / 1 ") {
		t.Errorf("searched:\n%s", s)
	}
}
