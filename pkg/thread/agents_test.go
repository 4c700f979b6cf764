package thread

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLoadAgents(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		max   int
		want  string
		cut   string
	}{
		{"global and project", map[string]string{"h/AGENTS.md": " g \n", "r/AGENTS.md": "one\n", "r/a/b/AGENTS.md": "two"}, 100, "g\n\n--- project-doc ---\n\none\n\n\ntwo", ""},
		{"override wins", map[string]string{"r/AGENTS.override.md": "o", "r/AGENTS.md": "x"}, 100, "o", ""},
		{"an empty project override hides", map[string]string{"r/AGENTS.override.md": "", "r/AGENTS.md": "x"}, 100, "", ""},
		{"an empty global override does not", map[string]string{"h/AGENTS.override.md": " ", "h/AGENTS.md": "g"}, 100, "g", ""},
		{"budget cuts", map[string]string{"r/AGENTS.md": "123456", "r/a/AGENTS.md": "789"}, 8, "123456\n\n78", "r/a/AGENTS.md"},
		{"between characters", map[string]string{"r/AGENTS.md": "123ä"}, 4, "123", "r/AGENTS.md"},
		{"the budget and no more", map[string]string{"r/AGENTS.md": "1234"}, 4, "1234", ""},
		{"zero reads none", map[string]string{"r/AGENTS.md": "x", "h/AGENTS.md": "g"}, 0, "g", ""},
		{"fallback name", map[string]string{"r/CLAUDE.md": "c"}, 100, "c", ""},
		{"bad UTF-8", map[string]string{"r/AGENTS.md": "a\xffb"}, 100, "a\uFFFDb", ""},
		{"UTF-16", map[string]string{"r/AGENTS.md": "\xff\xfea\x00\xe4\x00"}, 3, "aä", ""},
		{"UTF-16 over the budget", map[string]string{"r/AGENTS.md": "\xff\xfe1\x002\x003\x004\x00"}, 3, "123", "r/AGENTS.md"},
	} {
		dir := t.TempDir()
		for name, text := range c.files {
			path := filepath.Join(dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		in := func(name string) string { return filepath.Join(dir, name) }
		got := LoadAgents(AgentsOptions{Home: in("h"), Root: in("r"), Cwd: in("r/a/b"), MaxBytes: c.max, Fallback: []string{"CLAUDE.md"}})
		if got.Text != c.want {
			t.Errorf("%s: %q, want %q", c.name, got.Text, c.want)
		}
		if cut := strings.Join(got.Cut, ","); c.cut == "" && cut != "" || c.cut != "" && cut != in(c.cut) {
			t.Errorf("%s: cut %q, want %q", c.name, cut, c.cut)
		}
		if damaged := len(got.Damaged) > 0; damaged != (c.name == "bad UTF-8") {
			t.Errorf("%s: damaged %q", c.name, got.Damaged)
		}
		if c.name == "global and project" {
			other := LoadAgents(AgentsOptions{Home: in("none"), Root: in("elsewhere"), Cwd: in("r"), MaxBytes: c.max})
			if other.Text != "one\n" || len(other.Sources) != 1 {
				t.Errorf("no common root: %+v", other)
			}
		}
	}
}
