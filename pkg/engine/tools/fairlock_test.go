package tools

import (
	"context"
	"testing"
	"time"
)

func msDuration(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func open(p *waiter) bool {
	select {
	case <-p.ready:
		return true
	default:
		return false
	}
}

// The lock is given out in the order of the calls: shared ones together, a lone one after
// all before it and before all behind it.
func TestFairLockOrder(t *testing.T) {
	var l fairLock
	a, b := l.enter(false), l.enter(false)
	alone := l.enter(true)
	c := l.enter(false)
	if !open(a) || !open(b) || open(alone) || open(c) {
		t.Fatal("the first two share, the others wait")
	}
	l.leave(b)
	if open(alone) {
		t.Fatal("the lone call must wait for a")
	}
	l.leave(a)
	if !open(alone) || open(c) {
		t.Fatal("now the lone call runs, and holds up c")
	}
	l.leave(alone)
	if !open(c) {
		t.Fatal("c runs last")
	}
	l.leave(c)
}

func TestFairLockLeaveWhileWaiting(t *testing.T) {
	var l fairLock
	a, alone, c := l.enter(false), l.enter(true), l.enter(false)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if alone.wait(ctx) == nil {
		t.Fatal("a cancelled wait must fail")
	}
	l.leave(alone)
	if !open(c) {
		t.Fatal("c no longer waits for the call that left")
	}
	l.leave(a)
	l.leave(c)
}

// No more than so many together; the next one has the place of the first that leaves.
func TestFairLockBound(t *testing.T) {
	var l fairLock
	var all []*waiter
	for range maxAtWork + 2 {
		all = append(all, l.enter(false))
	}
	if !open(all[maxAtWork-1]) || open(all[maxAtWork]) {
		t.Fatalf("%d share, the others wait", maxAtWork)
	}
	l.leave(all[5])
	if !open(all[maxAtWork]) || open(all[maxAtWork+1]) {
		t.Fatal("one left, one comes")
	}
}
