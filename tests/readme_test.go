package tests

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs what README.md says in "Ten pipelines" as it stands there, in order: what
// makes a place to try them in, and the pipelines, with nothing of ours on PATH but codex.
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
	blocks := codeBlocks(text)
	if len(blocks) != 11 {
		t.Fatalf("%d blocks, not one and ten pipelines", len(blocks))
	}
	d := newDesk(t)
	here, home, err := settle(t, d, blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	d.dir = here
	d.env = append(d.env, "CODEX_HOME="+home)
	if err := os.WriteFile(filepath.Join(d.dir, "Makefile"), []byte("test:\n\t@echo tests pass\n"), 0o600); err != nil {
		t.Fatal(err) // the tests that a reader's own project would have
	}
	settings := filepath.Join(home, "config.toml")
	start, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"git diff ":      "hello world",
		"codex exec --j": "hello world",
		"read -r url":    "response.completed",
		"codex sandbox ": "tests pass",
	}
	for i, block := range blocks[1:] {
		if now, err := os.ReadFile(settings); err != nil || string(now) != string(start) {
			t.Errorf("before %q the folder has rights that a pipeline left: %s, %v", block, now, err)
		}
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
			if i == 9 && !strings.Contains(errs, " is trusted from now on") {
				t.Errorf("the last one does not say that it is trusted:\n%s", errs)
			}
		}
	}
	if out, _, _ := d.bash(t, "sh greet.sh"); out != "hello world\n" {
		t.Errorf("after the repair greet.sh says %q", out)
	}
}

// settle follows the block that makes a place to work in, from the top of the repository,
// and gives the folder and the CODEX_HOME that it ends with.
func settle(t *testing.T, d desk, block []string) (dir, home string, err error) {
	t.Helper()
	top, err := filepath.Abs("..")
	if err != nil {
		return "", "", err
	}
	d.dir = top
	out, errs, status := d.bash(t, strings.Join(append(block, `printf '%s\n' "$PWD" "$CODEX_HOME"`), "\n"))
	lines := strings.Split(out, "\n")
	if status != 0 || len(lines) != 3 || lines[0] == top {
		return "", "", fmt.Errorf("status %d: %s%s", status, out, errs)
	}
	return lines[0], lines[1], nil
}

// codeBlocks gives the indented blocks of a text, line by line.
func codeBlocks(text string) [][]string {
	var blocks [][]string
	inside := false
	for line := range strings.Lines(text) {
		code, ok := strings.CutPrefix(line, "    ")
		if ok && !inside {
			blocks = append(blocks, nil)
		}
		if inside = ok; ok {
			blocks[len(blocks)-1] = append(blocks[len(blocks)-1], strings.TrimSpace(code))
		}
	}
	return blocks
}
