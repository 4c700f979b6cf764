package text

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
)

// samples are texts with every kind of block.
func samples(t testing.TB) []string {
	raw, err := os.ReadFile("testdata/sample.md")
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		string(raw),
		"", "\n\n", "a", "a\nb\n\n\nc", "- a\n- b\n\n- c\n\npara", "1. a\n   ```go\n   x := 1\n\n   y\n   ```\n2. b\n   more\nlazy\n\n3) c",
		"```\nopen", "~~~py\na\n~~~\nb", "| a | b |\n|---|:-:|\n| 1 | 2 |\ntext\n\nafter", "> a\nlazy\n> b\n\n> c", "Title\n===\ntext\n---\n",
		"    code\n\n    more\nafter", "[a]: http://x.y 'z'\n[b][a]", "* * *\n- - -\n+ x", "<b>html</b>\n<script>\n\n</script>", "# h\ntext\n## i ##\n#no",
		"&#27;[2J &lt;b&gt; \\*x\\* `&amp;`", "e\u0301 世界 👩\u200d🚀 \u202e x\x1b]52;c;AA\a", strings.Repeat("line of a paragraph that never ends\n", 500),
		strings.Repeat("word ", 4000), strings.Repeat("x", 40000), "```go\n" + strings.Repeat("func f() { return }\n\n", 500) + "```\nend", strings.Repeat("- item\n", 300),
		"- [ ]: a\n- [x]: b\n\t- tab\n", "|a|\n|-|\n" + strings.Repeat("|b|\n", 6000),
	}
}

// streamed draws src in pieces as cut says, looking at the tail between them, and gives
// the lines that became final.
func streamed(src string, width int, t *Theme, cut func(left int) int) []Line {
	s := NewStream(width, t)
	var out []Line
	most := 100
	if len(src) > 10000 {
		most = 5
	}
	for looks := 0; src != ""; looks++ {
		n := max(1, min(cut(len(src)), len(src)))
		out = append(out, s.Append(src[:n])...)
		if src = src[n:]; looks < most {
			s.Tail()
		}
	}
	return append(out, s.Finish()...)
}

func equalLines(a, b []Line) bool {
	return slices.EqualFunc(a, b, func(x, y Line) bool { return slices.Equal(x, y) })
}

func TestStreamIsTheWhole(t *testing.T) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, src := range samples(t) {
		for _, width := range []int{80, 20, 3, 1} {
			whole := Markdown(src, width, th)
			for i := range 2 {
				cut := func(int) int { return 1 + rnd.IntN(40) }
				if i == 0 {
					cut = func(int) int { return 1 }
				}
				if len(src) > 10000 {
					cut = func(int) int { return 1 + rnd.IntN(3000) }
				}
				if got := streamed(src, width, th, cut); !equalLines(got, whole) {
					t.Fatalf("%.60q at %d:\n%q\nwant\n%q", src, width, Strings(got), Strings(whole))
				}
			}
		}
	}
}

// TestTail holds that what is finished and what is not together are the text so far.
func TestTail(t *testing.T) {
	src := samples(t)[0]
	th := &Theme{}
	s := NewStream(60, th)
	var done []Line
	for i := range len(src) {
		done = append(done, s.Append(src[i:i+1])...)
		got := Strings(append(done[:len(done):len(done)], s.Tail()...))
		if want := Strings(Markdown(src[:i+1], 60, th)); !slices.Equal(got, want) {
			t.Fatalf("after %q:\n%q\nwant\n%q", src[:i+1], got, want)
		}
	}
}

// TestStreamIsBounded holds that a stream keeps no more than the block that is open.
func TestStreamIsBounded(t *testing.T) {
	th := &Theme{}
	for _, unit := range []string{"one line of a paragraph\n", "- an item\n", "> a quote\n", "x", "word ", "|a|b|\n|-|-|\n", "    code\n", "- item\n  more\n"} {
		for _, open := range []string{"", "```go\n", "- \n  ```\n  "} {
			s := NewStream(80, th)
			s.Append(open)
			piece := strings.Repeat(unit, 1000/len(unit)+1)
			for range 100 {
				s.Append(piece)
				if n := cap(s.partial) + cap(s.split.open.src) + len(s.out); n > 96<<10 {
					t.Fatalf("%q: keeps %d bytes", open+unit, n)
				}
			}
		}
	}
}

func TestReferences(t *testing.T) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	lines := Markdown("[docs]: https://example.com/d \"T\"\n\nRead the [docs].", 80, th)
	if got := Strings(lines); got[0] != `[docs]: https://example.com/d "T"` || got[2] != "Read the docs (https://example.com/d)." {
		t.Errorf("%q", got)
	}
}

func TestLinks(t *testing.T) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	th.Dir = "/home/me/w"
	for src, want := range map[string]string{
		"[https://good.example](https://evil.example)": "https://good.example (https://evil.example)",
		"[https://a.b](https://a.b)":                   "https://a.b",
		"[x](javascript:alert(1))":                     "x (javascript:alert(1))",
		"[f](/home/me/w/src/a.go#L3C4)":                "src/a.go:3:4",
		"[f](src/a.go:7)":                              "src/a.go:7",
		"![pic](https://a.b/c.png)":                    "pic (https://a.b/c.png)",
		"<https://a.b>":                                "https://a.b",
	} {
		if got := Markdown(src, 80, th)[0].String(); got != want {
			t.Errorf("%s: %q, want %q", src, got, want)
		}
	}
	line := Markdown("see https://a.b/c_(d). And (https://e.f).", 80, th)[0]
	var links []string
	for _, s := range line {
		if s.Link != "" {
			links = append(links, s.Link)
		}
	}
	if !slices.Equal(links, []string{"https://a.b/c_(d)", "https://e.f"}) {
		t.Errorf("%q", links)
	}
	for _, l := range Markdown("[x](javascript:alert) [y](https://a.b/\u202ec) [z](https://a.b/&#27;]8)", 80, th) {
		for _, s := range l {
			if s.Link != "" {
				t.Errorf("%q is a link", s.Link)
			}
		}
	}
}

func TestTables(t *testing.T) {
	src := "| Name | Value |\n|:--|--:|\n| a long name | 1 |\n| 世界 | 22 |"
	for width, want := range map[int]string{
		40: "┌─────────────┬───────┐|│ Name        │ Value │|├─────────────┼───────┤|│ a long name │     1 │|│ 世界        │    22 │|└─────────────┴───────┘",
		20: "┌──────────┬───────┐|│ Name     │ Value │|├──────────┼───────┤|│ a long   │     1 │|│ name     │       │|│ 世界     │    22 │|└──────────┴───────┘",
		10: "- Name: a|  long|  name|  Value: 1|- Name:|  世界|  Value:|  22",
	} {
		if got := strings.Join(Strings(Markdown(src, width, &Theme{})), "|"); got != want {
			t.Errorf("%d:\n%s", width, strings.ReplaceAll(got, "|", "\n"))
		}
	}
}

func FuzzStream(f *testing.F) {
	for _, s := range samples(f) {
		if len(s) < 3000 {
			f.Add(s, uint64(7), 40)
		}
	}
	f.Fuzz(func(t *testing.T, src string, seed uint64, width int) {
		width = 1 + abs(width)%120
		th, _ := NewTheme(Settings{Depth: Colors256})
		rnd := rand.New(rand.NewPCG(seed, 1))
		whole := Markdown(src, width, th)
		got := streamed(src, width, th, func(int) int { return 1 + rnd.IntN(20) })
		if !equalLines(got, whole) {
			t.Fatalf("%q:\n%q\nwant\n%q", src, Strings(got), Strings(whole))
		}
		for _, l := range whole {
			if w := l.Width(); w > width && w > 2 {
				t.Errorf("%q is %d columns wide at %d", l.String(), w, width)
			}
			if strings.ContainsAny(l.String(), "\x1b\n\r\t\u202e\u009b") {
				t.Errorf("%q reaches the terminal", l.String())
			}
		}
	})
}

// BenchmarkStream streams 5 MB in pieces of 16 bytes.
func BenchmarkStream(b *testing.B) {
	th, _ := NewTheme(Settings{Depth: TrueColor})
	for _, c := range []struct{ name, unit string }{
		{"markdown", samples(b)[0] + "\n"},
		{"paragraph", "line 000001 of the answer, padded to be sixty-four bytes lon\n"},
		{"code", "```go\n" + strings.Repeat("func f(a, b int) string { return \"x\" } // text\n", 20) + "```\n"},
	} {
		src := strings.Repeat(c.unit, 5_000_000/len(c.unit)+1)[:5_000_000]
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				s := NewStream(80, th)
				for i := 0; i < len(src); i += 16 {
					s.Append(src[i:min(len(src), i+16)])
				}
				s.Finish()
			}
		})
	}
}
