package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A killer is a folder for the front of PATH: its programs count how often one of those
// that change something was called, and kill the installer instead of doing it the n-th
// time.
func killer(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"mkdir", "mv", "ln", "rm", "rmdir", "tar", "cp", "touch"} {
		real, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`#!/bin/sh
read -r count <'%[1]s/count'
count=$((count + 1))
echo $count >'%[1]s/count'
if [ $count = %[2]d ]; then
	read -r pid <'%[1]s/pid'
	kill -9 "$pid"
	exit 1
fi
exec %[3]s "$@"
`, dir, n, real)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "count"), "0\n")
	return dir
}

// killed runs install.sh with args and has it killed at its n-th change; false is that it
// came to its end before.
func (u *user) killed(n int, args ...string) bool {
	u.t.Helper()
	dir := killer(u.t, n)
	cmd := u.command(args...)
	cmd.Env = append(cmd.Env, "PATH="+dir+":"+os.Getenv("PATH"))
	cmd.Args = append([]string{"/bin/sh", "-c", `echo $$ >"$0/pid"; exec "$@"`, dir}, cmd.Args...)
	cmd.Path = "/bin/sh"
	r := finish(u.t, cmd)
	switch {
	case r.status == 0:
		return false
	case r.status != -1:
		u.t.Fatalf("change %d: %+v", n, r)
	}
	return true
}

// TestKilled kills it before each single change that it makes. The old version works all
// the time, and whoever runs it again gets the new one and no leftovers.
func TestKilled(t *testing.T) {
	s := newShop(t, v1, v2, v3)
	t.Run("install", func(t *testing.T) {
		t.Parallel()
		for n := 1; ; n++ {
			u := newUser(t)
			if !u.killed(n, "--from", s.dir) {
				t.Logf("%d changes", n-1)
				return
			}
			if _, err := os.Stat(u.path(".local/bin/codex")); err == nil {
				u.works(v3)
			}
			u.ok(v3, "--from", s.dir)
			u.has(v3)
			u.ok("", "--uninstall")
			// Folders that it had made but not noted yet are all that may stay.
			for name := range snapshot(t, u.home) {
				if name != ".codex" && name != ".codex/packages" && name != ".local" && name != ".local/bin" {
					t.Errorf("change %d: %s is left", n, name)
				}
			}
		}
	})
	t.Run("upgrade", func(t *testing.T) {
		t.Parallel()
		for n := 1; ; n++ {
			u := newUser(t)
			u.ok(v1, "--from", s.dir, "--release", v1)
			u.ok(v2, "--from", s.dir, "--release", v2)
			killed := u.killed(n, "--from", s.dir)
			u.works(v2, v3)
			u.ok(v3, "--from", s.dir)
			u.has(v3)
			if got := u.releases(); len(got) > 2 {
				t.Errorf("change %d: kept %v", n, got)
			}
			if !killed {
				return
			}
		}
	})
	t.Run("repair", func(t *testing.T) {
		t.Parallel()
		for n := 1; ; n++ {
			u := newUser(t)
			u.ok(v3, "--from", s.dir)
			if err := os.Remove(u.path(".codex/packages/standalone/current/LICENSE")); err != nil {
				t.Fatal(err)
			}
			killed := u.killed(n, "--from", s.dir)
			u.ok(v3, "--from", s.dir)
			u.has(v3)
			if !killed {
				return
			}
		}
	})
	t.Run("uninstall", func(t *testing.T) {
		t.Parallel()
		for n := 1; ; n++ {
			u := newUser(t)
			before := snapshot(t, u.home)
			u.ok(v3, "--from", s.dir)
			killed := u.killed(n, "--uninstall")
			u.ok("", "--uninstall")
			after := snapshot(t, u.home)
			for name := range after { // what the record named, which was gone already
				if name == ".codex" || name == ".codex/packages" || strings.HasPrefix(name, ".local") {
					delete(after, name)
				}
			}
			same(t, before, after)
			if !killed {
				return
			}
		}
	})
}

// works wants codex to run, and to be one of the versions.
func (u *user) works(versions ...string) {
	u.t.Helper()
	out, err := exec.Command(u.path(".local/bin/codex"), "--version").Output()
	for _, v := range versions {
		if err == nil && string(out) == "codex-cli "+v+"\n" {
			return
		}
	}
	u.t.Errorf("codex --version printed %q, %v; want one of %v", out, err, versions)
}
