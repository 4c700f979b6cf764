package seatbelt

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codex/pkg/policy"
)

func TestScan(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"w/a.env", "w/d/e/b.env", "w/d/e/f/g/c.env", "w/d.env/inside", "w/x", "other/y.env", "w2/z.env"} {
		os.MkdirAll(filepath.Dir(filepath.Join(base, f)), 0o755)
		os.WriteFile(filepath.Join(base, f), nil, 0o600)
	}
	os.Symlink("w", filepath.Join(base, "link"))
	root := func(names ...string) []policy.Root {
		var out []policy.Root
		for _, n := range names {
			out = append(out, policy.Root{Path: filepath.Join(base, n)})
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		roots []policy.Root
		glob  string
		depth int
		want  []string
	}{
		{"below the root", root("w"), "w/**/*.env", 0, []string{"w/a.env", "w/d/e/b.env", "w/d/e/f/g/c.env", "w/d.env"}},
		{"so deep", root("w"), "w/**/*.env", 3, []string{"w/a.env", "w/d/e/b.env", "w/d.env"}},
		{"one level", root("w"), "w/**/*.env", 1, []string{"w/a.env", "w/d.env"}},
		{"above the roots", root("w", "w/d", "w2"), "**/z.env", 0, []string{"w2/z.env"}},
		{"nothing can be moved", root("w"), "other/*.env", 0, nil},
		{"by a link", []policy.Root{{Path: filepath.Join(base, "w"), Aliases: []string{filepath.Join(base, "link")}}}, "link/**/c.env", 0, []string{"w/d/e/f/g/c.env"}},
		{"nothing there", root("w"), "w/no/*", 0, nil},
	} {
		pol := policy.Policy{FullDiskRead: true, Writable: tt.roots, DeniedGlobs: []string{filepath.Join(base, tt.glob)}, GlobDepth: tt.depth}
		got, err := Scan(pol)
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], base+"/")
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	for i := range maxMatches {
		os.WriteFile(filepath.Join(base, "w", fmt.Sprint(i, ".env")), nil, 0o600)
	}
	if _, err := Scan(policy.Policy{Writable: root("w"), DeniedGlobs: []string{base + "/w/**/*.env"}}); !errors.Is(err, ErrMatches) {
		t.Error(err)
	}
}
