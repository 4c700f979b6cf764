package loop

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestAgentUnread holds that an agent's question is put although the app-server did not answer
// at first whose thread it is, and that it is not asked about a thread of others again.
func TestAgentUnread(t *testing.T) {
	h := newHarness(t, 80, 20)
	h.engine.Shared = true
	ask := map[string]any{"threadId": "agent", "turnId": "u", "itemId": "c", "command": "touch asked"}
	h.line("item/commandExecution/requestApproval", 7, ask)
	answer := func(id int, member string, value any) {
		b, err := json.Marshal(map[string]any{"id": id, member: value})
		if err != nil {
			t.Fatal(err)
		}
		h.take(batch{lines: append(b, '\n')})
		h.frame()
	}
	answer(1, "error", map[string]any{"code": -32603, "message": "not now"})
	if m := h.team.find("agent"); !m.reading {
		t.Error("it is not asked again")
	}
	of := func(id, parent string) map[string]any {
		return map[string]any{"thread": map[string]any{"id": id, "agentNickname": "Alder", "source": map[string]any{"subAgent": map[string]any{"thread_spawn": map[string]any{"parent_thread_id": parent}}}}}
	}
	answer(2, "result", of("agent", "t"))
	if s := strings.Join(h.term.Screen(), "\n"); !strings.Contains(s, "Alder") || !strings.Contains(s, "$ touch asked") {
		t.Errorf("the question is not there:\n%s", s)
	}
	ask["threadId"] = "stranger"
	h.line("item/commandExecution/requestApproval", 8, ask)
	answer(3, "result", of("stranger", "another"))
	h.line("turn/started", 0, map[string]any{"threadId": "stranger", "turn": map[string]any{"id": "x"}})
	if m := h.team.find("stranger"); m.known || m.reading {
		t.Errorf("%+v", m)
	}
}

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
