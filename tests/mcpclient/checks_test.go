//go:build linux

package mcpclient

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/tests/programs"
)

// TestChecks holds the table of what is promised of the Model Context Protocol, and where it
// is tested: every test in testdata/checks.json is there.
func TestChecks(t *testing.T) {
	b, err := os.ReadFile("testdata/checks.json")
	if err != nil {
		t.Fatal(err)
	}
	var table map[string]string
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	there := map[string]map[string]bool{}
	for what, where := range table {
		dir, name, _ := strings.Cut(where, " ")
		if there[dir] == nil {
			there[dir] = programs.Named(t, filepath.Join("..", "..", filepath.FromSlash(dir)))
		}
		if !there[dir][name] {
			t.Errorf("%s: there is no test %s", what, where)
		}
	}
}
