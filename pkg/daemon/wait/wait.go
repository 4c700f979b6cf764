// Package wait waits for what other processes do: until a condition holds, or a lock is
// free.
//
// Daemon layer: it imports gofrs/flock.
package wait

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"

	"codex/pkg/foreign"
)

const (
	// first and most are between one look and the next: a server is ready after some
	// milliseconds, and the original looks every 50 ms.
	first = time.Millisecond
	most  = 50 * time.Millisecond
	// steady is how long the first pace is kept.
	steady = 100 * time.Millisecond
)

// For calls done until it is true or fails, for at most the limit, which is looked at
// after a call: false means that it has passed. The end of ctx is an error.
func For(ctx context.Context, limit time.Duration, done func() (bool, error)) (bool, error) {
	begin := time.Now()
	tick := time.NewTimer(first)
	defer tick.Stop()
	for pace := first; ; {
		if ok, err := done(); ok || err != nil {
			return ok, err
		}
		if time.Since(begin) >= limit {
			return false, nil
		}
		if time.Since(begin) > steady {
			pace = min(2*pace, most)
		}
		tick.Reset(pace)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
}

// Lock takes the lock of the file at path, made when there is none, waiting for at most
// the limit: nil means that somebody else has it still. Closing it gives it back; the end
// of the process does the same. The file stays for good: a lock belongs to the open file,
// and another file of the same name would be another lock.
func Lock(ctx context.Context, path string, limit time.Duration) (*flock.Flock, error) {
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDONLY|foreign.NonBlocking), flock.SetPermissions(0o600))
	ok, err := For(ctx, limit, lock.TryLock)
	if err != nil {
		return nil, fmt.Errorf("failed to lock %s: %w", path, err)
	}
	if !ok {
		return nil, nil
	}
	return lock, nil
}
