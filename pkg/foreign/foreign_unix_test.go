//go:build unix

package foreign

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

// Neither a FIFO nor a device is waited for.
func TestSpecial(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{fifo, "/dev/zero", "/dev/null", "/dev/tty"} {
		if _, _, err := ReadHead(path, 1); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
