//go:build unix

package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/daemon/pidfile"
	"codex/pkg/daemon/probe"
	"codex/pkg/daemon/updater"
	"codex/pkg/daemon/wait"
)

// daemon is everything about one CODEX_HOME.
type daemon struct {
	p       Process
	home    string
	state   string // folder of files
	socket  string
	install updater.Installation
	server  pidfile.File
	updater pidfile.File
}

func newDaemon(p Process) (*daemon, error) {
	home, err := config.Home(p.Config)
	if err != nil {
		return nil, fmt.Errorf("failed to resolve CODEX_HOME: %w", err)
	}
	w := &p.Waits
	w.Lock, w.Ready = cmp.Or(w.Lock, 75*time.Second), cmp.Or(w.Ready, 10*time.Second)
	w.Probe, w.Grace = cmp.Or(w.Probe, 2*time.Second), cmp.Or(w.Grace, 60*time.Second)
	state := updater.StateDir(home)
	waits := pidfile.Waits{Lock: p.Waits.Reservations, Settle: p.Waits.Reservations, Grace: p.Waits.Grace, Stop: p.Waits.Stop}
	return &daemon{
		p: p, home: home, state: state,
		socket:  filepath.Join(home, "app-server-control", "app-server-control.sock"),
		install: updater.Installation{Dir: filepath.Join(home, "packages", "standalone"), Env: p.Env},
		server:  pidfile.File{Dir: state, Name: "app-server", Marks: []string{"app-server"}, Waits: waits},
		updater: pidfile.File{Dir: state, Name: "app-server-updater", Marks: []string{"pid-update-loop"}, Group: true, Waits: waits},
	}, nil
}

// look finds a program of the system's on PATH. That one is missing is a failure of ours,
// not that of a command.
func (d *daemon) look(program string) (string, error) {
	path, err := install.LookPath(program, d.p.Config.Get("PATH"))
	return path, exit.With(exit.Failed, err)
}

func (d *daemon) settingsPath() string { return filepath.Join(d.state, "settings.json") }

// locked runs fn while no other command does anything.
func (d *daemon) locked(ctx context.Context, fn func() error) error {
	if err := os.MkdirAll(d.state, 0o755); err != nil {
		return fmt.Errorf("failed to create daemon state directory %s: %w", d.state, err)
	}
	path := filepath.Join(d.state, "daemon.lock")
	lock, err := wait.Lock(ctx, path, d.p.Waits.Lock)
	if err != nil {
		return err
	}
	if lock == nil {
		return fmt.Errorf("timed out waiting for daemon operation lock %s", path)
	}
	defer lock.Close()
	return fn()
}

// probe asks whoever is behind the control socket for his version.
func (d *daemon) probe(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, d.p.Waits.Probe)
	defer cancel()
	return probe.Version(ctx, d.socket, version.Compat)
}

// errUnmanaged is about a server that somebody else has started.
var errUnmanaged = errors.New("app server is running but is not managed by codex app-server daemon")

// refuseUnmanaged fails when a server runs that is not ours.
func (d *daemon) refuseUnmanaged(ctx context.Context) error {
	owned, err := d.owned(ctx)
	if err != nil || owned {
		return err
	}
	if _, err := d.probe(ctx); err == nil {
		return errUnmanaged
	}
	return nil
}

// owned says whether the server that runs, or is being started, is ours.
func (d *daemon) owned(ctx context.Context) (bool, error) {
	_, ok, err := d.server.Current(ctx)
	return ok, err
}

// requireManaged fails when there is nothing to start.
func (d *daemon) requireManaged() error {
	path := d.install.Managed()
	if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("managed standalone Codex install not found at %s\n\n"+
		"The daemon starts and updates the app-server from that path alone.\n\n"+
		"Install it with:\n  curl -fsSL %s/install.sh | sh\n\nand run this command again.", path, updater.DefaultURL)
}

// launch starts the server; nil is one that runs already.
func (d *daemon) launch(ctx context.Context, s settings) (*pidfile.Child, error) {
	args := []string{"app-server"}
	if s.RemoteControl {
		args = append(args, "--remote-control")
	}
	return d.server.Start(ctx, d.managed(append(args, "--listen", "unix://")...))
}

// launchUpdater starts the updater, unless it runs.
func (d *daemon) launchUpdater(ctx context.Context) error {
	_, err := d.updater.Start(ctx, d.managed(loopArgs()...))
	return err
}

func (d *daemon) managed(args ...string) pidfile.Command {
	return pidfile.Command{Path: d.install.Managed(), Args: args, Env: d.p.Env, Gate: []string{d.p.Self, gateCommand}}
}

// ready waits until the server answers, and gives its version. child is the process if we
// have started it, else nil.
func (d *daemon) ready(ctx context.Context, child *pidfile.Child) (string, error) {
	var v string
	var last error
	_, err := wait.For(ctx, d.p.Waits.Ready, func() (bool, error) {
		gone := d.gone(child) // before the try, which it will not answer
		v, last = d.probe(ctx)
		if gone != "" {
			if last == nil {
				last = errUnmanaged
			}
			last = fmt.Errorf("%s: %w", gone, last)
		}
		return last == nil || gone != "", nil
	})
	if err == nil {
		err = last
	}
	if err != nil {
		return "", fmt.Errorf("app server did not become ready on %s\n\n%s: %w", d.socket, d.circumstances(ctx), err)
	}
	return v, nil
}

// gone says how the server process ended, "" while it runs as far as we can tell.
func (d *daemon) gone(child *pidfile.Child) string {
	if child != nil {
		select {
		case <-child.Ended():
			return fmt.Sprintf("app-server process %d has ended (%s)", child.PID, child.Status())
		default:
			return ""
		}
	}
	if running, err := d.server.Peek(); err != nil || running {
		return ""
	}
	return "the app-server process has ended"
}

// circumstances is what helps with a server that does not answer.
func (d *daemon) circumstances(ctx context.Context) string {
	version := "unknown"
	if v := d.managedVersion(ctx); v != nil {
		version = *v
	}
	s := fmt.Sprintf("Daemon used app-server:\n  path: %s\n  version: %s", d.install.Managed(), version)
	if tail := d.server.LogTail(); tail != "" {
		s += fmt.Sprintf("\n\nManaged app-server stderr (%s):\n  %s", d.server.Log(), strings.ReplaceAll(tail, "\n", "\n  "))
	}
	return s
}

// versionTime bounds the wait for the managed codex to say its version.
const versionTime = 5 * time.Second

// managedVersion is the version of the managed codex, nil when it does not tell.
func (d *daemon) managedVersion(ctx context.Context) *string {
	ctx, cancel := context.WithTimeout(ctx, versionTime)
	defer cancel()
	v, err := d.install.Version(ctx, d.install.Managed())
	if err != nil || v == "" {
		return nil
	}
	return &v
}

// askVersion begins managedVersion, whose result the function that it gives waits for.
func (d *daemon) askVersion(ctx context.Context) func() *string {
	answer := make(chan *string, 1)
	go func() { answer <- d.managedVersion(ctx) }() // ends with the child it asks
	return func() *string { return <-answer }
}
