package wait

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestFor(t *testing.T) {
	ctx := context.Background()
	calls := 0
	ok, err := For(ctx, time.Hour, func() (bool, error) { calls++; return calls == 3, nil })
	if !ok || err != nil || calls != 3 {
		t.Errorf("%v %v after %d calls", ok, err, calls)
	}
	calls = 0
	if ok, err := For(ctx, 0, func() (bool, error) { calls++; return false, nil }); ok || err != nil || calls != 1 {
		t.Errorf("no time: %v %v after %d calls", ok, err, calls)
	}
	broken := errors.New("broken")
	if _, err := For(ctx, time.Hour, func() (bool, error) { return false, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	done, cancel := context.WithCancelCause(ctx)
	cancel(broken)
	if _, err := For(done, time.Hour, func() (bool, error) { return false, nil }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestLock(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "lock")
	mine, err := Lock(ctx, path, 0)
	if mine == nil || err != nil {
		t.Fatal(mine, err)
	}
	if other, err := Lock(ctx, path, 0); other != nil || err != nil {
		t.Error("two have the lock", err)
	}
	got := make(chan error, 1)
	go func() {
		other, err := Lock(ctx, path, time.Hour)
		if err == nil {
			err = other.Close()
		}
		got <- err
	}()
	if err := mine.Close(); err != nil {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
	if _, err := Lock(ctx, filepath.Join(path, "below"), 0); err == nil {
		t.Error("a lock below a file")
	}
}
