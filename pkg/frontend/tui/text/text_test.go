package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func wrapStrings(width int, lines ...string) []string {
	in := make([]Line, len(lines))
	for i, l := range lines {
		in[i] = Of(l, Style{})
	}
	return Strings(Wrap(in, width))
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		width int
		in    string
		want  []string
	}{
		{10, "", []string{""}},
		{10, "short", []string{"short"}},
		{10, "one two three four", []string{"one two", "three four"}},
		{10, "abcdefghijklm", []string{"abcdefghij", "klm"}},
		{10, "a abcdefghijklm", []string{"a", "abcdefghij", "klm"}},
		{10, "    indented words", []string{"    indent", "ed words"}},
		{14, "    indented words", []string{"    indented", "words"}},
		{4, "世界你好", []string{"世界", "你好"}},
		{3, "世界", []string{"世", "界"}},
		{1, "世a", []string{"世", "a"}},
		{2, "e\u0301e\u0301e\u0301", []string{"e\u0301e\u0301", "e\u0301"}},
		{1, "abc", []string{"a", "b", "c"}},
		{4, "ab  cd", []string{"ab", "cd"}},
		{5, "ab   ", []string{"ab   "}},
		{0, "ab", []string{"a", "b"}},
	} {
		if got := wrapStrings(c.width, c.in); !slices.Equal(got, c.want) {
			t.Errorf("Wrap(%q, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func TestWrapIndented(t *testing.T) {
	in := []Line{{{"one ", Style{}, ""}, {"two", Style{Attr: Bold}, ""}, {"three four", Style{}, ""}}}
	got := WrapIndented(in, 12, Of("- ", Style{}), Of("  ", Style{}))
	if want := []string{"- one", "  twothree", "  four"}; !slices.Equal(Strings(got), want) {
		t.Fatalf("%q", Strings(got))
	}
	if s := got[1][1]; s.Text != "two" || s.Style.Attr != Bold {
		t.Errorf("a word of two styles lost them: %+v", got[1])
	}
	if got := WrapIndented(in, 2, Of("- ", Style{}), Of("  ", Style{})); got[0].String() != "on" {
		t.Errorf("an indent as wide as the line: %q", Strings(got))
	}
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		got, want string
	}{
		{Clip("abc", 3), "abc"}, {Clip("abcd", 3), "ab…"}, {Clip("世界", 3), "世…"}, {Clip("ab", 0), ""},
		{ClipMiddle("/home/me/code/project", 11), "/home…oject"}, {ClipMiddle("abcdef", 2), "a…"},
		{ClipLine(Line{{"ab", Style{}, ""}, {"cdef", Style{}, ""}}, 4).String(), "abc…"},
		{Filled(Of("a", Style{}), 3, Style{}).String(), "a  "}, {Pad("世", 3), "世 "},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"a\tb":                              "a   b",
		"世\tb":                              "世  b",
		"\x1b]52;c;AAAA\a":                  "^[]52;c;AAAA^G",
		"a\r\nb":                            "a|b",
		"x\u202ey":                          "x<U+202E>y",
		"e" + strings.Repeat("\u0301", 500): "e" + strings.Repeat("\u0301", 31) + "…",
	} {
		if got := strings.Join(Clean(in), "|"); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	long := CleanLine(strings.Repeat("x", 10<<20))
	if len(long) > longestLine+100 || !strings.Contains(long, "… 10436608 bytes left out …") {
		t.Errorf("a line of 10 MiB: %d bytes", len(long))
	}
}

func TestOutput(t *testing.T) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	lines := th.Output("plain\n\x1b[31mred\nstill\x1b[0m not\n\x1b[38;5;208mx\x1b[48;2;1;2;3my\x1b[m\x1b[2J\n 10%\r 20%\r\na\tb", Style{Attr: Dim})
	want := []string{"plain", "red", "still not", "xy^[[2J", " 20%", "a   b"}
	if !slices.Equal(Strings(lines), want) {
		t.Fatalf("%q", Strings(lines))
	}
	if s := lines[2][0].Style; s.FG != Index(1) || s.Attr != Dim {
		t.Errorf("a colour ends with its line: %+v", s)
	}
	if s := lines[3][1].Style; s.FG != Index(208) || s.BG != RGB(1, 2, 3) {
		t.Errorf("extended colours: %+v", s)
	}
	none, _ := NewTheme(Settings{})
	if s := none.Output("\x1b[1;31mx", Style{})[0][0].Style; s != (Style{Attr: Bold}) {
		t.Errorf("without colours: %+v", s)
	}
}

func TestThemes(t *testing.T) {
	for _, name := range append(Palettes(), "") {
		for _, depth := range []Depth{NoColor, Colors16, Colors256, TrueColor} {
			th, ok := NewTheme(Settings{Depth: depth, BG: RGB(16, 16, 16), Syntax: name})
			if !ok {
				t.Errorf("no palette %q", name)
			}
			if depth == NoColor && (th.Accent.FG != Default || th.User.BG != Default || th.syntax[classKeyword].FG != Default) {
				t.Errorf("colours where there are none: %+v", th)
			}
		}
	}
	if _, ok := NewTheme(Settings{Syntax: "nosuch"}); ok {
		t.Error("an unknown palette is not told")
	}
	th, _ := NewTheme(Settings{Depth: Colors256, BG: RGB(250, 250, 250)})
	if n, ok := th.User.BG.Index(); !th.Light || !ok || n < 16 {
		t.Errorf("the user's rows on light: %+v", th.User)
	}
	if n, _ := (&Theme{Depth: Colors16}).Color(RGB(250, 10, 10)).Index(); n != 9 {
		t.Errorf("red is %d", n)
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two  世界 e\u0301 👩\u200d🚀", 7, 3)
	f.Add("    indented", 4, 0)
	f.Fuzz(func(t *testing.T, s string, width, cut int) {
		width = 1 + abs(width)%100
		s = CleanLine(s)
		line := Of(s, Style{})
		if n, _ := fit(s, abs(cut)%(1+len(s))); n > 0 && n < len(s) {
			line = Line{{s[:n], Style{}, ""}, {s[n:], Style{Attr: Bold}, ""}}
		}
		var got strings.Builder
		for _, l := range Wrap([]Line{line}, width) {
			if w := l.Width(); w > width && w > 2 {
				t.Errorf("%q is %d wide at %d", l.String(), w, width)
			}
			got.WriteString(l.String())
		}
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if squeeze(got.String()) != squeeze(s) {
			t.Errorf("Wrap(%q, %d) is %q", s, width, got.String())
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return max(-n, 0)
	}
	return n
}

func FuzzOutput(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m\r\n\x1b[38;5;1mx\x1b[2Jy\tz")
	f.Fuzz(func(t *testing.T, s string) {
		th, _ := NewTheme(Settings{Depth: Colors256})
		for _, lines := range [][]string{Strings(th.Output(s, Style{})), Clean(s)} {
			for _, l := range lines {
				if strings.ContainsAny(l, "\x1b\r\n\t\u009b") || !utf8.ValidString(l) || len(l) > 4*longestLine {
					t.Errorf("%q gives %q", s, l)
				}
			}
		}
	})
}
