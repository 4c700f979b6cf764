//go:build linux

package tui

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBranch holds what the status line says of a branch: what it changes since it parted
// from main, and its pull request, as gh says that is not told more than where it is.
func TestBranch(t *testing.T) {
	wantsGit(t)
	tools := t.TempDir()
	write(t, filepath.Join(tools, "gh"), "#!/bin/sh\necho \"$PWD: $*\" >&2\n[ \"$PWD: $*\" = '/: pr list --repo o/n --head work --state open --limit 1 --json number --jq .[].number' ] && echo 42\n")
	if err := os.Chmod(filepath.Join(tools, "gh"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, options{args: []string{"--version"}})
	s.see("codex-cli")
	git := func(args ...string) {
		t.Helper()
		c := exec.Command("git", args...)
		c.Dir, c.Env = s.work, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "GIT_AUTHOR_NAME=n", "GIT_AUTHOR_EMAIL=e", "GIT_COMMITTER_NAME=n", "GIT_COMMITTER_EMAIL=e"}
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args, err, out)
		}
	}
	if err := os.RemoveAll(filepath.Join(s.work, ".git")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.work, "file")
	git("init", "-q", "-b", "main")
	git("remote", "add", "origin", "git@github.com:o/n.git")
	write(t, file, "one\ntwo\n")
	git("add", ".")
	git("commit", "-qm", "first")
	git("checkout", "-qb", "work")
	write(t, file, "one\n2\n3\n")
	git("commit", "-qam", "second")
	line := strings.Replace(s.config(), "\n\n", "\ntui.status_line = [\"branch-changes\", \"pull-request-number\", \"run-state\"]\n\n", 1)
	write(t, filepath.Join(s.home, "config.toml"), line)
	path := "PATH=" + bin + ":" + tools + ":" + os.Getenv("PATH")
	p := begin(t, options{cols: 100, rows: 30, home: s.home, work: s.work, env: []string{path}})
	p.see("+2 -1 · PR #42 · Ready")
	write(t, file, "one\n2\n3\n4\n")
	p.ask("go", "• yes")
	p.see("+3 -1 · PR #42 · Ready")
	p.leave()
	git("remote", "set-url", "origin", "https://example.com/o/n.git")
	p = begin(t, options{cols: 100, rows: 30, home: s.home, work: s.work, env: []string{path}})
	p.see("+3 -1 · Ready")
	p.leave()
}

// TestBackground holds that the status says how many commands run in the background.
func TestBackground(t *testing.T) {
	const sleep = `{"call":"exec_command","args":{"cmd":"sleep 1031","yield_time_ms":250}}` + "\n"
	s := begin(t, options{cols: 120, rows: 30, model: sleep + sleep + `{"before_ms":3600000,"msg":"too late"}`})
	s.ask("go", "2 commands in the background (/ps, /stop)")
	s.ask("/ps", "sleep 1031")
	s.ask("/stop", "are being ended")
	s.gone("in the background (")
	s.send("\x1b")
	s.see("Interrupted.")
	s.leave()
}
