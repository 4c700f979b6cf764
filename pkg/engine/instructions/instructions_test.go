package instructions

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git here")
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
