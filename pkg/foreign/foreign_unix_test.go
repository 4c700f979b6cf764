//go:build unix

package foreign

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// special makes a FIFO that nobody has open, one that has a writer who writes nothing, and
// links to them, beside the devices that are there.
func special(t *testing.T) []string {
	dir := t.TempDir()
	quiet, written := filepath.Join(dir, "quiet"), filepath.Join(dir, "written")
	for _, name := range []string{quiet, written} {
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(name, name+".link"); err != nil {
			t.Fatal(err)
		}
	}
	w, err := os.OpenFile(written, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return []string{quiet, quiet + ".link", written, written + ".link", "/dev/zero", "/dev/null", "/dev/tty"}
}

// Neither a FIFO nor a device is waited for, or takes room for what was allowed: a wait
// would never end, and the room for one file would be a gigabyte.
func TestSpecial(t *testing.T) {
	for _, path := range special(t) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, head := ReadHead(path, 1<<30)
		_, whole := ReadFile(path, 1<<30)
		f, open := Open(path)
		runtime.ReadMemStats(&after)
		if f != nil {
			f.Close()
		}
		for _, err := range []error{head, whole, open} {
			if !errors.Is(err, ErrNotRegular) {
				t.Errorf("%s: %v", path, err)
			}
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s took %d bytes", path, n)
		}
	}
}

// A name may mean a FIFO by the time that it is opened: what is opened is looked at again.
func TestSwapped(t *testing.T) {
	dir := t.TempDir()
	name, fifo, file := filepath.Join(dir, "f"), filepath.Join(dir, "fifo"), filepath.Join(dir, "file")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(file, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	done, ended := make(chan struct{}), make(chan error, 1)
	go func() { // ends when the reads have
		for i := 0; ; i++ {
			select {
			case <-done:
				ended <- nil
				return
			default:
			}
			next := name + ".next"
			err := os.Symlink([]string{fifo, file}[i%2], next)
			if err == nil {
				err = os.Rename(next, name)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	for range 2000 { // one that waited would not come back
		b, err := ReadFile(name, 10)
		if err != nil && !errors.Is(err, ErrNotRegular) && !errors.Is(err, os.ErrNotExist) || err == nil && string(b) != "text" {
			t.Errorf("%q %v", b, err)
			break
		}
	}
	close(done)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
