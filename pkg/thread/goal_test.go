package thread

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReadGoal: the last event about the thread's own goal counts.
func TestReadGoal(t *testing.T) {
	const (
		id   = "01a22a10-e238-7270-a3dd-97b625d689d1"
		meta = `{"timestamp":"2026-11-29T08:49:38.254Z","type":"session_meta","payload":{"id":"` + id + `"}}` + "\n"
		set  = `{"timestamp":"2026-11-29T08:49:38.254Z","type":"event_msg","payload":{"type":"thread_goal_updated","threadId":"` + id + `","goal":{"threadId":"` + id + `","objective":"x","status":"active"}}}` + "\n"
		gone = `{"timestamp":"2026-11-29T08:49:38.254Z","type":"event_msg","payload":{"type":"thread_goal_cleared","threadId":"` + id + `"}}` + "\n"
		cut  = `{"timestamp":"2026-11-29T08:49:38.254Z","type":"compacted","payload":{"message":"","replacement_history":[]}}` + "\n"
		word = `{"timestamp":"2026-11-29T08:49:38.254Z","type":"response_item","payload":{"type":"thread_goal_cleared","threadId":"` + id + `"}}` + "\n"
		torn = `{"timestamp":"2026-11-29T08:49:38.254Z","type":"event_msg","payload":{"type":"thread_goal_cleared","thr`
	)
	for _, c := range []struct {
		text, id string
		want     bool
	}{{meta, id, false}, {meta + set, id, true}, {meta + set + gone, id, false}, {meta + gone + set, id, true}, {meta + set + cut, id, true},
		{meta + cut + set, id, true}, {meta + set, "another", false}, {meta + set + word + torn, id, true}} {
		path := filepath.Join(t.TempDir(), "s.jsonl")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		goal, err := ReadGoal(path, c.id)
		if err != nil || (goal != nil) != c.want {
			t.Errorf("%s: %v %v", c.text, goal, err)
		}
	}
}
