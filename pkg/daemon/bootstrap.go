//go:build unix

package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"codex/pkg/cli/version"
	"codex/pkg/daemon/unit"
)

// bootstrap starts everything anew: the server with these settings, and the updater.
// Old settings are not read, so that it mends broken ones. With persist a service manager
// starts them, now and after every restart of the machine.
func (d *daemon) bootstrap(ctx context.Context, s settings, persist bool) (bootstrapped, error) {
	managed := d.askVersion(ctx)
	var v string
	err := d.locked(ctx, func() error {
		if err := d.requireManaged(); err != nil {
			return err
		}
		if err := d.refuseUnmanaged(ctx); err != nil {
			return err
		}
		if persist {
			if err := d.unit().Install(ctx); err != nil {
				return fmt.Errorf("failed to install %s: %w", d.unit().File(), err)
			}
		}
		if err := s.save(d.settingsPath()); err != nil {
			return err
		}
		if err := d.server.Stop(ctx); err != nil {
			return err
		}
		if persist {
			return d.updater.Stop(ctx)
		}
		child, err := d.launch(ctx, s)
		if err != nil {
			return err
		}
		if err := d.updater.Stop(ctx); err != nil {
			return err
		}
		if err := d.launchUpdater(ctx); err != nil {
			return err
		}
		v, err = d.ready(ctx, child)
		return err
	})
	if err == nil && persist {
		v, err = d.startUnit(ctx)
	}
	return bootstrapped{
		Status: "bootstrapped", Backend: backend, AutoUpdate: true, RemoteControl: s.RemoteControl,
		ManagedCodexPath: d.install.Managed(), ManagedVersion: managed(),
		SocketPath: d.socket, CLIVersion: version.Compat, AppServerVersion: v,
	}, err
}

// startUnit lets the service manager start the server. It does so by the command start,
// so the lock must be free.
func (d *daemon) startUnit(ctx context.Context) (string, error) {
	u := d.unit()
	if err := u.Restart(ctx); err != nil {
		return "", fmt.Errorf("failed to start %s: %w", u.File(), err)
	}
	if user := d.p.Config.Get("USER"); runtime.GOOS == "linux" && user != "" {
		if _, err := os.Stat(filepath.Join("/var/lib/systemd/linger", user)); err != nil {
			fmt.Fprintln(d.p.Stderr, "codex-daemon: it comes back with your first session after a restart of the machine")
			fmt.Fprintln(d.p.Stderr, "hint: loginctl enable-linger lets it come back without one")
		}
	}
	return d.ready(ctx, nil)
}

// unit is what lets the daemon come back after a restart of the machine.
func (d *daemon) unit() unit.Manager {
	get := d.p.Config.Get
	return unit.Manager{
		Spec: unit.Spec{Home: d.home, Usual: d.home == filepath.Join(d.p.Config.Home, ".codex"), Managed: d.install.Managed(), Path: get("PATH")},
		Env:  d.p.Env, Look: d.look,
		UserHome: d.p.Config.Home, ConfigDir: get("XDG_CONFIG_HOME"), UID: d.p.Config.UID,
	}
}
