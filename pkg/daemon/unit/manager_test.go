//go:build unix

package unit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// manager has a service manager that writes down its arguments, and fails when they
// contain the word.
func manager(t *testing.T, word string) (m Manager, calls func() string) {
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	tool := filepath.Join(dir, "tool")
	script := "#!/bin/sh\necho \"$*\" >>'" + log + "'\ncase \" $* \" in *\" " + word + " \"*) echo no bus >&2; exit 1;; esac\n"
	if err := os.WriteFile(tool, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	m = Manager{Spec: Spec{Home: "/h", Usual: true, Managed: "/m"}, UserHome: dir, UID: 7, Env: os.Environ(),
		Look: func(string) (string, error) { return tool, nil }}
	return m, func() string {
		b, _ := os.ReadFile(log)
		os.Remove(log)
		return strings.ReplaceAll(strings.TrimSpace(string(b)), "\n", "; ")
	}
}

func TestManager(t *testing.T) {
	m, calls := manager(t, "nothing")
	if m.Installed() {
		t.Error("installed at first")
	}
	if err := m.Remove(t.Context()); err != nil || calls() != "" {
		t.Error(err)
	}
	want := [3]string{"--user daemon-reload; --user enable codex-daemon.service", "--user restart codex-daemon.service",
		"--user disable --now codex-daemon.service; --user daemon-reload"}
	file := filepath.Join(m.UserHome, ".config", "systemd", "user", "codex-daemon.service")
	if launchd() {
		want = [3]string{"", "bootout gui/7/codex-daemon; bootstrap gui/7 " + m.File(), "bootout gui/7/codex-daemon"}
		file = filepath.Join(m.UserHome, "Library", "LaunchAgents", "codex-daemon.plist")
	}
	if m.File() != file {
		t.Error(m.File())
	}
	if err := m.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := calls(); got != want[0] || !m.Installed() {
		t.Error(got)
	}
	if err := m.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := calls(); got != want[1] {
		t.Error(got)
	}
	if err := m.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := calls(); got != want[2] || m.Installed() {
		t.Error(got)
	}
	m.ConfigDir = filepath.Join(m.UserHome, "xdg")
	if !launchd() && m.File() != filepath.Join(m.ConfigDir, "systemd", "user", "codex-daemon.service") {
		t.Error(m.File())
	}
}

// TestManagerFails holds that nothing stays behind of a unit that could not be enabled.
func TestManagerFails(t *testing.T) {
	m, _ := manager(t, "enable")
	err := m.Install(t.Context())
	if launchd() {
		return // it has nothing to enable
	}
	if err == nil || !strings.Contains(err.Error(), "no bus") || m.Installed() {
		t.Error(err)
	}
	m.Look = func(string) (string, error) { return "", exec.ErrNotFound }
	if err := m.Install(t.Context()); err == nil || !strings.Contains(err.Error(), "no service manager") || m.Installed() {
		t.Error(err)
	}
}
