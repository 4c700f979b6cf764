//go:build unix

package daemon

import (
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"codex/pkg/daemon/process"
)

// TestMany runs commands of all kinds side by side while members of the company, commands
// and servers and updaters alike, are killed at random. There are never two servers or
// two updaters, no command finds a server that nobody knows, none waits for a lock of the
// dead, and in the end everything still works.
func TestMany(t *testing.T) {
	need(t)
	h := installed(t)
	h.write("app-server-daemon/updater.json", `{"url":"file://`+h.path("missing")+`","first":"1ms","interval":"20ms","retry":"20ms"}`)
	var kinds = [][]string{{"start"}, {"start", "--updater"}, {"restart"}, {"stop"}, {"version"}, {"bootstrap"}, {"bootstrap", "--remote-control"},
		{"enable-remote-control"}, {"disable-remote-control"}, {"stop", "--forget"}}
	var left atomic.Int64
	left.Store(int64(*rounds))
	quit := make(chan struct{})
	var watch, work sync.WaitGroup
	watch.Go(func() { h.never(quit, "codex-app-server") })
	watch.Go(func() { h.never(quit, "pid-update-loop") })
	var killed atomic.Int64
	watch.Go(func() {
		for before := left.Load(); ; { // one for every other command
			select {
			case <-quit:
				return
			default:
			}
			now := left.Load()
			if before-now < 2 {
				continue
			}
			all := h.processes()
			if lasting := slices.DeleteFunc(slices.Clone(all), func(pid int) bool { return !leads(pid) }); now%4 < 2 && len(lasting) > 0 {
				all = lasting // or commands would get nearly all of it
			}
			if len(all) > 0 && syscall.Kill(all[rand.IntN(len(all))], syscall.SIGKILL) == nil {
				before = now
				killed.Add(1)
			}
		}
	})
	tally := &tally{n: map[string]int{}}
	for range 20 {
		work.Go(func() {
			for left.Add(-1) >= 0 {
				tally.count(h.run(kinds[rand.IntN(len(kinds))]...))
			}
		})
	}
	work.Wait()
	close(quit)
	watch.Wait()
	t.Logf("killed %d; %v", killed.Load(), tally.n)

	for _, f := range []string{"daemon.lock", "app-server.pid.lock", "app-server-updater.pid.lock"} {
		if strings.HasPrefix(f, "app-server") {
			h.run("version") // whatever it says, it looks at the record
		}
		h.until(f+" to be free", func() bool { return h.isFree(f) })
	}
	h.run("bootstrap").says("bootstrapped")
	h.run("version").says("running")
	tries := func(pid int) bool { return !leads(pid) } // the updater tries a release out
	if n := len(slices.DeleteFunc(h.servers(), tries)); n != 1 {
		t.Errorf("%d servers", n)
	}
	h.run("stop", "--forget").says("stopped")
	h.until("everybody's end", func() bool { return len(h.processes()) == 0 })
}

// tally counts how commands ended.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) count(r result) {
	r.t.Helper()
	var answer struct{ Status string }
	word := ""
	switch {
	case r.status == -1:
		word = "killed"
	case r.status == 0 && json.Unmarshal([]byte(r.stdout), &answer) == nil && answer.Status != "":
		word = answer.Status
	case r.status == 1 && r.stdout == "":
		word, _, _ = strings.Cut(r.stderr, " /")
		word, _, _ = strings.Cut(word, "\n")
		word = strings.TrimRight(word, "0123456789")
		// These would be wrong, whoever has been killed.
		for _, never := range []string{"not managed", "timed out waiting for daemon operation lock", "invalid pid file", "failed to parse"} {
			if strings.Contains(r.stderr, never) {
				r.t.Errorf("%s: %s", r.args, r.stderr)
			}
		}
	default:
		r.t.Errorf("%s: status %d, %q, %q", r.args, r.status, r.stdout, r.stderr)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[word]++
}

// never holds that there are no two processes of a kind at the same time.
func (h *home) never(quit chan struct{}, kind string) {
	for {
		select {
		case <-quit:
			return
		default:
		}
		var first *process.Info
		var one int
		for _, pid := range h.processes() {
			args := process.Args(pid)
			if !leads(pid) || !strings.HasPrefix(args, "codex-") || !strings.Contains(args, kind) {
				continue // a gate or dispatcher on its way, or a child that has not become its program
			}
			info, ok, err := process.Look(pid)
			if err != nil || !ok || info.Dead {
				continue
			}
			if first == nil {
				first, one = &info, pid
				continue
			}
			// The second has been seen alive; if the first is still there, so were both.
			if again, ok, _ := process.Look(one); ok && !again.Dead && *again.Identity == *first.Identity {
				h.t.Errorf("two of %s at the same time: %d and %d", kind, one, pid)
				return
			}
		}
	}
}

// leads says whether a process has a session of its own, as servers and updaters have,
// and gates before them.
func leads(pid int) bool {
	sid, err := unix.Getsid(pid)
	return err == nil && sid == pid
}

// isFree says whether nobody holds the lock of a file of state.
func (h *home) isFree(name string) bool {
	return exec.Command("flock", "-n", h.state(name), "true").Run() == nil
}
