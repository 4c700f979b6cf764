package rollout

import (
	"context"
	"os"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// A turn holds a lock on its session file, so that whoever goes on with the session can
// wait for the turn's last lines: an engine outlives the face that started it. Nobody
// must: the original does not know of the lock, and one who has waited enough goes on.

// Hold takes the lock, as soon as the file exists, until Release. When another engine has
// it, nothing is held.
func (w *Writer) Hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = true
	w.take()
}

// Release gives the lock back.
func (w *Writer) Release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hold = false
	w.letGo()
}

// take takes the lock when it is wanted and the file is open.
func (w *Writer) take() {
	if !w.hold || w.f == nil || w.lock != nil || !lockable() {
		return
	}
	l := turnLock(w.path)
	if ok, err := l.TryLock(); ok && err == nil {
		w.lock = l
	}
}

func (w *Writer) letGo() {
	if w.lock != nil {
		_ = w.lock.Close() // the lock goes with the descriptor in any case
		w.lock = nil
	}
}

// Settled waits until no turn writes to the session file at path, as long as ctx lasts.
// A file that cannot be opened has no turn.
func Settled(ctx context.Context, path string) {
	if !lockable() {
		return
	}
	l := turnLock(path)
	_, _ = l.TryRLockContext(ctx, 10*time.Millisecond)
	_ = l.Close()
}

// turnLock is a lock on the session file itself, which it does not create.
func turnLock(path string) *flock.Flock { return flock.New(path, flock.SetFlag(os.O_RDONLY)) }

// lockable is false on Windows, where locks are mandatory: they would keep others from
// reading the file.
func lockable() bool { return runtime.GOOS != "windows" }
