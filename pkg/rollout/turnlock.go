package rollout

import (
	"context"
	"errors"
	"os"
	"time"
)

// A turn holds a lock on its session file, so that whoever goes on with the session can
// wait for the turn's last lines: an engine outlives the face that started it. Nobody
// must: the original does not know of the lock, and one who has waited enough goes on.

// Hold takes the lock, as soon as the file exists, until Release.
func (w *Writer) Hold() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = true
	if w.f != nil {
		w.held = lockFile(w.f) == nil // another engine has it: then it is not ours to release
	}
}

// Release gives the lock back.
func (w *Writer) Release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held && w.f != nil {
		_ = unlockFile(w.f) // closing the file does it as well
	}
	w.held = false
}

// Settled waits until no turn writes to the session file at path, as long as ctx lasts.
// A file that cannot be opened has no turn.
func Settled(ctx context.Context, path string) {
	f, err := os.Open(path)
	if err != nil {
		return
	}
	defer f.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for errors.Is(shareFile(f), errHeld) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// errHeld says that somebody else has the lock.
var errHeld = errors.New("a turn is running")
