//go:build unix

package daemon

import (
	"context"

	"codex/pkg/cli/version"
	"codex/pkg/daemon/pidfile"
)

// do runs a command.
func (p Process) do(ctx context.Context, f flags) error {
	d, err := newDaemon(p)
	if err != nil {
		return err
	}
	var answer any
	switch f.command {
	case "start":
		answer, err = d.start(ctx, f.set["--updater"])
	case "restart":
		answer, err = d.restart(ctx)
	case "stop":
		answer, err = d.stop(ctx, f.set["--forget"])
	case "version":
		answer, err = d.version(ctx)
	case "bootstrap":
		answer, err = d.bootstrap(ctx, settings{f.set["--remote-control"]}, f.set["--systemd"] || f.set["--launchd"])
	case "enable-remote-control":
		answer, err = d.setRemoteControl(ctx, true)
	case "disable-remote-control":
		answer, err = d.setRemoteControl(ctx, false)
	case "remote-control":
		return d.remoteControl(ctx, f)
	case "pid-update-loop":
		return d.updateLoop(ctx)
	}
	if err != nil {
		return err
	}
	return write(p.Stdout, answer)
}

// gate is the gate of a process that another codex-daemon starts.
func (p Process) gate() error { return pidfile.Gate(p.Args[1:], p.Env) }

// answer is a lifecycle answer without what is particular to it.
func (d *daemon) answer(status string, owned bool) lifecycle {
	a := lifecycle{Status: status, ManagedCodexPath: d.install.Managed(), SocketPath: d.socket, CLIVersion: version.Compat}
	if owned {
		a.Backend = backend
	}
	return a
}

func (d *daemon) start(ctx context.Context, updater bool) (a lifecycle, err error) {
	managed := d.askVersion(ctx)
	err = d.locked(ctx, func() (err error) {
		if a, err = d.startLocked(ctx); err == nil && updater {
			err = d.launchUpdater(ctx)
		}
		return err
	})
	a.ManagedVersion = managed()
	return a, err
}

func (d *daemon) startLocked(ctx context.Context) (lifecycle, error) {
	s, err := loadSettings(d.settingsPath())
	if err != nil {
		return lifecycle{}, err
	}
	v, silent := d.probe(ctx)
	owned, err := d.owned(ctx)
	if err != nil {
		return lifecycle{}, err
	}
	if silent != nil && owned {
		if v, err = d.ready(ctx, nil); err != nil {
			return lifecycle{}, err
		}
	}
	if silent == nil || owned {
		a := d.answer("alreadyRunning", owned)
		a.AppServerVersion = v
		return a, nil
	}
	return d.launchReady(ctx, s, "started")
}

// launchReady starts the server and waits for it.
func (d *daemon) launchReady(ctx context.Context, s settings, status string) (lifecycle, error) {
	if err := d.requireManaged(); err != nil {
		return lifecycle{}, err
	}
	child, err := d.launch(ctx, s)
	if err != nil {
		return lifecycle{}, err
	}
	a := d.answer(status, true)
	if child != nil {
		a.PID = child.PID
	}
	a.AppServerVersion, err = d.ready(ctx, child)
	return a, err
}

func (d *daemon) restart(ctx context.Context) (a lifecycle, err error) {
	managed := d.askVersion(ctx)
	err = d.locked(ctx, func() error {
		s, err := loadSettings(d.settingsPath())
		if err != nil {
			return err
		}
		if err := d.refuseUnmanaged(ctx); err != nil {
			return err
		}
		if err := d.requireManaged(); err != nil {
			return err
		}
		if err := d.server.Stop(ctx); err != nil {
			return err
		}
		a, err = d.launchReady(ctx, s, "restarted")
		return err
	})
	a.ManagedVersion = managed()
	return a, err
}

func (d *daemon) stop(ctx context.Context, forget bool) (lifecycle, error) {
	managed := d.askVersion(ctx)
	a := d.answer("notRunning", false)
	err := d.locked(ctx, func() error {
		if _, err := loadSettings(d.settingsPath()); err != nil {
			return err
		}
		owned, err := d.owned(ctx)
		if err != nil {
			return err
		}
		if owned {
			a = d.answer("stopped", true)
			if err := d.server.Stop(ctx); err != nil {
				return err
			}
		} else if _, err := d.probe(ctx); err == nil {
			return errUnmanaged
		}
		if forget {
			return d.updater.Stop(ctx)
		}
		return nil
	})
	// The unit stops the server by this very command, so the lock must be free.
	if err == nil && forget {
		err = d.unit().Remove(ctx)
	}
	a.ManagedVersion = managed()
	return a, err
}

// version takes no lock and changes nothing: it works while others do.
func (d *daemon) version(ctx context.Context) (lifecycle, error) {
	managed := d.askVersion(ctx)
	if _, err := loadSettings(d.settingsPath()); err != nil {
		return lifecycle{}, err
	}
	v, err := d.probe(ctx)
	if err != nil {
		return lifecycle{}, err
	}
	owned, err := d.server.Peek()
	a := d.answer("running", owned)
	a.AppServerVersion, a.ManagedVersion = v, managed()
	return a, err
}
