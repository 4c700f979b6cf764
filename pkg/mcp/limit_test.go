package mcp

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Times run, stand still while the user is asked, and end with their requests.
func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l limits
		begin := time.Now()
		var mu sync.Mutex
		late := map[string]time.Duration{}
		start := func(name string, d time.Duration) func() {
			return l.begin(d, func() {
				mu.Lock()
				defer mu.Unlock()
				late[name] = time.Since(begin)
			})
		}
		start("long", 10*time.Second)
		start("short", 4*time.Second)
		start("ended", 2*time.Second)()
		time.Sleep(time.Second)
		l.pause()
		start("asked", time.Second)
		time.Sleep(time.Minute)
		l.resume()
		time.Sleep(time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		want := map[string]time.Duration{"asked": 62 * time.Second, "short": 64 * time.Second, "long": 70 * time.Second}
		for name, at := range want {
			if late[name] != at {
				t.Errorf("%s: %v, not %v", name, late[name], at)
			}
		}
		if len(late) != len(want) {
			t.Error(late)
		}
	})
}
