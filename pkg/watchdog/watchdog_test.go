package watchdog

import (
	"slices"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	for in, want := range map[string][]int{ // those that may leave are below zero
		"":                                       nil,
		"+5\n":                                   {5},
		"+5\n+6\n-5\n":                           {6},
		"+5\n+5\n-5\n":                           nil,
		"-7\n":                                   nil,
		"+5\n+1\n+6\n":                           {5},
		"+5\n+0\n":                               {5},
		"+5\n+-6\n":                              {5},
		"+5\nnonsense\n+6\n":                     {5},
		"+5\n\n":                                 {5},
		"+5\n+6":                                 {5},
		"~5\n+6\n":                               {-5, 6},
		"~5\n+5\n":                               {5},
		"~5\n~6\n-5\n":                           {-6},
		"+5\n" + strings.Repeat("9", 100) + "\n": {5},
	} {
		var got []int
		Serve(strings.NewReader(in), func(g int) { got = append(got, g) }, func(groups []int) {
			for _, g := range groups {
				got = append(got, -g)
			}
		})
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
}

func FuzzServe(f *testing.F) {
	f.Add("+5\n-5\n+12\n~7\n")
	f.Fuzz(func(t *testing.T, in string) {
		kill := func(g int) {
			if g < 2 {
				t.Errorf("%q kills group %d", in, g)
			}
		}
		Serve(strings.NewReader(in), kill, func(groups []int) {
			for _, g := range groups {
				kill(g)
			}
		})
	})
}
