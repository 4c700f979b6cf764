package shellwords

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
)

// testdata/quote.json holds scripts and the command lines that the original printed for
// them.
func TestJoin(t *testing.T) {
	b, err := os.ReadFile("testdata/quote.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ Scripts, Commands []string }
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range v.Scripts {
		got = append(got, Join([]string{"/bin/bash", "-c", s}))
	}
	slices.Sort(got)
	got = slices.Compact(got)
	slices.Sort(v.Commands)
	if !slices.Equal(got, v.Commands) {
		for _, g := range got {
			if !slices.Contains(v.Commands, g) {
				t.Errorf("printed %s, which the original did not", g)
			}
		}
		for _, w := range v.Commands {
			if !slices.Contains(got, w) {
				t.Errorf("did not print %s", w)
			}
		}
	}
	for in, want := range map[string]string{"ls -la": "'ls -la'", "echo it's": `"echo it's"`, `a\b`: `"a\\b"`, "a^b": `a'^b'`, "it's $5 `x`": "\"it's \"'$5 `x`'", "": "''"} {
		if got := Join([]string{in}); got != want {
			t.Errorf("Join(%q) = %s, want %s", in, got, want)
		}
	}
}
