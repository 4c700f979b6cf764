package install

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestUninstall leaves nothing of ours and everything of the user's.
func TestUninstall(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	for name, text := range map[string]string{
		".codex/config.toml": "model = 'x'\n", ".codex/auth.json": "{}", ".codex/sessions/2026/a.jsonl": "{}\n",
		".codex/packages/other/thing": "", ".local/bin/other": "", ".bashrc": "alias l=ls\n",
	} {
		write(t, u.path(name), text)
	}
	before := snapshot(t, u.home)
	u.ok(v1, "--from", s.dir)
	s.add(v2, v2)
	u.ok(v2, "--from", s.dir)

	// The daemon has state, and an updater that does not care for its own stop command.
	updater := exec.Command("/bin/sh", "-c", "while :; do sleep 1; done", "codex", "app-server", "daemon", "pid-update-loop")
	if err := updater.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- updater.Wait() }()
	state := ".codex/app-server-daemon/"
	write(t, u.path(state+"app-server-updater.pid"), fmt.Sprintf(`{"pid":%d,"processStartTime":"Sun Nov 22 10:42:28 2026"}`, updater.Process.Pid))
	// This one is somebody else by now: the number went round.
	write(t, u.path(state+"app-server.pid"), fmt.Sprintf(`{"pid":%d,"processStartTime":"Sun Nov 22 10:42:28 2026"}`, os.Getpid()))
	write(t, u.path(state+"settings.json"), "{}")
	write(t, u.path(".codex/app-server-control/app-server-startup.lock"), "")

	u.ok("", "--uninstall")
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("updater: %v", err)
	}
	if got := read(t, u.path(".codex/called")); got != "app-server daemon stop --forget\n" {
		t.Errorf("called %q", got)
	}
	if err := os.Remove(u.path(".codex/called")); err != nil {
		t.Fatal(err)
	}
	same(t, before, snapshot(t, u.home))
	if r := u.ok("", "--uninstall"); !strings.Contains(r.stderr, "nothing is installed in") {
		t.Error(r.stderr)
	}
}

// TestUnmanaged removes nothing under a server that the daemon cannot stop.
func TestUnmanaged(t *testing.T) {
	u, s := newUser(t), newShop(t)
	s.publish(v1, map[string]string{"codex-turn": "", "apply_patch": "", "codex": "#!/bin/sh\n" +
		"[ \"$1\" != --version ] || { echo 'codex-cli " + v1 + "'; exit; }\n" +
		"echo 'Error: app server is running but is not managed by codex app-server daemon' >&2; exit 1\n"})
	u.ok(v1, "--from", s.dir)
	write(t, u.path(".codex/app-server-daemon/settings.json"), "{}")
	before := snapshot(t, u.home)
	u.fails(1, []string{"an app-server that was started by hand runs", "nothing was removed"}, "--uninstall")
	same(t, before, snapshot(t, u.home))
}

// TestUninstallDamaged works on what is left of an installation, too.
func TestUninstallDamaged(t *testing.T) {
	for name, damage := range map[string]string{
		"no record":  "rm .codex/packages/standalone/install.record; mkdir -p .codex .local/bin; : >.bashrc",
		"no link":    "rm .local/bin/codex",
		"no current": "rm .codex/packages/standalone/current",
		"dangling":   "rm -r .codex/packages/standalone/releases/*/codex*",
		"no release": "rm -r .codex/packages/standalone/releases",
		"scratch":    "mkdir .codex/packages/standalone/releases/.staging.x.1; ln -s x .codex/packages/standalone/.current.1",
		"all":        "rm -r .codex/packages .local .bashrc",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, s := newUser(t), newShop(t, v1)
			u.ok(v1, "--from", s.dir)
			cmd := exec.Command("/bin/sh", "-ec", damage)
			cmd.Dir = u.home
			if r := finish(t, cmd); r.status != 0 {
				t.Fatalf("%+v", r)
			}
			u.ok("", "--uninstall")
			err := fs.WalkDir(os.DirFS(u.home), ".", func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() && path != ".bashrc" && path != ".local/bin/codex" {
					t.Errorf("left: %s", path)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
