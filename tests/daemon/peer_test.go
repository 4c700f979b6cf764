//go:build unix

package daemon

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPeer is check 20: the original and we take turns on one CODEX_HOME, with either
// one's server.
func TestPeer(t *testing.T) {
	if *peer == "" {
		t.Skip("no -peer")
	}
	need(t)
	t.Setenv("TMPDIR", "/var/tmp") // the original warns of a home in /tmp
	ours := filepath.Join(binaries, "codex")
	for _, managed := range []string{"ours", "theirs"} {
		for name, pair := range map[string][2]string{"they start, we stop": {*peer, ours}, "we start, they stop": {ours, *peer}} {
			t.Run(managed+": "+name, func(t *testing.T) {
				h := bare(t)
				h.release("ours", "")
				h.check(os.MkdirAll(h.releaseDir("theirs"), 0o755))
				h.check(os.Symlink(*peer, filepath.Join(h.releaseDir("theirs"), "codex")))
				h.current(managed)
				first, second := pair[0], pair[1]
				h.with(first, "start").says("started")
				pid := h.pid("app-server.pid")
				h.with(second, "start").says("alreadyRunning")
				a := h.with(second, "version").says("running")
				if a["backend"] != "pid" || h.pid("app-server.pid") != pid {
					t.Errorf("%v, %d was %d", a, h.pid("app-server.pid"), pid)
				}
				h.with(second, "enable-remote-control").says("enabled")
				h.with(first, "enable-remote-control").says("alreadyEnabled")
				h.with(first, "restart").says("restarted")
				h.with(second, "stop").says("stopped")
				h.with(first, "stop").says("notRunning")
				if left := h.processes(); len(left) > 0 {
					t.Errorf("%v live on", left)
				}
				h.with(first, "bootstrap").says("bootstrapped")
				server, updater := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
				h.with(second, "bootstrap").says("bootstrapped")
				if alive(server) || alive(updater) {
					t.Error("the first one's processes live on")
				}
				h.with(first, "stop").says("stopped")
				h.with(first, "bootstrap").says("bootstrapped")
				h.with(ours, "stop", "--forget").says("stopped")
				if left := h.processes(); len(left) > 0 {
					t.Errorf("%v live on", left)
				}
			})
		}
	}
}
