package jsonrpc

import (
	"errors"
	"sync"
	"testing"
)

// As many as there may be run, the next one is refused, and there is room again once one ends.
func TestBeside(t *testing.T) {
	b := Beside{Most: 2}
	var ended sync.WaitGroup
	gate := make(chan struct{})
	for range 2 {
		ended.Add(1)
		if err := b.Go(func() { defer ended.Done(); <-gate }); err != nil {
			t.Fatal(err)
		}
	}
	var refused *Error
	if err := b.Go(func() { t.Error("it ran") }); !errors.As(err, &refused) || refused.Code != CodeOverloaded {
		t.Fatalf("got %v", err)
	}
	close(gate)
	ended.Wait()
	for b.n.Load() > 0 { // the count follows the end
	}
	if err := b.Go(func() {}); err != nil {
		t.Fatal(err)
	}
}
