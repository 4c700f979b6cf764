package rollout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"codex/pkg/foreign"
)

// A turn holds a lock on its session file: two engines that go on with one session take
// turns, and neither builds on a history that the other has left behind. Nobody must: the
// original does not know of the lock.

const (
	lockPoll = 20 * time.Millisecond
	// lockPatience is how long somebody waits before a person hears of it: an engine that
	// is leaving takes no longer.
	lockPatience = time.Second
)

// Hold takes the lock until Release, and waits for whoever has it, as long as ctx lasts;
// waits is called when that takes some time. changed says that the file is not as this
// writer has left it, or as it was loaded: whoever goes on with it has to load it again.
func (w *Writer) Hold(ctx context.Context, waits func()) (changed bool, err error) {
	if w.discard {
		return false, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = true
	if w.fresh { // open takes the lock
		return false, nil
	}
	if err := w.await(ctx, waits); err != nil {
		w.hold = false
		return false, err
	}
	st, err := os.Stat(w.path)
	if err != nil {
		return false, nil // writing it says more
	}
	changed = w.end >= 0 && st.Size() != w.end
	w.end = st.Size()
	return changed, nil
}

// Seize is Hold for who does not wait: an error when somebody is at work on the session.
func (w *Writer) Seize() (changed bool, err error) {
	ctx, busy := context.WithCancelCause(context.Background())
	defer busy(nil)
	return w.Hold(ctx, func() { busy(errors.New("another codex is at work on it")) })
}

// await takes the lock of a file that is there.
func (w *Writer) await(ctx context.Context, waits func()) error {
	if w.lock != nil || !lockable() {
		return nil
	}
	l := turnLock(w.path)
	soon, cancel := context.WithTimeout(ctx, lockPatience)
	ok, err := l.TryLockContext(soon, lockPoll)
	late := soon.Err() != nil && ctx.Err() == nil
	cancel()
	if !ok && late {
		waits()
		ok, err = l.TryLockContext(ctx, lockPoll)
	}
	switch {
	case ok:
		w.lock = l
	case ctx.Err() != nil:
		_ = l.Close() // it holds nothing
		return fmt.Errorf("wait for the session: %w", context.Cause(ctx))
	case err != nil:
		_ = l.Close() // a file system without locks, or no file: the work matters more
	}
	return nil
}

// take takes the lock if nobody has it, as nobody can have that of a new file.
func (w *Writer) take() {
	if w.lock != nil || !lockable() {
		return
	}
	l := turnLock(w.path)
	if ok, err := l.TryLock(); ok && err == nil {
		w.lock = l
	}
}

// Release gives the lock back.
func (w *Writer) Release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = false
	w.letGo()
}

func (w *Writer) letGo() {
	if w.lock != nil {
		_ = w.lock.Close() // the lock goes with the descriptor in any case
		w.lock = nil
	}
}

// turnLock is a lock on the session file itself, which it does not create.
func turnLock(path string) *flock.Flock {
	return flock.New(path, flock.SetFlag(os.O_RDONLY|foreign.NonBlocking))
}

// lockable is false on Windows, where locks are mandatory: they would keep others from
// reading the file.
func lockable() bool { return runtime.GOOS != "windows" }
