package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs the ten pipelines of README.md as they stand there, in order, in a copy
// of examples/demo with the scripted model.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(string(b), "\n## Ten pipelines\n")
	if !ok {
		t.Fatal("README.md has no section with ten pipelines")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var blocks [][]string
	inside := false
	for line := range strings.Lines(text) {
		code, ok := strings.CutPrefix(line, "    ")
		switch {
		case ok && inside:
			blocks[len(blocks)-1] = append(blocks[len(blocks)-1], strings.TrimSpace(code))
		case ok:
			blocks = append(blocks, []string{strings.TrimSpace(code)})
		}
		inside = ok
	}
	if len(blocks) != 10 {
		t.Errorf("%d pipelines, not ten", len(blocks))
	}
	d := newDesk(t)
	// What the pipelines of a reader would find: a change, and tests to run.
	for name, text := range map[string]string{
		"check.sh": "#!/bin/sh\nexit 0\n",
		"Makefile": "test:\n\t@echo tests pass\n",
	} {
		if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"git diff |":     "hello world",
		"codex exec --j": "hello world",
		"read -r url":    "response.completed",
		"codex-sandbox ": "tests pass",
		"echo \"what":    "",
		"jq -r":          "",
	}
	for _, block := range blocks {
		for _, command := range block {
			out, errs, status := d.bash(t, "set -o pipefail; "+command)
			if status != 0 {
				t.Errorf("status %d:\n    %s\n%s%s", status, command, tail(out), tail(errs))
			}
			for prefix, expect := range want {
				if strings.HasPrefix(command, prefix) && !strings.Contains(out, expect) {
					t.Errorf("no %q in the output:\n    %s\n%s%s", expect, command, tail(out), tail(errs))
				}
			}
		}
	}
}
