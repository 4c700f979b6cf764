package loop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/frontend/tui/composer"
)

// TestStoredOnce: a message to a turn that ends before it takes it begins the next one, and
// stands in history.jsonl once.
func TestStoredOnce(t *testing.T) {
	h := newHarness(t, 80, 24)
	h.Config.History.Persistence = ""
	h.line("turn/started", 0, map[string]any{"threadId": "t", "turn": map[string]any{"id": "u"}})
	h.composer.Restore(composer.DraftOf("again"))
	h.submit()
	if len(h.steers) != 1 {
		t.Fatalf("%d messages wait", len(h.steers))
	}
	asked := h.asked
	h.line("turn/completed", 0, map[string]any{"threadId": "t", "turn": map[string]any{"id": "u", "status": "completed"}})
	if h.asked != asked+1 {
		t.Error("no turn began")
	}
	h.wg.Wait()
	b, err := os.ReadFile(filepath.Join(h.Config.Home, "history.jsonl"))
	if err != nil || strings.Count(string(b), "again") != 1 {
		t.Errorf("%q, %v", b, err)
	}
}
