//go:build unix

package pidfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"codex/pkg/daemon/wait"
)

// Stop ends the process: SIGTERM, which lets an app-server finish its turns, and after
// Waits.Grace SIGKILL. A process that was stopped by a signal is continued, or it would
// not notice. It is no error when nothing runs.
func (f File) Stop(ctx context.Context) error {
	waits := f.Waits.filled()
	for {
		r, err := f.settled(ctx)
		if err != nil || r == nil {
			return err
		}
		began := time.Now()
		killed := false
		ended, err := f.end(ctx, r, waits.Stop, func() error {
			if killed || time.Since(began) < waits.Grace {
				return nil
			}
			killed = true
			return f.kill(int(r.PID))
		})
		if err != nil {
			return err
		}
		if !ended {
			return fmt.Errorf("timed out waiting for pid-managed %s %d to stop", f.what(), r.PID)
		}
	}
}

// Drain asks the process on record to end, and never forces it. It is false when the
// process still runs after the limit; then r is what is on record now.
func (f File) Drain(ctx context.Context, r *Record, limit time.Duration) (bool, error) {
	return f.end(ctx, r, limit, func() error { return nil })
}

// Ended says whether the process on record has ended.
func (f File) Ended(r Record) (bool, error) {
	_, active, err := f.look(r)
	return !active, err
}

// patience is how long a process may take to end before that is put on record.
const patience = 200 * time.Millisecond

// end sends SIGTERM and waits for the process to go; meanwhile it calls each.
func (f File) end(ctx context.Context, r *Record, limit time.Duration, each func() error) (bool, error) {
	// With the handle taken before the look, what gets the signal is what was looked at,
	// where the system has such handles.
	p, err := os.FindProcess(int(r.PID))
	if err != nil {
		return false, fmt.Errorf("failed to find pid-managed %s %d: %w", f.what(), r.PID, err)
	}
	defer p.Release()
	if _, active, err := f.look(*r); err != nil {
		return false, err
	} else if active && !r.Ending {
		if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return false, fmt.Errorf("failed to send SIGTERM to pid-managed %s %d: %w", f.what(), r.PID, err)
		}
	}
	began := time.Now()
	ended, err := wait.For(ctx, limit, func() (bool, error) {
		info, active, err := f.look(*r)
		if err != nil || !active {
			return !active, err
		}
		if !r.Ending && time.Since(began) > patience {
			if err := f.markEnding(ctx, r); err != nil {
				return false, err
			}
		}
		if info.Stopped {
			_ = p.Signal(syscall.SIGCONT) // SIGKILL comes for one that stops again
		}
		return false, each()
	})
	if !ended || err != nil {
		return false, err
	}
	return true, f.removeStale(ctx, *r)
}

// markEnding puts on record that the process has got its SIGTERM.
func (f File) markEnding(ctx context.Context, r *Record) error {
	lock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Close()
	r.Ending = true
	held, err := f.Holds(*r)
	if err != nil || !held {
		return err // it has been replaced: nothing to say about it
	}
	r.raw, err = f.replace(*r)
	return err
}

func (f File) kill(pid int) error {
	if f.Group {
		pid = -pid
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("failed to send SIGKILL to pid-managed %s: %w", f.what(), err)
	}
	return nil
}
