package rules

import (
	"slices"
	"testing"

	"codex/pkg/execpolicy"
	"codex/pkg/execpolicy/ruledir"
)

// A rule that a session adds is read back as it was meant, whatever its words.
func TestLine(t *testing.T) {
	for _, argv := range [][]string{{"sed", "-n"}, {"/bin/bash", "-lc", "echo \"$x\" 'y' \\z\n\t\r\x01\x7f{a}"}, {"é", "日本", "\U0001f600", "f\"{x}\""}, {"", " "}} {
		rules, err := Parse("default.rules", ruledir.Line(argv))
		if err != nil {
			t.Errorf("%q: %v", argv, err)
			continue
		}
		m := execpolicy.NewPolicy(rules).Match(argv, false)
		if len(m) != 1 || m[0].Decision != execpolicy.Allow || !slices.Equal(m[0].Prefix, argv) {
			t.Errorf("%q: %v", argv, m)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("echo", "a\"\\\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		argv := []string{string([]rune(a)), string([]rune(b))} // words come as UTF-8
		rules, err := Parse("default.rules", ruledir.Line(argv))
		if err != nil || len(execpolicy.NewPolicy(rules).Match(argv, false)) != 1 {
			t.Errorf("%q: %v", argv, err)
		}
	})
}
