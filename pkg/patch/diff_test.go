package patch

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// keepLines cuts text into lines that keep their newline.
func keepLines(text string) []string {
	var out []string
	l := splitText([]byte(text))
	for i := range l.len() {
		out = append(out, string(l.at(i)))
	}
	return out
}

// patched carries a unified diff out, and checks its line numbers and counts.
func patched(old, diff string) (string, error) {
	src := keepLines(old)
	var out []string
	at := 0
	lines := keepLines(diff)
	for len(lines) > 0 {
		var a, an, b, bn int
		if n, _ := fmt.Sscanf(lines[0], "@@ -%d,%d +%d,%d @@", &a, &an, &b, &bn); n == 4 {
		} else if n, _ := fmt.Sscanf(lines[0], "@@ -%d +%d,%d @@", &a, &b, &bn); n == 3 {
			an = 1
		} else if n, _ := fmt.Sscanf(lines[0], "@@ -%d,%d +%d @@", &a, &an, &b); n == 3 {
			bn = 1
		} else if n, _ := fmt.Sscanf(lines[0], "@@ -%d +%d @@", &a, &b); n == 2 {
			an, bn = 1, 1
		} else {
			return "", fmt.Errorf("bad hunk header %q", lines[0])
		}
		lines = lines[1:]
		if an > 0 {
			a--
		}
		if bn > 0 {
			b--
		}
		if a < at || a > len(src) {
			return "", fmt.Errorf("hunk starts at %d, after %d of %d", a, at, len(src))
		}
		out = append(out, src[at:a]...)
		at = a
		if len(out) != b {
			return "", fmt.Errorf("new start is %d, says %d", len(out), b)
		}
		for len(lines) > 0 && lines[0][0] != '@' {
			text := lines[0][1:]
			if len(lines) > 1 && lines[1][0] == '\\' {
				text = strings.TrimSuffix(text, "\n")
				lines = append([]string{lines[0]}, lines[2:]...)
			}
			if mark := lines[0][0]; mark != '+' {
				if at >= len(src) || src[at] != text {
					return "", fmt.Errorf("old line %d is not %q", at, text)
				}
				at++
				an--
				if mark == ' ' {
					out = append(out, text)
					bn--
				}
			} else {
				out = append(out, text)
				bn--
			}
			lines = lines[1:]
		}
		if an != 0 || bn != 0 {
			return "", fmt.Errorf("counts are off by %d, %d", an, bn)
		}
	}
	return strings.Join(append(out, src[at:]...), ""), nil
}

func TestUnifiedDiffLeadsToNew(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	text := func(max, alphabet int) string {
		var b strings.Builder
		for range rnd.Intn(max + 1) {
			fmt.Fprintf(&b, "%d\n", rnd.Intn(alphabet))
		}
		s := b.String()
		if rnd.Intn(4) == 0 {
			s = strings.TrimSuffix(s, "\n")
		}
		return s
	}
	for i := range 20000 {
		old, new := text(1+i%30, 1+i%7), text(1+i%17, 1+i%7)
		for _, context := range []int{0, 1, 3} {
			diff := UnifiedDiff([]byte(old), []byte(new), context)
			got, err := patched(old, diff)
			if err != nil || got != new {
				t.Fatalf("old %q new %q context %d:\n%sgives %q, %v", old, new, context, diff, got, err)
			}
		}
	}
}

// Past maxCost the diff need not be minimal, but right.
func TestUnifiedDiffOfLargeTexts(t *testing.T) {
	rnd := rand.New(rand.NewSource(1))
	for _, size := range [][2]int{{6000, 6000}, {1, 5000}, {5000, 1}, {3000, 9000}} {
		for _, alphabet := range []int{2, 50, 1 << 30} {
			text := func(n int) string {
				var b strings.Builder
				for range n {
					fmt.Fprintf(&b, "%d\n", rnd.Intn(alphabet))
				}
				return b.String()
			}
			old, new := text(size[0]), text(size[1])
			got, err := patched(old, UnifiedDiff([]byte(old), []byte(new), 3))
			if err != nil || got != new {
				t.Fatalf("%v of %d: %v", size, alphabet, err)
			}
		}
	}
}

// What the original sends for these.
func TestUnifiedDiffText(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"a\n", "a\n", ""},
		{"hello\n", "bye\n", "@@ -1 +1 @@\n-hello\n+bye\n"},
		{"", "x\n", "@@ -0,0 +1 @@\n+x\n"},
		{"a\nb\nc\n", "", "@@ -1,3 +0,0 @@\n-a\n-b\n-c\n"},
		{"a\nb", "A\nb\n", "@@ -1,2 +1,2 @@\n-a\n-b\n\\ No newline at end of file\n+A\n+b\n"},
		{"b\n", "b\nb\n", "@@ -1 +1,2 @@\n b\n+b\n"},
		{"b\nb\nb\nb\nc\n", "b\nb\nb\nc\n", "@@ -3,3 +3,2 @@\n b\n-b\n c\n"},
		{"c\na\nb\n", "c\na\nc\na\nc\nb\n", "@@ -2,2 +2,5 @@\n a\n+c\n+a\n+c\n b\n"},
		{"c\na\na\nb\na\n", "c\nc\na\nb\na\n", "@@ -1,3 +1,3 @@\n c\n-a\n+c\n a\n"},
		{"c\nb\na\nb\nb\na\nb\na\nb\nc\n", "c\nc\nb\na\na\nb\nb\na\nb\na\nc\n",
			"@@ -1,4 +1,6 @@\n c\n+c\n b\n a\n+a\n b\n@@ -8,3 +10,2 @@\n a\n-b\n c\n"},
		// The original has -4,2 +4,3 here, which its own lines belie.
		{"a\nc\nc\nc\nb\nc\n", "a\nc\nc\nc\nc\nc\n", "@@ -4,3 +4,3 @@\n c\n-b\n c\n+c\n"},
	} {
		if got := UnifiedDiff([]byte(c.old), []byte(c.new), 1); got != c.want {
			t.Errorf("%q to %q:\n got %q\nwant %q", c.old, c.new, got, c.want)
		}
	}
}

func BenchmarkUnifiedDiff(b *testing.B) {
	var old, new, other strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&old, "line %d\n", i)
		if i%100 == 7 {
			fmt.Fprintf(&new, "changed %d\n", i)
		} else {
			fmt.Fprintf(&new, "line %d\n", i)
		}
		fmt.Fprintf(&other, "other %d\n", i)
	}
	b.Run("scattered", func(b *testing.B) {
		for b.Loop() {
			UnifiedDiff([]byte(old.String()), []byte(new.String()), 1)
		}
	})
	b.Run("nothing in common", func(b *testing.B) {
		for b.Loop() {
			UnifiedDiff([]byte(old.String()), []byte(other.String()), 1)
		}
	})
}
