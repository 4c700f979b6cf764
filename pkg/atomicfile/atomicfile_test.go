//go:build linux || darwin

package atomicfile

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func stat(t *testing.T, path string) *syscall.Stat_t {
	t.Helper()
	fi, err := os.Lstat(path)
	check(t, err)
	return fi.Sys().(*syscall.Stat_t)
}

// holds compares a file, and looks for what should not be beside it.
func holds(t *testing.T, path, want string) {
	t.Helper()
	b, err := os.ReadFile(path)
	check(t, err)
	if string(b) != want {
		t.Errorf("%s holds %.40q of %d bytes, want %.40q", path, b, len(b), want)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".codex-*"))
	check(t, err)
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	check(t, Write(path, 0o640, []byte("one\n"), nil, []byte("two\n")))
	holds(t, path, "one\ntwo\n")
	if m := stat(t, path).Mode & 0o777; m != 0o640 {
		t.Errorf("a new file has mode %o", m)
	}
	check(t, os.Chmod(path, 0o751))
	open, err := os.Open(path)
	check(t, err)
	defer open.Close()
	before := stat(t, path)
	check(t, Write(path, 0o666, []byte("new")))
	holds(t, path, "new")
	if st := stat(t, path); st.Mode&0o777 != 0o751 || st.Ino == before.Ino {
		t.Errorf("mode %o, inode as before: %t", st.Mode, st.Ino == before.Ino)
	}
	old := make([]byte, 20)
	if n, _ := open.Read(old); string(old[:n]) != "one\ntwo\n" {
		t.Errorf("who reads meanwhile gets %q", old[:n])
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	path, soft, hard, none := filepath.Join(dir, "f"), filepath.Join(dir, "soft"), filepath.Join(dir, "hard"), filepath.Join(dir, "none")
	check(t, Write(path, 0o666, []byte("a")))
	check(t, os.Symlink("f", soft))
	check(t, os.Symlink("new", none))
	check(t, Write(soft, 0o666, []byte("b")))
	holds(t, path, "b")
	check(t, Write(none, 0o666, []byte("c")))
	holds(t, filepath.Join(dir, "new"), "c")
	for _, l := range []string{soft, none} {
		if _, err := os.Readlink(l); err != nil {
			t.Error(err)
		}
	}
	check(t, os.Link(path, hard))
	for _, text := range []string{"longer than before", "short", ""} {
		check(t, Write(path, 0o666, []byte(text)))
		holds(t, hard, text)
	}
	if st := stat(t, path); st.Nlink != 2 {
		t.Errorf("%d links", st.Nlink)
	}
	check(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	if err := Write(filepath.Join(dir, "loop"), 0o666); !errors.Is(err, syscall.ELOOP) {
		t.Error(err)
	}
}

func TestOthersFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	check(t, os.WriteFile(path, []byte("a"), 0o644))
	if err := unix.Setxattr(path, "user.note", []byte("kept"), 0); err == nil {
		check(t, Write(path, 0o666, []byte("b")))
		value := make([]byte, 10)
		if n, err := unix.Getxattr(path, "user.note", value); err != nil || string(value[:n]) != "kept" {
			t.Errorf("attribute %q, %v", value[:max(n, 0)], err)
		}
	}
	if os.Getuid() == 0 {
		check(t, os.Chown(path, 1234, 5678))
		check(t, Write(path, 0o666, []byte("c")))
		if st := stat(t, path); st.Uid != 1234 || st.Gid != 5678 {
			t.Errorf("owner %d, group %d", st.Uid, st.Gid)
		}
		return
	}
	check(t, os.Chmod(path, 0o444))
	if err := Write(path, 0o666, []byte("no")); !errors.Is(err, syscall.EACCES) {
		t.Errorf("a file that may not be written: %v", err)
	}
	check(t, os.Chmod(path, 0o644))
	check(t, os.Chmod(dir, 0o555))
	check(t, Write(path, 0o666, []byte("in a folder that takes no file")))
	if err := Write(filepath.Join(dir, "new"), 0o666); !errors.Is(err, syscall.EACCES) {
		t.Errorf("a folder that takes no file: %v", err)
	}
	check(t, os.Chmod(dir, 0o755))
	holds(t, path, "in a folder that takes no file")
}

func TestSpecial(t *testing.T) {
	check(t, Write("/dev/null", 0o666, []byte("x")))
	if err := Write(t.TempDir(), 0o666); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a folder: %v", err)
	}
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	check(t, Write(fmt.Sprintf("/dev/fd/%d", w.Fd()), 0o666, []byte("through a pipe")))
	check(t, w.Close())
	b := make([]byte, 40)
	if n, _ := r.Read(b); string(b[:n]) != "through a pipe" {
		t.Errorf("%q", b[:n])
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	check(t, Create(path, 0o600, []byte("one"), []byte(" two")))
	if err := Create(path, 0o600, []byte("three")); !errors.Is(err, os.ErrExist) {
		t.Error(err)
	}
	holds(t, path, "one two")
	if m := stat(t, path).Mode & 0o777; m != 0o600 {
		t.Errorf("mode %o", m)
	}
	if err := Create(filepath.Join(path, "f"), 0o600); !errors.Is(err, syscall.ENOTDIR) {
		t.Error(err)
	}
}

// The disk is full: nothing is lost, whether a file can be replaced or not, and the error
// says why.
func TestFullDisk(t *testing.T) {
	if dir := os.Getenv("ATOMICFILE_TEST_DISK"); dir != "" {
		onFullDisk(t, dir)
		return
	}
	dir := t.TempDir()
	probe := exec.Command("unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=256k none "$0"`, dir)
	if out, err := probe.CombinedOutput(); err != nil {
		t.Skipf("no small disk to be had here: %v %s", err, out)
	}
	cmd := exec.Command("unshare", "-rm", "sh", "-c", `mount -t tmpfs -o size=256k none "$0" && exec "$@"`, dir, os.Args[0], "-test.run=TestFullDisk$")
	cmd.Env = append(os.Environ(), "ATOMICFILE_TEST_DISK="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func onFullDisk(t *testing.T, dir string) {
	old := strings.Repeat("old\n", 10000)
	path, first, second := filepath.Join(dir, "f"), filepath.Join(dir, "first"), filepath.Join(dir, "second")
	check(t, Write(path, 0o666, []byte(old)))
	check(t, Write(first, 0o666, []byte(old)))
	check(t, os.Link(first, second))
	more := []byte(strings.Repeat("new\n", 1000000))
	for _, p := range []string{path, first, filepath.Join(dir, "none")} {
		if err := Write(p, 0o666, more); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "no space left on device") {
			t.Errorf("%s: %v", p, err)
		}
	}
	holds(t, path, old)
	holds(t, first, old)
	holds(t, second, old)
	if _, err := os.Lstat(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that could not be written is there: %v", err)
	}
}
