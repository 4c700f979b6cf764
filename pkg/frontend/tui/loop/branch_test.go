package loop

import (
	"context"
	"testing"
)

// TestBranchOfFolder holds that what is shown of a branch is of the folder of the thread on
// the screen, also where another thread was opened before there was an answer.
func TestBranchOfFolder(t *testing.T) {
	h := newHarness(t, 80, 20)
	h.chosen = map[string][]string{"status_line": {itemChanges, itemPull}}
	h.Branch = func(_ context.Context, dir string, pull bool) (Branch, error) {
		b := Branch{Changes: dir}
		if pull && dir == "/one" {
			b.Pull = "7"
		}
		return b, nil
	}
	answer := func() { (<-h.posts)() }
	h.state.Thread.Cwd = "/one"
	h.askBranch()
	answer()
	if s := h.statusLine(); s != "/one · PR #7" {
		t.Errorf("shown: %q", s)
	}
	h.askBranch()
	h.state.Thread.Cwd = "/two"
	h.askBranch()
	if s := h.statusLine(); s != "" {
		t.Errorf("of the folder before: %q", s)
	}
	answer()
	answer()
	if s := h.statusLine(); s != "/two" {
		t.Errorf("shown: %q", s)
	}
	m := h.join("agent", true)
	m.state.Thread.Cwd = "/three"
	h.in(m, h.askBranch)
	if s := h.statusLine(); s != "/two" || h.branches.asking {
		t.Errorf("of an agent that is not on the screen: %q", s)
	}
	h.check(t)
}
