//go:build unix

package daemon

import (
	"context"
	"math"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/daemon/pidfile"
	"codex/pkg/daemon/wait"
)

// renew starts the server anew if it is of another release than now. Turns that run end
// first, however long they take: the updater never forces a server. Other commands wait
// for that for a time, then they are let in.
func (l *loop) renew(ctx context.Context, patience time.Duration, now, before string) error {
	var draining *pidfile.Record
	err := l.locked(ctx, func() error {
		r, err := l.outdated(ctx, now)
		if r == nil || err != nil {
			return err
		}
		// Who has ended a server owes a new one, even when he is told to end meanwhile.
		ctx := context.WithoutCancel(ctx)
		ended, err := l.server.Drain(ctx, r, patience)
		if !ended || err != nil {
			draining = r
			return err
		}
		return l.replace(ctx, now, before)
	})
	if draining == nil || err != nil {
		return err
	}
	// Meanwhile others may stop the server, or start it anew.
	if _, err := wait.For(ctx, math.MaxInt64, func() (bool, error) { return l.server.Ended(*draining) }); err != nil {
		return err
	}
	return l.locked(ctx, func() error {
		if held, err := l.server.Holds(*draining); err != nil || !held {
			return err
		}
		return l.replace(context.WithoutCancel(ctx), now, before)
	})
}

// outdated gives the record of a server that has to be replaced, nil when there is
// nothing to do.
func (l *loop) outdated(ctx context.Context, now string) (*pidfile.Record, error) {
	r, _, err := l.server.Current(ctx)
	if err != nil {
		return nil, err
	}
	v, silent := l.probe(ctx)
	switch {
	case r == nil && silent == nil:
		return nil, errUnmanaged
	case r == nil, silent != nil, r.Ending:
		return nil, nil // it does not run, or has troubles of its own
	}
	managed := l.managedVersion(ctx)
	if managed == nil {
		return nil, nil
	}
	differs := *managed != v
	if r.Program != "" {
		// A server of ours tells the version of the protocol, not the whole.
		differs = filepath.Dir(r.Program) != now || release(*managed) != release(v)
	}
	if !differs {
		return nil, nil
	}
	return r, nil
}

// release is a version without its build metadata.
func release(version string) string {
	core, _, _ := strings.Cut(version, "+")
	return core
}

// replace starts the server where one has ended. When it does not come up, the release
// before gets its place again.
func (l *loop) replace(ctx context.Context, now, before string) error {
	s, err := loadSettings(l.settingsPath())
	if err != nil {
		return err
	}
	_, err = l.launchReady(ctx, s, "")
	if err == nil || before == "" || before == now {
		return err
	}
	l.bad = now
	if err := l.server.Stop(ctx); err != nil {
		return err
	}
	err = l.back(ctx, now, before, err)
	if _, e := l.launchReady(ctx, s, ""); e != nil {
		return e
	}
	return err
}
