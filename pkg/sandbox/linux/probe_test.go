//go:build linux

package linux

import (
	"slices"
	"strings"
	"testing"

	"codex/pkg/policy"
)

// TestExplain holds that a layer which is missing is missed: what it alone holds is named.
func TestExplain(t *testing.T) {
	write := policy.Policy{FullDiskRead: true, Writable: []policy.Root{{Path: "/w"}}}
	for _, c := range []struct {
		name string
		has  Support
		pol  policy.Policy
		want []string // the words of each line
	}{
		{"all", Support{Spaces: true, Seccomp: true, Landlock: 7}, write, nil},
		{"nothing to hold", Support{}, policy.Policy{FullDiskRead: true, FullDiskWrite: true, Network: true}, nil},
		{"no Landlock", Support{Spaces: true, Seccomp: true}, write, []string{"FIFOs"}},
		{"an old Landlock", Support{Spaces: true, Seccomp: true, Landlock: 1}, write, []string{"FIFOs"}},
		{"no filter", Support{Spaces: true, Landlock: 2}, write, []string{"seccomp"}},
		{"the outer /proc", Support{Spaces: true, Seccomp: true, Landlock: 2, OuterProc: true}, write, []string{"/proc"}},
		{"Landlock alone", Support{Seccomp: true, Landlock: 3}, policy.Policy{FullDiskRead: true},
			[]string{"namespaces", "visible", "outlive", "signals"}},
		{"Landlock alone, to write", Support{Seccomp: true, Landlock: 6}, write,
			[]string{"namespaces", ".git", "modes", "visible", "outlive"}},
	} {
		got := c.has.Explain(c.pol, true)
		if !slices.EqualFunc(got, c.want, strings.Contains) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := (Support{Seccomp: true, Landlock: 6}).Explain(write, false); len(got) == 0 || !strings.Contains(got[0], "refused") {
		t.Errorf("not asked for: %q", got)
	}
}
