package loop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestCommandsTold holds that each command is in codex-tui(1), and that a test types it.
func TestCommandsTold(t *testing.T) {
	const root = "../../../../"
	page, err := os.ReadFile(root + "man/codex-tui.1")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(root + "tests/tui/*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	var tests strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(b)
	}
	for _, c := range commands() {
		if !regexp.MustCompile(`(?m)^\.It .*/` + c.name + `\b`).Match(page) {
			t.Errorf("codex-tui(1) does not tell of /%s", c.name)
		}
		if !regexp.MustCompile(`/` + c.name + `\b`).MatchString(tests.String()) {
			t.Errorf("no test in tests/tui types /%s", c.name)
		}
	}
}
