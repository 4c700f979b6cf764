package shellwords

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		"a b":                   {"a", "b"},
		" a\t'b c' \"d\\\"e\" ": {"a", "b c", `d"e`},
		`a\ b 'c\'`:             {"a b", `c\`},
		"a # b":                 {"a"},
		"a#b '' \"\"":           {"a#b", "", ""},
		"a\\\nb":                {"ab"},
		`"a\b\\c"`:              {`a\b\c`},
		"":                      nil,
	} {
		if got, ok := Split(line); !ok || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %t", line, got, ok)
		}
	}
	for _, line := range []string{"a 'b", `a "b`, `a\`} {
		if got, ok := Split(line); ok {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// FuzzSplit holds that what is split can be written and read again, and that nothing is
// made up: the words' letters are those of the line.
func FuzzSplit(f *testing.F) {
	f.Add("a 'b c' \"d\\\"e\" f\\ g # h")
	f.Add("it's $5 `x` ^ \\\\ !")
	f.Fuzz(func(t *testing.T, line string) {
		words, ok := Split(line)
		if !ok {
			return
		}
		again, ok := Split(Join(words))
		if !ok || !slices.Equal(again, words) {
			t.Fatalf("%q: %q, and again %q from %s", line, words, again, Join(words))
		}
		at := 0
		for _, w := range words {
			for i := range len(w) {
				for at < len(line) && line[at] != w[i] {
					at++
				}
				if at == len(line) {
					t.Fatalf("%q has not the letters of %q", line, words)
				}
				at++
			}
		}
	})
}
