//go:build linux

package tui

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestManageThere holds that features, hooks and plugins of an app-server are shown and
// changed on its machine.
func TestManageThere(t *testing.T) {
	market := t.TempDir()
	write(t, filepath.Join(market, ".agents/plugins/marketplace.json"), `{"name":"mp","plugins":[{"name":"demo","source":{"source":"local","path":"./demo"}}]}`)
	write(t, filepath.Join(market, "demo/.codex-plugin/plugin.json"), `{"name":"demo","version":"1.2.0"}`)
	s := start(t, options{args: []string{"--version"}, config: fmt.Sprintf("[[hooks.UserPromptSubmit]]\nhooks = [{ type = \"command\", command = \"touch ran\" }]\n[marketplaces.mp]\nsource_type = \"local\"\nsource = %q\n", market)})
	s.see("codex-cli")
	p := start(t, options{cols: 100, rows: 30, home: t.TempDir(), work: s.work, args: []string{"--remote", "unix://" + s.appServer()}})
	p.ready()
	p.ask("/experimental", "[ ] external_migration")
	p.send("\r")
	p.see("[x] external_migration")
	p.send("\x1b")
	p.gone("Experimental features")
	p.ask("/hooks", "1. [ ] UserPromptSubmit")
	p.see("untrusted: touch ran")
	p.send("1")
	p.see("Agree to it")
	p.send("1")
	p.see("1. [x] UserPromptSubmit")
	p.send("\x1b")
	p.gone("enter to choose, esc to finish")
	p.ask("/plugins", "1. [ ] demo@mp")
	p.send("\r")
	p.see("1. [x] demo@mp")
	p.send("\r")
	p.see("1. [ ] demo@mp")
	p.send("\x1b")
	p.gone("Plugins")
	p.ask("/experimental", "[x] external_migration")
	p.leaveWith("\x1b")
	s.holds("external_migration = true")
	s.holds("trusted_hash = \"sha256:")
	s.holds("[plugins.\"demo@mp\"]\nenabled = false")
	if _, err := os.Stat(filepath.Join(p.home, "config.toml")); err == nil {
		t.Errorf("the terminal's own settings were changed: %s", p.config())
	}
}

// TestAgentThere holds that terminals at an app-server hear of agents by name, that which
// comes later too.
func TestAgentThere(t *testing.T) {
	s := start(t, options{args: []string{"--version"}, model: `{"when":"go","call":"spawn_agent","ns":"multi_agent_v1","args":{"message":"sub task"}}
{"when":"go","msg":"Started it."}
{"when":"sub task","call":"exec_command","args":{"cmd":"touch asked"}}
{"when":"sub task","msg":"The answer of the agent."}`})
	s.see("codex-cli")
	sock := s.appServer()
	first := start(t, options{cols: 100, rows: 30, home: s.home, work: s.work, args: []string{"-a", "untrusted", "-s", "danger-full-access", "--remote", "unix://" + sock}})
	first.ready()
	first.ask("go", "Started it.")
	first.see("Thread: Alder (o to open)")
	second := start(t, options{cols: 100, rows: 30, home: s.home, work: s.work, args: []string{"resume", "--last", "--remote", "unix://" + sock}})
	second.see("Thread: Alder (o to open)")
	second.send("o")
	second.see("Now: Alder")
	second.send("y")
	second.see("• The answer of the agent.")
	first.gone("Thread: Alder")
	first.ask("/agent", "2. Alder            rests")
	first.send("2")
	first.see("• The answer of the agent.")
	first.leave()
	second.leave()
}
