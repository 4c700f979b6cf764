package tools

import (
	"fmt"
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"
)

func seq(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

// The cases are those of the original.
func TestFormatOutput(t *testing.T) {
	for _, c := range []struct {
		n, tokens  int
		head, tail string
	}{
		{20000, 100, "Total output lines: 20000\n\n1\n2\n", "20000\n"},
		{2000, 0, "Total output lines: 2000\n\n…2224 tokens truncated…", ""},
		{2000, 1, "Total output lines: 2000\n\n1\n…2223 tokens truncated…0\n", ""},
	} {
		var e ends
		e.write([]byte(seq(c.n)))
		got := formatOutput(valid(e.bytes()), c.tokens, e.total, e.lineCount())
		if !strings.HasPrefix(got, c.head) || !strings.HasSuffix(got, c.tail) {
			t.Errorf("seq %d at %d tokens gave %.80q…", c.n, c.tokens, got)
		}
	}
	var e ends
	e.write([]byte(seq(20000)))
	if got := formatOutput(valid(e.bytes()), 100, e.total, e.lineCount()); !strings.Contains(got, "…27124 tokens truncated…") || tokenCount(e.total) != 27224 {
		t.Errorf("wrong counts in %.300q", got)
	}
	if got := valid([]byte("a\xff\xfeb\x00c")); got != "a��b\x00c" {
		t.Errorf("valid = %q", got)
	}
	if got := valid([]byte("\xe6\x97x\xf0\x9f\x98")); got != "�x�" {
		t.Errorf("one mark for each maximal bad sequence, got %q", got)
	}
}

func TestEndsKeepsHeadAndTail(t *testing.T) {
	f := func(chunks [][]byte, big uint8) bool {
		var e ends
		var all []byte
		for i, c := range chunks {
			if i == 0 {
				c = append(c, make([]byte, int(big)*9000)...)
			}
			e.write(c)
			all = append(all, c...)
		}
		got := e.bytes()
		if e.total != int64(len(all)) {
			return false
		}
		if len(all) <= 2*half {
			return string(got) == string(all)
		}
		return string(got[:half]) == string(all[:half]) && string(got[half:]) == string(all[len(all)-half:])
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}

func TestSplitKeepsCharactersWhole(t *testing.T) {
	text := strings.Repeat("é日本😀", 500)
	for budget := range 200 {
		h, tl := split(text, budget)
		if !utf8.ValidString(h) || !utf8.ValidString(tl) || len(h)+len(tl) > budget {
			t.Fatalf("budget %d: %d + %d bytes", budget, len(h), len(tl))
		}
	}
}

func TestShortSeconds(t *testing.T) {
	for ms, want := range map[int]string{0: "0", 40: "0", 60: "0.1", 400: "0.4", 1600: "1.6", 2000: "2"} {
		if got := shortSeconds(msDuration(ms)); got != want {
			t.Errorf("%d ms = %s, want %s", ms, got, want)
		}
	}
}
