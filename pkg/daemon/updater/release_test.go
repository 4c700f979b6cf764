//go:build unix

package updater

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/daemon/wait"
)

// lay makes an installation with these releases, whose codex is a script; the first one
// is current.
func lay(t *testing.T, scripts map[string]string, current string) Installation {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, script := range scripts {
		release := filepath.Join(dir, "releases", name)
		if err := os.MkdirAll(release, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(release, "codex"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "releases", current), filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	return Installation{Dir: dir, Env: os.Environ()}
}

func TestPreflight(t *testing.T) {
	scripts := map[string]string{
		"good":       `[ "$1" != --version ] || echo codex-cli 1.2.3 more`,
		"dead":       "echo why >&2; exit 3",
		"mute":       "exit 0",
		"serverless": `[ "$1" = --version ] && echo codex-cli 1`,
		"daemonless": `case "$*" in --version) echo codex-cli 1;; *daemon*) exit 1;; esac`,
		"killed":     "kill -9 $$",
	}
	i := lay(t, scripts, "good")
	for name, want := range map[string]string{
		"good": "", "dead": "exit status 3: why", "mute": "does not say its version", "serverless": "exit status 1",
		"daemonless": "exit status 1", "killed": "signal: killed", "none": "no such file",
	} {
		err := i.Preflight(t.Context(), filepath.Join(i.Dir, "releases", name))
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "release "+name+" does not work: ")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := i.Version(t.Context(), i.Managed()); v != "1.2.3" || err != nil {
		t.Error(v, err)
	}
}

func TestSwitch(t *testing.T) {
	i := lay(t, map[string]string{"a": "", "b": "", "c": ""}, "b")
	release := func(name string) string { return filepath.Join(i.Dir, "releases", name) }
	current := func() string {
		dir, err := i.Current()
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(dir)
	}
	if err := i.Switch(t.Context(), release("b"), release("a")); err != nil || current() != "a" {
		t.Error(err, current())
	}
	if link, err := os.Readlink(filepath.Join(i.Dir, "current")); link != release("a") || err != nil {
		t.Error(link, err)
	}
	// Somebody has installed another release in the meantime: that one stays.
	if err := i.Switch(t.Context(), release("b"), release("c")); err != nil || current() != "a" {
		t.Error(err, current())
	}
	if err := i.Switch(t.Context(), release("a"), release("none")); err == nil || current() != "a" {
		t.Error(err, current())
	}
	if left, err := filepath.Glob(filepath.Join(i.Dir, ".current*")); len(left) > 0 || err != nil {
		t.Error(left, err)
	}
	lock, err := wait.Lock(t.Context(), filepath.Join(i.Dir, "install.lock"), 0)
	if err != nil || lock == nil {
		t.Error("the lock is still held", err)
	}
	lock.Close()
	if err := os.Remove(filepath.Join(i.Dir, "current")); err != nil {
		t.Fatal(err)
	}
	if err := i.Switch(t.Context(), release("a"), release("c")); err == nil {
		t.Error("switched what is not there")
	}
}
