//go:build unix

package appserver

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestHostileRepository: what a repository names to be run is not run when its changes are
// asked for, and could not do harm.
func TestHostileRepository(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git")
	}
	c := start(t, "mock-model", `{"msg":"one"}`)
	c.initialize()
	repo, outside := filepath.Join(c.work, "repo"), filepath.Join(c.work, "outside")
	run := func(dir string, args ...string) {
		t.Helper()
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	run(c.work, "init", "-q", repo)
	run(repo, "init", "-q", "sub")
	for _, dir := range []string{repo + "/sub", repo} {
		write(t, dir+"/file", "one\n")
		run(dir, "add", ".")
		run(dir, "commit", "-qm", "one")
	}
	run(repo, "update-ref", "refs/remotes/origin/main", "HEAD")
	for _, dir := range []string{repo, repo + "/sub"} {
		hostile := func(name string) string {
			return fmt.Sprintf("touch %s/%s; echo HOSTILE; cat", outside, name)
		}
		for key, value := range map[string]string{
			"core.fsmonitor": hostile("fsmonitor"), "core.pager": hostile("pager"), "diff.external": hostile("external"),
			"diff.x.textconv": hostile("textconv"), "diff.x.command": hostile("command"),
			"filter.x.clean": hostile("clean"), "filter.x.required": "true", "filter.y.process": hostile("process"), "filter.a b.smudge": hostile("smudge"),
			"core.sshCommand": hostile("ssh"), "core.alternateRefsCommand": hostile("alternates"),
		} {
			run(dir, "config", key, value)
		}
		write(t, dir+"/.git/info/attributes", "* filter=x diff=x\n*.y filter=y\n")
		write(t, dir+"/file", "two\n")
		write(t, dir+"/new.y", "new\n")
	}
	write(t, repo+"/.git/hooks/post-index-change", "#!/bin/sh\ntouch "+outside+"/hook\n")
	if err := os.Chmod(repo+"/.git/hooks/post-index-change", 0o755); err != nil {
		t.Fatal(err)
	}
	diff := c.result("gitDiffToRemote", fmt.Sprintf(`{"cwd":%q}`, repo)).Get("diff").Str
	if strings.Contains(diff, "HOSTILE") || !strings.Contains(diff, "-one") || !strings.Contains(diff, "+two") || !strings.Contains(diff, "+new") {
		t.Errorf("the diff is %s", diff)
	}
	if made, err := os.ReadDir(outside); err != nil || len(made) > 0 {
		t.Errorf("%v was made, %v", made, err)
	}
	// A filter whose name no option can say is no reason to run it.
	write(t, repo+"/.git/config", "[filter \"a=b\"]\n\tclean = touch "+outside+"/clean\n")
	if got := c.call("gitDiffToRemote", fmt.Sprintf(`{"cwd":%q}`, repo)).Get("error.message").Str; !strings.HasPrefix(got, "failed to compute git diff to remote") {
		t.Error(got)
	}
	if made, err := os.ReadDir(outside); err != nil || len(made) > 0 {
		t.Errorf("%v was made, %v", made, err)
	}
}
