//go:build unix

package daemon

import (
	"context"
	"fmt"
	"io"

	"codex/pkg/cli/version"
	"codex/pkg/daemon/probe"
	"codex/pkg/protocol"
)

// setRemoteControl is enable-remote-control and disable-remote-control. The setting is
// saved before the server is started anew with it.
func (d *daemon) setRemoteControl(ctx context.Context, on bool) (remoteControl, error) {
	word := map[bool][2]string{true: {"enabled", "alreadyEnabled"}, false: {"disabled", "alreadyDisabled"}}[on]
	a := remoteControl{Enabled: on, SocketPath: d.socket, CLIVersion: version.Compat}
	err := d.locked(ctx, func() error {
		s, err := loadSettings(d.settingsPath())
		if err != nil {
			return err
		}
		owned, err := d.owned(ctx)
		if err != nil {
			return err
		}
		if !owned {
			if _, err := d.probe(ctx); err == nil {
				return errUnmanaged
			}
		} else {
			a.Backend = backend
		}
		if s.RemoteControl == on {
			a.Status = word[1]
			if owned {
				a.AppServerVersion, err = d.ready(ctx, nil)
			}
			return err
		}
		a.Status = word[0]
		s.RemoteControl = on
		if err := s.save(d.settingsPath()); err != nil || !owned {
			return err
		}
		if err := d.requireManaged(); err != nil {
			return err
		}
		if err := d.server.Stop(ctx); err != nil {
			return err
		}
		started, err := d.launchReady(ctx, s, "")
		a.AppServerVersion = started.AppServerVersion
		return err
	})
	return a, err
}

// remoteControl is codex remote-control: bootstrap and stop in words for people, and
// whether the server got its connection.
func (d *daemon) remoteControl(ctx context.Context, f flags) error {
	say := d.p.Stdout
	if f.set["--json"] {
		say = io.Discard
	}
	switch {
	case f.set["stop"]:
		fmt.Fprintln(say, "Stopping remote control...")
		a, err := d.stop(ctx, false)
		if err != nil {
			return err
		}
		words := map[string]string{"stopped": "Remote control stopped.", "notRunning": "Remote control is not running."}
		fmt.Fprintln(say, words[a.Status])
		if f.set["--json"] {
			return write(d.p.Stdout, a)
		}
		return nil
	case !f.set["start"]:
		return d.foreground(ctx, say)
	}
	fmt.Fprintln(say, "Starting app-server daemon with remote control enabled...")
	a, err := d.bootstrap(ctx, settings{RemoteControl: true}, false)
	if err != nil {
		return err
	}
	status, host, err := d.connection(ctx)
	if err != nil {
		return err
	}
	if status != string(protocol.RemoteControlConnectionStatusConnected) {
		return errNoConnection(host, status)
	}
	fmt.Fprintf(say, "Remote control is connected on %s.\n", host)
	if f.set["--json"] {
		return write(d.p.Stdout, a)
	}
	return nil
}

func errNoConnection(host, status string) error {
	return fmt.Errorf("Remote control is enabled on %s but the connection is %s.", host, status)
}

// connection waits until the server knows what has become of its connection.
func (d *daemon) connection(ctx context.Context) (status, host string, err error) {
	ctx, cancel := context.WithTimeout(ctx, d.p.Waits.Ready)
	defer cancel()
	s, err := probe.Open(ctx, d.socket, version.Compat)
	if err != nil {
		return "", "", err
	}
	defer s.Close()
	for {
		v, err := s.Notification(protocol.NoteRemoteControlStatusChanged)
		if err != nil {
			return "", "", err
		}
		status, host = v.Get("status").Str, v.Get("serverName").Str
		if status != string(protocol.RemoteControlConnectionStatusConnecting) {
			return status, host, nil
		}
	}
}
