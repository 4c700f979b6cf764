//go:build unix

package appserver

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A socket is its owner's when it is made, not a moment later.
func TestListenPrivate(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // that of the test may be too long
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	defer syscall.Umask(syscall.Umask(0))
	path := filepath.Join(dir, "s")
	ln, err := listenPrivate(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if fi, err := os.Lstat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", fi.Mode(), err)
	}
	if _, err := ListenUnix(filepath.Join(dir, strings.Repeat("x", 120))); err == nil || !strings.Contains(err.Error(), "a socket's path has at most 10") {
		t.Errorf("too long a path: %v", err)
	}
}
