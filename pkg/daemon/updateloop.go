//go:build unix

package daemon

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"codex/pkg/daemon/pidfile"
	"codex/pkg/daemon/updater"
)

// loop is the updater: a process that lives as long as the machine is up.
type loop struct {
	*daemon
	signals    chan os.Signal
	quit, done chan struct{} // of the goroutine that waits for signals

	good string // the release that worked when it was last tried, "" before
	bad  string // one whose server did not come up
}

// updateLoop is pid-update-loop. It ends at SIGTERM, and when another updater has taken
// its place.
func (d *daemon) updateLoop(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.p.Waits.Lock = math.MaxInt64 // it has no one waiting for it
	l := &loop{daemon: d, signals: make(chan os.Signal, 1)}
	l.listen(cancel)
	l.adopt(ctx)
	set := l.settings()
	if set.URL == updater.Nowhere {
		l.say(errors.New("this build has no address for updates: CODEX_UPDATE_URL or updater.json can name one"))
	}
	if updater.PublicKey == "" {
		l.say(errors.New("this is an unsigned build, without a publisher's key: updates are held to their checksums only"))
	}
	var schedule updater.Schedule
	for wait := time.Duration(set.First); l.sleep(ctx, wait); {
		if !l.mine(ctx) {
			return nil
		}
		set = l.settings()
		err := l.update(ctx, set)
		if err != nil && ctx.Err() == nil {
			l.say(err)
		}
		for _, f := range []pidfile.File{l.server, l.updater} {
			if err := f.TrimLog(); err != nil {
				l.say(fmt.Errorf("cut log: %w", err))
			}
		}
		if l.outgrown() {
			if !l.hush() || ctx.Err() != nil {
				return nil
			}
			l.say(l.become()) // it does not come back but for an error
			l.listen(cancel)
		}
		wait = schedule.Next(set, err != nil, rand.Float64())
	}
	return nil
}

// listen lets SIGTERM call end, in a goroutine that ends then or with hush.
func (l *loop) listen(end func()) {
	signal.Notify(l.signals, syscall.SIGTERM)
	quit, done := make(chan struct{}), make(chan struct{})
	l.quit, l.done = quit, done
	go func() {
		defer close(done)
		select {
		case <-l.signals:
			end()
		case <-quit:
		}
	}()
}

// hush undoes listen: from now on SIGTERM ends the process by itself, so that none gets
// lost in becoming another program. It is false when one has come in before that.
func (l *loop) hush() bool {
	signal.Stop(l.signals)
	close(l.quit)
	<-l.done
	return len(l.signals) == 0
}

// say writes to the log, which is standard error.
func (l *loop) say(err error) {
	fmt.Fprintf(l.p.Stderr, "%s codex-daemon: %v\n", time.Now().UTC().Format(time.RFC3339), err)
}

// sleep is false when the loop shall end.
func (l *loop) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// settings are read anew each time, so that a change needs no new updater.
func (l *loop) settings() updater.Settings {
	s, err := updater.Load(filepath.Join(l.state, "updater.json"), l.p.Config.Get("CODEX_UPDATE_URL"))
	if err != nil {
		l.say(err)
	}
	return s
}

// adopt waits for a server that this very process has started as an earlier image: it
// would stay a zombie. Others are no children of ours, which ends the wait at once.
func (l *loop) adopt(ctx context.Context) {
	r, _, err := l.server.Current(ctx)
	if err != nil || r == nil {
		return
	}
	p, err := os.FindProcess(int(r.PID))
	if err != nil {
		return
	}
	go func() { _, _ = p.Wait() }() // ends with the server, or with us
}

// mine says whether no other process is the updater on record. One that was started by
// hand has no record.
func (l *loop) mine(ctx context.Context) bool {
	r, _, err := l.updater.Current(ctx)
	return err != nil || r == nil || int(r.PID) == os.Getpid()
}

// update installs what there is, tries it out, and starts the server anew if it has
// another version than what is installed now: somebody else may have installed that.
func (l *loop) update(ctx context.Context, set updater.Settings) error {
	before, err := l.install.Current()
	if err != nil {
		return err
	}
	var failed error
	if set.URL != updater.Nowhere {
		failed = updater.Source{Settings: set, Key: updater.PublicKey, State: l.state, Env: l.installerEnv(set), Look: l.look}.Install(ctx)
	}
	now, err := l.install.Current()
	if err != nil {
		return errors.Join(failed, err)
	}
	if before == now {
		before = l.good // what somebody has installed meanwhile replaced this
	}
	if err := l.take(ctx, time.Duration(set.Drain), now, before); err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

// take goes over to the release now, or back to the one before.
func (l *loop) take(ctx context.Context, patience time.Duration, now, before string) error {
	if now == l.bad {
		return l.back(ctx, now, before, fmt.Errorf("release %s did not come up before", filepath.Base(now)))
	}
	if now != l.good {
		if err := l.install.Preflight(ctx, now); err != nil {
			return l.back(ctx, now, before, err)
		}
	}
	if err := l.renew(ctx, patience, now, before); err != nil {
		return err
	}
	l.good = now
	return nil
}

func (l *loop) installerEnv(set updater.Settings) []string {
	return append(append([]string(nil), l.p.Env...), "CODEX_HOME="+l.home, "CODEX_INSTALL_BASE_URL="+set.URL)
}

// back makes the release before current again, because of why.
func (l *loop) back(ctx context.Context, from, to string, why error) error {
	if to == "" || to == from || ctx.Err() != nil {
		return why
	}
	if err := l.install.Switch(ctx, from, to); err != nil {
		return fmt.Errorf("%w; nor is there a way back: %w", why, err)
	}
	return fmt.Errorf("%w; back to %s", why, filepath.Base(to))
}

// outgrown says whether the current release, which has been tried, has another
// codex-daemon than this process is.
func (l *loop) outgrown() bool {
	now, err := l.install.Current()
	if err != nil || now != l.good {
		return false
	}
	self := l.p.Self
	if runtime.GOOS == "linux" {
		self = "/proc/self/exe" // the file itself, whatever has been put in its place
	}
	mine, err := os.Stat(self)
	if err != nil {
		return false
	}
	theirs, err := os.Stat(filepath.Join(now, "codex-daemon"))
	return err != nil || !os.SameFile(mine, theirs) // a release may have it built in
}

// become is the same process with the program of the current release: its id and its
// start stay what they are, so the record is right before, after and in between.
func (l *loop) become() error {
	managed := l.install.Managed()
	err := syscall.Exec(managed, append([]string{managed}, loopArgs()...), l.p.Env)
	return fmt.Errorf("become %s: %w", managed, err)
}

func loopArgs() []string { return []string{"app-server", "daemon", "pid-update-loop"} }
