//go:build unix

package netproxy

import (
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestInboxPipe holds that reading a pipe, which others may have as well, still waits.
func TestInboxPipe(t *testing.T) {
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	r, w := os.NewFile(uintptr(p[0]), "r"), os.NewFile(uintptr(p[1]), "w")
	defer r.Close()
	defer w.Close()
	if b := newInbox(r); b.conn != nil {
		t.Error("a pipe is taken for a socket")
	}
	if flags, err := unix.FcntlInt(uintptr(p[0]), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("%v, flags %#x", err, flags)
	}
}
