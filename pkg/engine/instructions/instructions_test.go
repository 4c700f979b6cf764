package instructions

import (
	"errors"
	"os"
	"os/exec"
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
		if c.name == "global and project" {
			other := LoadAgents(AgentsOptions{Home: in("none"), Root: in("elsewhere"), Cwd: in("r"), MaxBytes: c.max})
			if other.Text != "one\n" || len(other.Sources) != 1 {
				t.Errorf("no common root: %+v", other)
			}
		}
	}
}

func TestBlocks(t *testing.T) {
	if got := (Environment{Date: "2026-11-22", Timezone: "Etc/UTC"}).String(); got != "<environment_context>\n  <current_date>2026-11-22</current_date>\n  <timezone>Etc/UTC</timezone>\n</environment_context>" {
		t.Error(got)
	}
	p := Permissions{Sandbox: "workspace-write", Approval: "never", Writable: []string{"/z", "/a", "/a"}}.String()
	if !strings.HasPrefix(p, "<permissions instructions>\n") || !strings.Contains(p, "\nWritable roots: `/a`, `/z`.\n</permissions instructions>") {
		t.Error(p)
	}
}

func TestReadGit(t *testing.T) {
	dir := t.TempDir()
	if _, ok := ReadGit(dir); ok {
		t.Skip("the temporary folder lies in a repository")
	}
	git := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@t"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "-q", "-b", "main")
	if g, ok := ReadGit(dir); !ok || g.Commit != "" || g.Branch != "main" {
		t.Errorf("empty repository: %+v", g)
	}
	git("commit", "-q", "--allow-empty", "-m", "x")
	git("remote", "add", "origin", "https://example.invalid/r.git")
	want := git("rev-parse", "HEAD")
	sub := filepath.Join(dir, "a")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	if g, ok := ReadGit(sub); !ok || g.Commit != want || g.Root != dir || g.Origin != "https://example.invalid/r.git" {
		t.Errorf("%+v, want %s", g, want)
	}
	git("pack-refs", "--all")
	if g, _ := ReadGit(sub); g.Commit != want {
		t.Errorf("packed: %+v", g)
	}
	tree := filepath.Join(t.TempDir(), "w")
	git("worktree", "add", "-q", "-b", "side", tree)
	if g, _ := ReadGit(tree); g.Commit != want || g.Branch != "side" || g.Root != tree {
		t.Errorf("worktree: %+v", g)
	}
}
