//go:build unix

package rollout

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// room lets files grow to n bytes: what goes beyond that fails as it does on a full disk,
// with as much written as there is room for.
func room(t *testing.T, n uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
	l.Cur = min(n, l.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
		t.Fatal(err)
	}
}

// alone says whether a test has a process of its own, and runs it in one if not: room is that of
// all files, and a test that go test runs has a log of the files it looks at, too.
func alone(t *testing.T) bool {
	t.Helper()
	const own = "ROLLOUT_TEST_ALONE"
	if os.Getenv(own) != "" {
		return true
	}
	c := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), own+"=1")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// TestFullDisk: what finds no room is written when there is some, in its order, and the
// file holds whole lines all the time.
func TestFullDisk(t *testing.T) {
	if !alone(t) {
		return
	}
	t.Cleanup(func() { room(t, 1<<62) })
	for _, limit := range []uint64{0, 10, 100, 150, 230, 300} {
		path := filepath.Join(t.TempDir(), "d", "f.jsonl")
		w := Create(path, Meta{ID: "a", Source: json.RawMessage(`"cli"`)}, clock)
		room(t, limit)
		failed := 0
		for n := 1; n <= 6; n += 2 {
			if w.Append(item(n), item(n+1)) != nil {
				failed++
			}
			b, err := os.ReadFile(path)
			if err != nil || len(b) > 0 && !bytes.HasSuffix(b, []byte("\n")) || uint64(len(b)) > limit {
				t.Errorf("limit %d: %v %q", limit, err, b)
			}
		}
		if failed == 0 {
			t.Errorf("limit %d: nothing failed", limit)
		}
		if err := w.AppendNow(RolledBack(1)); err == nil {
			t.Errorf("limit %d: a mark found room", limit)
		}
		room(t, 1<<62)
		if err := w.Append(item(7)); err != nil {
			t.Error(err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if h, err := Load(path); err != nil || h.Dropped != 0 || texts(h) != "1 2 3 4 5 6 7" {
			t.Errorf("limit %d: %v, items %q, %d dropped", limit, err, texts(h), h.Dropped)
		}
	}
}

// TestStaysFull: a file that cannot be written to the end says so.
func TestStaysFull(t *testing.T) {
	if !alone(t) {
		return
	}
	t.Cleanup(func() { room(t, 1<<62) })
	path := filepath.Join(t.TempDir(), "f.jsonl")
	w := Create(path, Meta{ID: "a"}, clock)
	room(t, 10)
	if w.Append(item(1)) == nil {
		t.Error("there was room")
	}
	if err := w.Close(); !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}

// TestRemoved: so does one that is not there any more.
func TestRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "d")
	w := Create(filepath.Join(dir, "f.jsonl"), Meta{ID: "a"}, clock)
	if err := w.Append(item(1)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := w.Append(item(2)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "removed") {
		t.Error(err)
	}
}
