package tools

import (
	"errors"
	"testing"

	"codex/pkg/patch"
)

// One entry a file, by path; the hunks of several updates stay.
func TestFileChange(t *testing.T) {
	item := fileChange("c", []patch.Change{
		{Path: "/w/z", Kind: "delete", Content: "z\n"},
		{Path: "/w/a", Kind: "update", UnifiedDiff: "@@ -1 +1 @@\n-1\n+2\n"},
		{Path: "/w/n", Kind: "add", Content: "n\n"},
		{Path: "/w/a", Kind: "update", UnifiedDiff: "@@ -5 +5 @@\n-5\n+6\n"},
	}, "completed")
	var got []string
	for _, c := range item.Changes {
		got = append(got, c.Path+" "+c.Kind.Type+" "+c.Diff)
	}
	want := []string{"/w/a update @@ -1 +1 @@\n-1\n+2\n@@ -5 +5 @@\n-5\n+6\n", "/w/n add n\n", "/w/z delete z\n"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
}

func TestHome(t *testing.T) {
	s := New(Options{BaseEnv: map[string]string{"HOME": "/home/u"}})
	for in, want := range map[string]string{"": "/w", "~": "/home/u", "~/x/../y": "/home/u/y", "~root": "/w/~root", "a/~": "/w/a/~", "/x/./y": "/x/y"} {
		if got := s.resolve("/w", in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := New(Options{}).resolve("/w", "~/x"); got != "/w/~/x" {
		t.Error(got)
	}
}

func TestNotStarted(t *testing.T) {
	for in, want := range map[string]string{
		"No such file or directory (os error 2)": `execution error: Io(Os { code: 2, kind: NotFound, message: "No such file or directory" })`,
		"Not a directory (os error 20)":          `execution error: Io(Os { code: 20, kind: NotADirectory, message: "Not a directory" })`,
		"something else":                         "execution error: start: something else",
	} {
		if got := notStarted(errors.New("start: " + in)); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}
