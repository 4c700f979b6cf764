package patch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"codex/pkg/atomicfile"
	"codex/pkg/foreign"
	"codex/pkg/ostext"
)

// FS is where a patch is applied: the local disk, or an executor at the other
// end of a pipe. Paths are absolute and clean. An error for something that is
// not there satisfies errors.Is(err, fs.ErrNotExist).
//
// An FS may also have a method Home(ctx) (string, error) that names the home
// directory of its machine; ~ and what begins with ~/ is then read as the
// original reads it, and is an ordinary name without it.
type FS interface {
	// ReadFile returns the whole of a file, links followed.
	ReadFile(ctx context.Context, path string) ([]byte, error)
	// WriteFile creates a file or replaces its content with the pieces, one after the
	// other: links are followed, and mode and owner of an existing file stay.
	WriteFile(ctx context.Context, path string, pieces ...[]byte) error
	// MkdirAll creates a directory and its parents where missing.
	MkdirAll(ctx context.Context, dir string) error
	// Remove removes a file or a symlink, never a directory.
	Remove(ctx context.Context, path string) error
	// Stat follows links, except for Info.IsSymlink.
	Stat(ctx context.Context, path string) (Info, error)
}

// Info tells what a path is. IsDir and IsFile are about the far end of a
// link; IsSymlink is about the path itself. A device or a pipe is none of them.
type Info struct {
	IsDir, IsFile, IsSymlink bool
}

// OS is the FS of this machine.
type OS struct {
	HomeDir string // what ~ in a path means; "" for nothing special
}

// maxFile bounds a file that a patch changes.
const maxFile = 512 << 20

// ReadFile refuses pipes and devices, which could block or never end.
func (OS) ReadFile(ctx context.Context, path string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return foreign.ReadFile(path, maxFile)
}

// WriteFile creates with mode 0666 less the umask. It refuses pipes and devices.
func (OS) WriteFile(ctx context.Context, path string, pieces ...[]byte) error {
	if err := special(ctx, path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return atomicfile.Write(path, 0o666, pieces...)
}

// special is an error for a path that can't be opened without danger.
func special(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	st, err := os.Stat(path)
	if err == nil && !st.Mode().IsRegular() && !st.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: foreign.ErrNotRegular}
	}
	return err
}

// MkdirAll creates with mode 0777 less the umask.
func (OS) MkdirAll(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o777)
}

// Remove refuses directories, empty ones too.
func (OS) Remove(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	st, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if st.IsDir() {
		return &fs.PathError{Op: "remove", Path: path, Err: syscall.EISDIR}
	}
	return os.Remove(path)
}

// Stat is os.Stat with the link seen by os.Lstat.
func (OS) Stat(ctx context.Context, path string) (Info, error) {
	if err := ctx.Err(); err != nil {
		return Info{}, err
	}
	st, err := os.Stat(path)
	if err != nil {
		return Info{}, err
	}
	info := Info{IsDir: st.IsDir(), IsFile: st.Mode().IsRegular()}
	if l, err := os.Lstat(path); err == nil {
		info.IsSymlink = l.Mode()&fs.ModeSymlink != 0
	}
	return info, nil
}

// Home is HomeDir.
func (o OS) Home(context.Context) (string, error) { return o.HomeDir, nil }

// resolve makes the absolute, clean path of a path in a patch. The cleaning
// is by text, as in the original: a/../b is b even when a is not there.
func resolve(ctx context.Context, fsys FS, cwd, name string) string {
	if name == "~" || strings.HasPrefix(name, "~/") {
		if h, ok := fsys.(interface {
			Home(context.Context) (string, error)
		}); ok {
			if home, err := h.Home(ctx); err == nil && home != "" {
				name = home + name[1:]
			}
		}
	}
	// A slash-rooted cwd on Windows is one of another machine.
	if path.IsAbs(cwd) {
		if !path.IsAbs(name) {
			name = path.Join(cwd, name)
		}
		return path.Clean(name)
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(cwd, name)
	}
	return filepath.Clean(name)
}

// parent is the directory of a path that resolve made.
func parent(name string) string {
	if path.IsAbs(name) {
		return path.Dir(name)
	}
	return filepath.Dir(name)
}

// readText reads a file that must be UTF-8. The text of the error is what the
// original prints after "Failed to read PATH: ". A file without content is not nil, which is none.
func readText(ctx context.Context, fsys FS, name string) ([]byte, error) {
	data, err := fsys.ReadFile(ctx, name)
	if err != nil {
		return nil, &osError{err}
	}
	if data == nil {
		data = []byte{}
	}
	return data, checkUTF8(data)
}

// checkUTF8 is nil or names the first bad byte: the wording is that of the
// original's run-time library, which models have seen.
func checkUTF8(data []byte) error {
	if utf8.Valid(data) {
		return nil
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		at += n
	}
	// The bad sequence reaches as far as its bytes could begin a character.
	bad := data[at:]
	n := 1
	for n < len(bad) && n < 4 && !utf8.FullRune(bad[:n+1]) {
		n++
	}
	switch {
	case utf8.FullRune(bad[:1]):
		n = 1
	case n == len(bad):
		return fmt.Errorf("incomplete utf-8 byte sequence from index %d", at)
	}
	return fmt.Errorf("invalid utf-8 sequence of %d bytes from index %d", n, at)
}

// osError prints as the original prints errors of the operating system.
type osError struct{ err error }

func (e *osError) Unwrap() error { return e.err }
func (e *osError) Error() string { return ostext.Of(e.err) }
