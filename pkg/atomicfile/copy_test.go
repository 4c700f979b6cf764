//go:build linux || darwin

package atomicfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCopy: a copy takes the place of what was there, with the mode of the copy; where
// another name leads there, and over a link, the file itself is written.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	from, to, other, link := filepath.Join(dir, "from"), filepath.Join(dir, "to"), filepath.Join(dir, "other"), filepath.Join(dir, "link")
	copied := func(at, text string) {
		t.Helper()
		check(t, os.WriteFile(from, []byte(text), 0o600))
		in, err := os.Open(from)
		check(t, err)
		defer in.Close()
		check(t, Copy(at, 0o751, in))
		holds(t, to, text)
		if m := stat(t, to).Mode & 0o777; m != 0o751 {
			t.Errorf("mode %o", m)
		}
	}
	copied(to, "new\n")
	before := stat(t, to).Ino
	copied(to, "another\n")
	if stat(t, to).Ino == before {
		t.Error("written in place")
	}
	check(t, os.Symlink("to", link))
	copied(link, strings.Repeat("over a link\n", 10000))
	check(t, os.Link(to, other))
	for _, text := range []string{"short", strings.Repeat("long\n", 50000), ""} {
		copied(to, text)
		holds(t, other, text)
	}
}
