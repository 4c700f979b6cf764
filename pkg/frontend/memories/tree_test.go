package memories

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/foreign"
)

// TestTree: what is read of a folder is regular files, no links and nothing hidden, and it is
// the same after it was written.
func TestTree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	want := tree{"MEMORY.md": []byte("x\n"), "skills/a/SKILL.md": []byte("\xff")}
	if err := want.write(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".hidden"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "skills", "etc")); err != nil {
		t.Skip("no links here:", err)
	}
	got, err := readTree(dir, nil)
	if err != nil || len(want.changes(got)) != 0 {
		t.Errorf("%v, %v", want.changes(got), err)
	}
	large := filepath.Join(dir, "skills", "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if _, err := readTree(dir, nil); !errors.Is(err, foreign.ErrTooLarge) {
		t.Error(err)
	}
	passed := ""
	got, err = readTree(dir, func(name string, _ error) { passed += name })
	if err != nil || len(want.changes(got)) != 0 || passed != "skills/large" {
		t.Errorf("%v, %v, passed over %q", want.changes(got), err, passed)
	}
	file := filepath.Join(t.TempDir(), "saved")
	if err := want.save(file); err != nil {
		t.Fatal(err)
	}
	if got, err = loadTree(file); err != nil || len(want.changes(got)) != 0 {
		t.Errorf("%v, %v", want.changes(got), err)
	}
	if got, err = loadTree(file + "not there"); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}

func TestDiff(t *testing.T) {
	from := tree{"a": []byte("1\n2\n"), "b": []byte("x\n"), "d": []byte("\xff")}
	to := tree{"a": []byte("1\n3\n"), "c": []byte("y\n"), "d": []byte("\xfe")}
	const want = "# Changes since memories were brought together\n\n- M a\n- D b\n- A c\n- M d\n\n```diff\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n--- a/b\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n--- /dev/null\n+++ b/c\n@@ -0,0 +1 @@\n+y\n--- a/d\n+++ b/d\n(not shown)\n\n```\n"
	if got := from.diff(to); got != want {
		t.Errorf("%s", got)
	}
	large := tree{"a": []byte(strings.Repeat("x\n", maxShownFile))}
	if got := from.diff(large); len(got) > maxDiff+1000 || !strings.Contains(got, "(not shown)") {
		t.Errorf("%d bytes", len(got))
	}
}
