package tests

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMap holds that CONTRIBUTING.md names every package and every program, and no other,
// and that README.md names every program.
func TestMap(t *testing.T) {
	contributing, err := os.ReadFile("../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, top := range []string{"pkg", "cmd"} {
		err := filepath.WalkDir("../"+top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "testdata" {
				return filepath.SkipDir
			}
			if !d.IsDir() && strings.HasSuffix(path, ".go") {
				there[strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for dir := range there {
		if !strings.Contains(string(contributing), "| `"+dir+"` |") {
			t.Errorf("CONTRIBUTING.md does not have %s", dir)
		}
		if name, ok := strings.CutPrefix(dir, "cmd/"); ok && !strings.Contains(string(readme), "| `"+name+"` |") {
			t.Errorf("README.md does not have %s", name)
		}
	}
	for line := range strings.Lines(string(contributing)) {
		dir, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |")
		if ok && strings.HasPrefix(line, "| `") && !there[dir] {
			t.Errorf("CONTRIBUTING.md has %s, which is not there", dir)
		}
	}
}
