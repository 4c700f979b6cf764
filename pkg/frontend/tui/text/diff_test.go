package text

import (
	"slices"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	diff := "--- a/x.go\n+++ b/x.go\n@@ -9,3 +9,3 @@ func f() {\n a\n--- b\n+++ c\n \n@@ -100 +100,2 @@\n x := \"y\"\n+\tz\n\\ No newline at end of file\n"
	d := ParseDiff("x.go", diff)
	var got []string
	for _, l := range Strings(d.Lines(th, 16, 0)) {
		got = append(got, strings.TrimRight(l, " "))
	}
	if want := []string{"  9  a", " 10 --- b", " 10 +++ c", " 11", "    ⋮", `100  x := "y"`, "101 +    z"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if d.Added != 2 || d.Deleted != 1 {
		t.Errorf("+%d -%d", d.Added, d.Deleted)
	}
	lines := d.Lines(th, 40, 0)
	if s := lines[5][2:]; s[0].Style.FG != Default || s.String() != `x := "y"` || s[len(s)-1].Style.FG == Default {
		t.Errorf("a string without colour: %+v", s)
	}
	if bg := lines[1][2].Style.BG; bg != th.Deleted.BG {
		t.Errorf("no background: %+v", lines[1])
	}
}

func TestWholeFile(t *testing.T) {
	d := WholeFile("a.txt", strings.Repeat("line\n", 100), '+')
	lines := Strings(d.Lines(&Theme{}, 20, 10))
	if d.Added != 100 || len(lines) != 11 || lines[5] != "    … +90 rows" || lines[10] != "100 +line" {
		t.Errorf("%d %q", d.Added, lines)
	}
	if n := len(WholeFile("a", "", '-').Lines(&Theme{}, 20, 0)); n != 0 {
		t.Errorf("an empty file has %d rows", n)
	}
}

func TestHighlight(t *testing.T) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	for _, language := range []string{"go", "python", "rust", "sh", "main.c", "src/x.tsx", "json", "yaml", "Dockerfile", "html", "cpp", "c#", "js,ignore", "php", "sql", "toml", "proto", "diff.zig", strings.Repeat("é", 80) + ".go"} {
		lines := th.Highlight(language, "if x == \"a string\" { return 42 } // then\nSELECT 1;\n<b class=\"x\">\n")
		coloured := false
		for _, l := range lines {
			for _, s := range l {
				coloured = coloured || s.Style.FG != Default
			}
		}
		if !coloured || len(lines) != 3 {
			t.Errorf("%s: %v", language, lines)
		}
	}
	if got := th.Highlight("nosuch", "a\x1b[2Jb"); got[0].String() != "a^[[2Jb" {
		t.Errorf("%v", got)
	}
}

func FuzzHighlight(f *testing.F) {
	f.Add("go", "func f() { /* x\n*/ }\n")
	f.Add("html", "<script>let a = `${b}`</script><style>a{b:c}</style>")
	f.Add("bash", "cat <<E\nx\nE\n")
	f.Fuzz(func(t *testing.T, language, code string) {
		th, _ := NewTheme(Settings{Depth: TrueColor})
		got, want := Strings(th.Highlight(language, code)), Clean(code)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: %q gives %q", language, code, got)
		}
	})
}

func FuzzDiff(f *testing.F) {
	f.Add("@@ -1,2 +1,2 @@\n a\n-b\n+c\n", 10)
	f.Fuzz(func(t *testing.T, diff string, width int) {
		th, _ := NewTheme(Settings{Depth: Colors256})
		width = 1 + abs(width)%100
		for _, l := range ParseDiff("x.py", diff).Lines(th, width, 50) {
			if strings.ContainsAny(l.String(), "\x1b\n\r\t") || width > 20 && l.Width() > width {
				t.Errorf("%q at %d: %q", diff, width, l)
			}
		}
	})
}

func BenchmarkHighlight(b *testing.B) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	code := strings.Repeat("func (t *Theme) Highlight(language, code string) []Line { return nil } // x\n", 10)
	b.SetBytes(int64(len(code)))
	for b.Loop() {
		th.Highlight("go", code)
	}
}

// TestNamed holds that a file's name finds the lexer that chroma's registry finds, which takes
// longer.
func TestNamed(t *testing.T) {
	for _, l := range lexers().Lexers {
		for _, pattern := range l.Config().Filenames {
			for _, ending := range []string{"", ".bak", ".in", "~"} {
				file := strings.NewReplacer("*", "x", "[bp]", "b", "[345]", "4").Replace(pattern) + ending
				if got, want := named(file), lexers().Match(file); got != want {
					t.Errorf("%s: %v, want %v", file, got.Config().Name, want.Config().Name)
				}
			}
		}
	}
	for _, word := range lexers().Names(true) {
		if word = strings.ToLower(word); aliases[word] == "" && !strings.Contains(word, ".") && lexerFor(word) != lexers().Get(word) {
			t.Errorf("%s: %v, want %v", word, lexerFor(word), lexers().Get(word))
		}
	}
	if named("x.nosuch") != nil {
		t.Error("a file of no language has a lexer")
	}
}
