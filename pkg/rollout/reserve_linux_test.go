package rollout

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReserve: there is room behind the end of an open file, and none is kept of one that
// is closed, whose time is that of its last line.
func TestReserve(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.jsonl")
	look := func() (os.FileInfo, int64) {
		t.Helper()
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return st, st.Sys().(*syscall.Stat_t).Blocks * 512
	}
	w := Create(path, Meta{ID: "a"}, clock)
	if err := w.Append(item(1), item(2)); err != nil {
		t.Fatal(err)
	}
	open, room := look()
	if room < ahead {
		t.Skip("this file system reserves nothing")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	closed, left := look()
	if left >= ahead || closed.Size() != open.Size() || !closed.ModTime().Equal(open.ModTime()) {
		t.Errorf("%d bytes of room are left of %d, size %d was %d, time %v was %v", left, room, closed.Size(), open.Size(), closed.ModTime(), open.ModTime())
	}
}
