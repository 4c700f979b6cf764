package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnborn holds that a directory gets no part that it lacks to be a git directory.
// "f=text" is a file, "l>to" a link, "d/" a directory.
func TestUnborn(t *testing.T) {
	const (
		head  = "HEAD=ref: refs/heads/x\n"
		other = "HEAD=a list of heads"
	)
	git := func(more ...string) []string {
		return append([]string{".git/" + head, ".git/objects/", ".git/refs/"}, more...)
	}
	for _, c := range []struct {
		want string
		have []string
	}{
		{"HEAD", nil},
		{"", git()},
		{"", git(other, "refs/", "objects/")},
		{"HEAD", []string{".git/"}},
		{"HEAD", []string{".git/HEAD=nonsense", ".git/objects/", ".git/refs/"}},
		{"HEAD", []string{".git/" + head, ".git/objects/"}},
		{"", []string{".git=gitdir: elsewhere"}}, // also where that is nothing: git gives up
		{"refs", []string{other}},
		{"objects", []string{other, "refs/"}},
		{"HEAD", []string{other, "refs/", "objects/"}},
		{"HEAD", []string{"HEAD/"}},
		{"refs", []string{"HEAD>nowhere"}},
		{"refs", []string{head}},
		{"refs", []string{head, "refs=file"}},
		{"", []string{head, "refs/", "objects/"}}, // it is one
		{"", []string{"HEAD=ref:refs/heads/x", "real/", "refs>real", "objects>real"}},
		{"", []string{"HEAD>refs/heads/x", "refs/", "objects/"}},
		{"HEAD", []string{"HEAD>heads", "refs/", "objects/"}},
		{"", []string{"HEAD=0123456789abcdef0123456789ABCDEF01234567", "refs/", "objects/"}},
		{"HEAD", []string{"HEAD=0123456789abcdef0123456789abcdef0123456", "refs/", "objects/"}},
	} {
		dir := t.TempDir()
		for _, what := range c.have {
			lay(t, dir, what)
		}
		if got := unborn(disk{}, dir); got != c.want {
			t.Errorf("%q: %q, want %q", c.have, got, c.want)
		}
	}
}

// lay puts one thing into dir.
func lay(t *testing.T, dir, what string) {
	t.Helper()
	name := what[:strings.IndexAny(what+"=", "=>")]
	at := filepath.Join(dir, name)
	err := os.MkdirAll(filepath.Dir(at), 0o755)
	switch text := strings.TrimPrefix(what, name); {
	case err != nil:
	case text == "":
		err = os.MkdirAll(at, 0o755)
	case text[0] == '>':
		err = os.Symlink(text[1:], at)
	default:
		err = os.WriteFile(at, []byte(text[1:]), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}
