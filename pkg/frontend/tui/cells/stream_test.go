package cells

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

const answer = "Hello **you**.\n\n- one\n- two\n\n```sh\nls\n```\n\nThe end"

func equal(a, b []text.Line) bool {
	return slices.EqualFunc(a, b, func(x, y text.Line) bool { return slices.Equal(x, y) })
}

func rendered(s string, width int, t *text.Theme) []text.Line {
	return Render(Entry{Item: &protocol.AgentMessageItem{Text: s}}, width, t)
}

func TestStreamIsTheCell(t *testing.T) {
	th, _ := text.NewTheme(text.Settings{Depth: text.TrueColor})
	for _, width := range []int{80, 12, 4, 1} {
		s := NewStream(width, th)
		var got []text.Line
		for i := range len(answer) {
			got = append(got, s.Append(answer[i:i+1])...)
			s.Tail()
		}
		got = append(got, s.Finish(answer)...)
		if want := rendered(answer, width, th); !equal(got, want) {
			t.Errorf("at %d: %q, want %q", width, text.Strings(got), text.Strings(want))
		}
	}
}

func TestFinish(t *testing.T) {
	th := &text.Theme{}
	for arrived, want := range map[string][]text.Line{
		"Hello **y": rendered(answer, 40, th), // the rest was lost
		answer:      rendered(answer, 40, th),
		"":          rendered(answer, 40, th),
	} {
		s := NewStream(40, th)
		got := append(s.Append(arrived), s.Finish(answer)...)
		if !equal(got, want) {
			t.Errorf("%q: %q, want %q", arrived, text.Strings(got), text.Strings(want))
		}
	}
	s := NewStream(40, th)
	got := strings.Join(text.Strings(append(s.Append("Something else"), s.Finish("The answer")...)), "|")
	if got != "• Something else||  The completed message differs:||• The answer" {
		t.Errorf("%q", got)
	}
}

func FuzzStream(f *testing.F) {
	f.Add(answer, uint64(1), 30)
	f.Fuzz(func(t *testing.T, src string, seed uint64, width int) {
		width = 1 + max(width, -width, 0)%100
		rnd := rand.New(rand.NewPCG(seed, 2))
		th, _ := text.NewTheme(text.Settings{Depth: text.Colors16})
		s := NewStream(width, th)
		var got []text.Line
		for rest := src; rest != ""; {
			n := min(len(rest), 1+rnd.IntN(9))
			got = append(got, s.Append(rest[:n])...)
			s.Tail()
			rest = rest[n:]
		}
		got = append(got, s.Finish(src)...)
		if want := rendered(src, width, th); strings.TrimSpace(src) != "" && !strings.Contains(src, "]:") && !equal(got, want) { // see Stream
			t.Errorf("%q at %d: %q, want %q", src, width, text.Strings(got), text.Strings(want))
		}
	})
}
