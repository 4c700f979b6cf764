//go:build linux

package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// live are the rows of what runs and of all below it, one blank row for several; nil when
// nothing runs.
func live(rows []string) []string {
	for i := len(rows) - 1; i >= 0; i-- {
		if strings.HasPrefix(rows[i], "• Running ") {
			return slices.CompactFunc(slices.Clone(rows[i:]), func(a, b string) bool { return a == "" && b == "" })
		}
	}
	return nil
}

// TestResizedInTurn holds that the frame of a turn that runs is, after a resize, the one that
// is drawn at that size at once, with the cursor where it is there; that nothing of the frame
// before stays on the screen; and that what is finished is in the scrollback once.
func TestResizedInTurn(t *testing.T) {
	work := workStates()
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			o, other := work.options, [2]int{200 - size[0], 64 - size[1]}
			o.cols, o.rows = size[0], size[1]
			p := startPane(t, o, work.furnish)
			for _, st := range work.states[:4] {
				p.enter(&st)
				if st.name == "" {
					continue
				}
				p.liveAs(&st, size, -1)
				at := p.cursor()
				p.redrawn(other[0], other[1])
				p.liveAs(&st, other, -1)
				if st.name == work.states[3].name { // the last: what was drawn at no size of its own may stay
					for _, between := range [][2]int{{50, 12}, {200, 50}, {33, 9}} {
						p.resize(between[0], between[1])
					}
				}
				p.redrawn(size[0], size[1])
				p.liveAs(&st, size, at)
			}
			write(t, filepath.Join(p.work, "go"), "")
			p.see("And the queued one.")
			all := p.all()
			for _, text := range []string{"› do the work", "• I look around.", "• Updated Plan", "• Explored", "• Ran while", "All done.", "And the queued one."} {
				if n := count(all, text); n != 1 {
					t.Errorf("%q is there %d times", text, n)
				}
			}
		})
	}
}

// cursor is how far the cursor is from the last row that has something in it.
func (p *pane) cursor() int {
	p.t.Helper()
	var row int
	if _, err := fmt.Sscan(p.tmux("display-message", "-p", "-t", "main", "#{cursor_y}"), &row); err != nil {
		p.t.Fatal(err)
	}
	return len(p.screen()) - 1 - row
}

// liveAs waits until what is live is that of the state's file for a size, with the cursor as
// far above the last row as at; where that is negative, with no other frame on the screen.
func (p *pane) liveAs(st *state, size [2]int, at int) {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "states", fmt.Sprintf("%s-%dx%d.txt", st.name, size[0], size[1])))
	if err != nil {
		p.t.Fatal(err)
	}
	want := live(strings.Split(strings.TrimRight(string(b), "\n"), "\n"))
	if want == nil {
		p.t.Fatalf("nothing runs in %s", st.name)
	}
	p.until(fmt.Sprintf("%s at %dx%d:\n%s", st.name, size[0], size[1], strings.Join(want, "\n")), func(screen []string) bool {
		screen = p.normal(screen)
		return slices.Equal(live(screen), want) && (at >= 0 && p.cursor() == at || at < 0 && count(screen, "• esc to interrupt)") == 1)
	})
}
