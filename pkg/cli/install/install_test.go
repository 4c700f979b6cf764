package install

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// lay makes a folder with codex and the named programs in it, by paths relative to it,
// and gives the path of codex.
func lay(t *testing.T, programs ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, p := range append([]string{"bin/codex"}, programs...) {
		path := filepath.Join(root, p)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(root, "bin", "codex")
}

func TestFind(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and mode bits")
	}
	self := lay(t, "bin/codex-a", "libexec/codex/codex-a", "libexec/codex/codex-b", "libexec/codex-c",
		"bin/libexec/codex-d", "links/codex-e", "path/codex-f", "bin/apply_patch")
	root := filepath.Dir(filepath.Dir(self))
	link := filepath.Join(root, "links", "codex")
	for name, target := range map[string]string{"codex": "../bin/codex", "codex-g": "../bin/codex"} {
		if err := os.Symlink(target, filepath.Join(root, "links", name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "bin", "codex-h"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ self, name, want string }{
		{self, "a", "bin/codex-a"},
		{self, "codex-a", "bin/codex-a"},
		{self, "b", "libexec/codex/codex-b"},
		{self, "c", "libexec/codex-c"},
		{self, "d", "bin/libexec/codex-d"},
		{self, "f", "path/codex-f"},
		{self, "apply_patch", "bin/apply_patch"},
		{self, "e", ""},
		{link, "a", "bin/codex-a"},
		{link, "e", "links/codex-e"},
		{link, "g", ""}, // a link to self
		{self, "h", ""}, // not executable
	} {
		got, err := Find(tc.self, tc.name, "relative:"+filepath.Join(root, "path"))
		want := tc.want
		if want != "" {
			want = filepath.Join(root, want)
		}
		var nf *NotFoundError
		if got != want || (want == "") != errors.As(err, &nf) {
			t.Errorf("Find(%s, %s) = %q, %v", tc.self, tc.name, got, err)
		}
	}
}

func TestSelf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links")
	}
	self := lay(t, "links/other")
	root := filepath.Dir(filepath.Dir(self))
	link := filepath.Join(root, "links", "codex")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ argv0, path, want string }{
		{link, "", link},
		{"codex", filepath.Join(root, "links"), link},
		{"codex", "", self},
		{filepath.Join(root, "links", "other"), "", self}, // a name given with exec -a
	} {
		if got := Self(tc.argv0, self, tc.path); got != tc.want {
			t.Errorf("Self(%q, PATH=%q) = %q, want %q", tc.argv0, tc.path, got, tc.want)
		}
	}
}

func TestPathDir(t *testing.T) {
	self := lay(t, "libexec/codex/codex-path/apply_patch")
	if got, want := PathDir(self), filepath.Join(filepath.Dir(filepath.Dir(self)), "libexec", "codex", "codex-path"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := PathDir(lay(t)); got != "" {
		t.Errorf("without one: %q", got)
	}
}

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	name := "prog"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	path := "relative" + string(os.PathListSeparator) + t.TempDir() + string(os.PathListSeparator) + dir
	if got, err := LookPath("prog", path); got != filepath.Join(dir, name) || err != nil {
		t.Error(got, err)
	}
	for _, bad := range []string{"data", "none"} {
		if got, err := LookPath(bad, path); err == nil {
			t.Error(got)
		}
	}
}

func TestOwn(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("suffixes")
	}
	self := lay(t, "bin/codex-exec", "bin/codex-model", "libexec/codex/codex-sandbox", "bin/apply_patch", "bin/sh")
	bin := filepath.Dir(self)
	own := Own(filepath.Join(bin, "codex-exec"))
	for name, want := range map[string]string{
		"codex": self, "codex-model": filepath.Join(bin, "codex-model"), "apply_patch": filepath.Join(bin, "apply_patch"),
		"codex-sandbox": filepath.Join(filepath.Dir(bin), "libexec", "codex", "codex-sandbox"),
		"codex-nobody":  "codex-nobody", "sh": "sh", "": "", "./codex-model": "./codex-model", "/x/codex": "/x/codex",
	} {
		if got := own(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
