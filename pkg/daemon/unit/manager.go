//go:build unix

package unit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"codex/pkg/atomicfile"
	"codex/pkg/daemon/child"
)

// Manager puts the unit where the system's service manager looks for it.
type Manager struct {
	Spec
	UserHome  string
	ConfigDir string // XDG_CONFIG_HOME; "" is ~/.config
	UID       int
	Env       []string
	// Look finds a program on PATH.
	Look func(program string) (string, error)
}

const (
	// runTime bounds a call of the service manager: one waits for the server.
	runTime = 2 * time.Minute
	talk    = 64 << 10
)

func launchd() bool { return runtime.GOOS == "darwin" }

// File is where the unit is written.
func (m Manager) File() string {
	if launchd() {
		return filepath.Join(m.UserHome, "Library", "LaunchAgents", m.Name()+".plist")
	}
	dir := m.ConfigDir
	if dir == "" {
		dir = filepath.Join(m.UserHome, ".config")
	}
	return filepath.Join(dir, "systemd", "user", m.Name()+".service")
}

// Installed says whether the unit is there.
func (m Manager) Installed() bool {
	_, err := os.Lstat(m.File())
	return err == nil
}

// Install writes the unit and lets the service manager start it from the next boot on.
// When that fails, nothing is left.
func (m Manager) Install(ctx context.Context) error {
	text := m.Systemd()
	if launchd() {
		text = m.Launchd()
	}
	if _, err := m.program(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(m.File()), 0o755); err != nil {
		return fmt.Errorf("make folder of the unit: %w", err)
	}
	if err := atomicfile.Replace(m.File(), 0o644, []byte(text)); err != nil {
		return fmt.Errorf("write unit: %w", err)
	}
	if launchd() {
		return nil // being there is enough
	}
	err := m.run(ctx, "--user", "daemon-reload")
	if err == nil {
		err = m.run(ctx, "--user", "enable", m.unit())
	}
	if err != nil {
		_ = os.Remove(m.File()) // the first error says more
	}
	return err
}

// Restart starts the unit now, anew if it has been started before.
func (m Manager) Restart(ctx context.Context) error {
	if !launchd() {
		return m.run(ctx, "--user", "restart", m.unit())
	}
	_ = m.run(ctx, "bootout", m.domain()+"/"+m.Name()) // it need not be loaded
	return m.run(ctx, "bootstrap", m.domain(), m.File())
}

// Remove stops the unit and removes it. It is no error when there is none.
func (m Manager) Remove(ctx context.Context) error {
	if !m.Installed() {
		return nil
	}
	var err error
	if launchd() {
		_ = m.run(ctx, "bootout", m.domain()+"/"+m.Name())
	} else {
		err = m.run(ctx, "--user", "disable", "--now", m.unit())
	}
	if e := os.Remove(m.File()); e != nil && !errors.Is(e, fs.ErrNotExist) {
		return fmt.Errorf("remove unit: %w", e)
	}
	if err == nil && !launchd() {
		err = m.run(ctx, "--user", "daemon-reload")
	}
	return err
}

func (m Manager) unit() string   { return m.Name() + ".service" }
func (m Manager) domain() string { return "gui/" + strconv.Itoa(m.UID) }

func (m Manager) program() (string, error) {
	name := "systemctl"
	if launchd() {
		name = "launchctl"
	}
	path, err := m.Look(name)
	if err != nil {
		return "", fmt.Errorf("no service manager to come back with after a restart: %w", err)
	}
	return path, nil
}

func (m Manager) run(ctx context.Context, args ...string) error {
	path, err := m.program()
	if err != nil {
		return err
	}
	_, err = child.Output(ctx, child.Command{Path: path, Args: args, Env: m.Env, Limit: talk, Time: runTime})
	return err
}
