//go:build unix

package captures

import (
	"fmt"
	"path/filepath"
	"testing"
)

// TestRelay has each of both programs go on with the sessions of the other: the last run
// of every case of several. What it asks the model then must be what the original asks
// when it goes on with a session of its own. It needs a living original.
func TestRelay(t *testing.T) {
	if *peer == "" {
		t.Skip("needs -peer PROGRAM")
	}
	ours := filepath.Join(binaries, "codex")
	ds := loadDifferences(t)
	names, err := suites()
	check(t, err)
	for _, suite := range names {
		cases, err := loadCases(suite)
		check(t, err)
		for _, c := range cases {
			if len(c.Runs) < 2 || ds.leaves(c.Name) != "" {
				continue
			}
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				want := lastRequests(relay(t, c, *peer, *peer))
				for name, got := range map[string]any{
					"original after ours": lastRequests(relay(t, c, ours, *peer)),
					"ours after original": lastRequests(relay(t, c, *peer, ours)),
				} {
					at := fmt.Sprintf("runs[%d].requests", len(c.Runs)-1)
					for _, d := range ds.without(c.Name, compare(at, want, got)) {
						t.Errorf("%s: %s", name, d)
					}
				}
			})
		}
	}
}

func lastRequests(a *Answer) any {
	return plain(a.Runs[len(a.Runs)-1].Requests)
}
