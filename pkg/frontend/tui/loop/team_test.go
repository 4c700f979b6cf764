package loop

import "testing"

// TestCountOfTeam holds that the count of a thread's commands in the background is not lost
// when its first agent comes between question and answer, or another thread is shown.
func TestCountOfTeam(t *testing.T) {
	h := newHarness(t, 80, 20)
	h.countTerminals()
	m := h.join("agent", true)
	h.in(m, h.countTerminals)
	h.showThread(m)
	h.take(batch{lines: []byte(`{"id":1,"result":{"data":[{},{}]}}` + "\n" + `{"id":2,"result":{"data":[{}]}}` + "\n")})
	if main := h.team.main().terminals; main != 2 || h.terminals != 1 {
		t.Errorf("%d and %d commands, want 2 and 1", main, h.terminals)
	}
	h.countTerminals()
	h.disband()
	h.take(batch{lines: []byte(`{"id":3,"result":{"data":[{},{},{}]}}` + "\n")})
	if h.terminals != 2 {
		t.Errorf("%d commands, want the 2 of the thread that is shown", h.terminals)
	}
	h.check(t)
}
