package foreign

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReadHead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		max  int64
		want string
		more bool
	}{{0, "", true}, {4, "1234", true}, {5, "12345", false}, {1 << 40, "12345", false}} {
		b, more, err := ReadHead(link, c.max)
		if string(b) != c.want || more != c.more || err != nil {
			t.Errorf("%d: %q %v %v", c.max, b, more, err)
		}
		if b, err = ReadFile(path, c.max); errors.Is(err, ErrTooLarge) != c.more || !c.more && !bytes.Equal(b, []byte(c.want)) {
			t.Errorf("whole, %d: %q %v", c.max, b, err)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := ReadFile(dir, 1); !errors.Is(err, syscall.EISDIR) {
		t.Error(err)
	}
}

// A file without end costs what was asked for.
func TestSparse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(1<<40), f.Close()); err != nil {
		t.Skip(err)
	}
	if b, more, err := ReadHead(path, 10); len(b) != 10 || !more || err != nil {
		t.Errorf("%d %v %v", len(b), more, err)
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "",
		"a\xc3\xa4":                     "aä",
		"\xef\xbb\xbfa":                 "a",
		"a\xffb":                        "a\uFFFDb",
		"\xff\xfe":                      "",
		"\xff\xfea\x00\xe4\x00":         "aä",
		"\xfe\xff\x00a\xd8\x3d\xde\x00": "a😀",
		"\xff\xfea\x00\x00\xd8b\x00":    "a\uFFFDb",
		"\xff\xfea\x00b":                "a",
	} {
		if got := Text([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
