package instructions

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

type mem map[string]string

func (m mem) ReadFile(_ context.Context, p string) ([]byte, error) {
	s, ok := m[p]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(s), nil
}

// config spec §7.1
func TestLoadAgents(t *testing.T) {
	o := AgentsOptions{Home: "/h", Root: "/r", Cwd: "/r/a/b", MaxBytes: 100}
	for _, c := range []struct {
		name  string
		files mem
		max   int
		want  string
	}{
		{"global and project", mem{"/h/AGENTS.md": " g \n", "/r/AGENTS.md": "one\n", "/r/a/b/AGENTS.md": "two"}, 100, "g\n\n--- project-doc ---\n\none\n\n\ntwo"},
		{"override wins", mem{"/r/AGENTS.override.md": "o", "/r/AGENTS.md": "x"}, 100, "o"},
		{"an empty project override hides", mem{"/r/AGENTS.override.md": "", "/r/AGENTS.md": "x"}, 100, ""},
		{"an empty global override does not", mem{"/h/AGENTS.override.md": " ", "/h/AGENTS.md": "g"}, 100, "g"},
		{"budget cuts", mem{"/r/AGENTS.md": "123456", "/r/a/AGENTS.md": "789"}, 8, "123456\n\n78"},
		{"zero reads none", mem{"/r/AGENTS.md": "x", "/h/AGENTS.md": "g"}, 0, "g"},
		{"fallback name", mem{"/r/CLAUDE.md": "c"}, 100, "c"},
		{"bad UTF-8", mem{"/r/AGENTS.md": "a\xffb"}, 100, "a\uFFFDb"},
	} {
		o := o
		o.MaxBytes, o.Fallback = c.max, []string{"CLAUDE.md"}
		if got := LoadAgents(context.Background(), c.files, c.files, o); got.Text != c.want {
			t.Errorf("%s: %q, want %q", c.name, got.Text, c.want)
		}
	}
	o.Root, o.Cwd = "/elsewhere", "/r"
	if got := LoadAgents(context.Background(), mem{}, mem{"/r/AGENTS.md": "x"}, o); got.Text != "x" || len(got.Sources) != 1 {
		t.Errorf("no common root: %+v", got)
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
