package screen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"codex/pkg/frontend/tui/text"
	"codex/tests/tui/vt"
)

func plain(s ...string) []text.Line {
	var out []text.Line
	for _, l := range s {
		out = append(out, text.Of(l, text.Style{}))
	}
	return out
}

// model is what a terminal has to show: finished lines, and the viewport below.
type model struct {
	finished []string
	view     []string
}

func (m *model) check(t *testing.T, term *vt.Terminal, s *Screen) {
	t.Helper()
	if len(term.Strange) > 0 {
		t.Fatalf("the terminal was sent %q", term.Strange)
	}
	all := term.All()
	for len(all) > 0 && all[len(all)-1] == "" && len(all) > len(m.finished)+len(m.view) {
		all = all[:len(all)-1]
	}
	if want := append(slices.Clone(m.finished), m.view...); !slices.Equal(all, want) {
		t.Fatalf("the terminal has\n%q, want\n%q", all, want)
	}
}

func TestDraw(t *testing.T) {
	term := vt.New(20, 6)
	s := New(term, 20, 6, 0)
	m := &model{}
	draw := func(finished, view []string) {
		t.Helper()
		if err := s.Draw(plain(finished...), plain(view...), Cursor{}); err != nil {
			t.Fatal(err)
		}
		m.finished, m.view = append(m.finished, finished...), view
		m.check(t, term, s)
	}
	draw(nil, []string{">"})
	draw([]string{"one"}, []string{"> a"})
	draw([]string{"two", "three", "four", "five", "six", "seven", "eight"}, []string{"> ab", "foot"})
	draw(nil, []string{"run", "> ab", "foot"}) // grows
	draw(nil, []string{"> ab"})                // shrinks
	draw([]string{"a row of the width ok"[:20]}, []string{"> abc", "01234567890123456789"})
	if x, y := term.Cursor(); x != 0 || y != s.Top() {
		t.Errorf("the cursor is at %d,%d", x, y)
	}
}

// TestNothing holds that a frame in which nothing has changed writes nothing, and one
// with one more letter little.
func TestNothing(t *testing.T) {
	var b strings.Builder
	s := New(&b, 80, 24, 0)
	view := plain("status", "> a", "foot")
	if err := s.Draw(nil, view, Cursor{Row: 1, Col: 3}); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	if err := s.Draw(nil, plain("status", "> a", "foot"), Cursor{Row: 1, Col: 3}); err != nil || b.Len() != 0 {
		t.Errorf("%v: %q", err, b.String())
	}
	if err := s.Draw(nil, plain("status", "> ab", "foot"), Cursor{Row: 1, Col: 4}); err != nil || b.Len() > 40 {
		t.Errorf("%v: %q", err, b.String())
	}
}

// TestAlternate holds that a page leaves the main screen as it was.
func TestAlternate(t *testing.T) {
	term := vt.New(20, 6)
	s := New(term, 20, 6, 0)
	m := &model{finished: []string{"one", "two"}, view: []string{"> a", "foot"}}
	if err := s.Draw(plain(m.finished...), plain(m.view...), Cursor{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Enter(); err != nil {
		t.Fatal(err)
	}
	if err := s.Draw(nil, plain("page", "x"), Cursor{Hidden: true}); err != nil {
		t.Fatal(err)
	}
	if got := term.Screen()[:3]; !slices.Equal(got, []string{"page", "x", ""}) {
		t.Errorf("%q", got)
	}
	if resized, err := s.Leave(); resized || err != nil {
		t.Error(resized, err)
	}
	m.check(t, term, s)
	if err := s.Draw(plain("three"), plain(m.view...), Cursor{}); err != nil {
		t.Fatal(err)
	}
	m.finished = append(m.finished, "three")
	m.check(t, term, s)
}

// TestPageFirst holds that a page which is shown before it is known where the cursor was is
// drawn from the first row, and the viewport begins where that was.
func TestPageFirst(t *testing.T) {
	term := vt.New(20, 6)
	_, _ = term.Write([]byte("one\r\ntwo\r\nthree\r\n"))
	s := New(term, 20, 6, 0)
	if err := s.Enter(); err != nil {
		t.Fatal(err)
	}
	s.Begin(3)
	if err := s.Draw(nil, plain("page", "x"), Cursor{Hidden: true}); err != nil {
		t.Fatal(err)
	}
	if got := term.Screen()[:2]; !slices.Equal(got, []string{"page", "x"}) {
		t.Errorf("%q", got)
	}
	if _, err := s.Leave(); err != nil {
		t.Fatal(err)
	}
	m := &model{finished: []string{"one", "two", "three"}, view: []string{"> a", "foot"}}
	if err := s.Draw(nil, plain(m.view...), Cursor{}); err != nil {
		t.Fatal(err)
	}
	m.check(t, term, s)
}

// TestPageSmaller holds that a page keeps its last row when the terminal becomes smaller.
func TestPageSmaller(t *testing.T) {
	term := vt.New(20, 6)
	s := New(term, 20, 6, 0)
	if err := s.Enter(); err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{6, 3} {
		term.Resize(20, rows)
		s.Resize(20, rows)
		view := []string{"one", "two", "three", "four", "five", "six"}[:rows]
		if err := s.Draw(nil, plain(view...), Cursor{Hidden: true}); err != nil {
			t.Fatal(err)
		}
		if got := term.Screen(); !slices.Equal(got, view) {
			t.Errorf("%q", got)
		}
	}
}

// TestAnchorHidden holds that the viewport is found again though its cursor is not shown.
func TestAnchorHidden(t *testing.T) {
	term := vt.New(20, 8)
	s := New(term, 20, 8, 0)
	m := &model{finished: []string{"one", "two", "three"}, view: []string{"list", "a", "b"}}
	if err := s.Draw(plain(m.finished...), plain(m.view...), Cursor{Row: -1, Hidden: true}); err != nil {
		t.Fatal(err)
	}
	_, y := term.Cursor()
	s.Resize(20, 8)
	s.Anchor(y, true)
	m.view = []string{"list", "c"}
	if err := s.Draw(nil, plain(m.view...), Cursor{Hidden: true}); err != nil {
		t.Fatal(err)
	}
	m.check(t, term, s)
}

// FuzzDraw draws random frames, with resizes between them, and holds that every finished
// line is there once, in its order, and the viewport at the end.
func FuzzDraw(f *testing.F) {
	f.Add(uint64(1), uint64(2))
	f.Add(uint64(3), uint64(5))
	f.Fuzz(func(t *testing.T, a, b uint64) {
		r := rand.New(rand.NewPCG(a, b))
		cols, rows := 4+r.IntN(40), 3+r.IntN(12)
		term := vt.New(cols, rows)
		s := New(term, cols, rows, 0)
		m := &model{}
		words := []string{"", "a", "word", "日本語", "e\u0301", "👩‍👩‍👧", "long long row of words", strings.Repeat("x", 100)}
		line := func(n int) string {
			s := fmt.Sprintf("%d ", n) + words[r.IntN(len(words))]
			return strings.TrimRight(text.Clip(s, cols), " ")
		}
		for n := range 40 {
			var finished, view []string
			for range r.IntN(4) * r.IntN(rows) {
				finished = append(finished, line(n))
			}
			for range 1 + r.IntN(s.MaxView()) {
				view = append(view, line(n))
			}
			c := Cursor{Row: r.IntN(len(view)), Col: r.IntN(cols)}
			if err := s.Draw(plain(finished...), plain(view...), c); err != nil {
				t.Fatal(err)
			}
			m.finished, m.view = append(m.finished, finished...), view
			m.check(t, term, s)
			if x, y := term.Cursor(); y != s.Top()+c.Row || x != c.Col {
				t.Fatalf("the cursor is at %d,%d, not %d,%d", x, y, c.Col, s.Top()+c.Row)
			}
		}
	})
}
