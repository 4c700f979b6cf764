//go:build linux

package mcpclient

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
	for what, where := range table {
		dir, name, _ := strings.Cut(where, " ")
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found = found || regexp.MustCompile(`(?m)^func `+regexp.QuoteMeta(name)+`\(`).Match(text)
		}
		if !found {
			t.Errorf("%s: there is no test %s", what, where)
		}
	}
}
