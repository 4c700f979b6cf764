package search

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes files below dir; a name that ends in a slash is a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIgnored holds the walk against git: what git lists as its own or untracked is what
// is found.
func TestIgnored(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	write(t, dir, map[string]string{
		".gitignore": "*.o\n/out/\nnode_modules/\n!keep.o\ndoc/*.txt\n**/deep/x\n\\#odd\ntrail \n", "a.o": "", "keep.o": "", "a.go": "",
		"out/x": "", "sub/out/x": "", "node_modules/p/i.js": "", "sub/node_modules/q": "", "sub/.gitignore": "*.go\n!b.go\n", "sub/a.go": "", "sub/b.go": "",
		"doc/a.txt": "", "doc/b.md": "", "doc/sub/a.txt": "", "p/deep/x": "", "p/deep/y": "", ".hidden/f": "", "#odd": "", "trail": "",
	})
	run := func(args ...string) string {
		cmd := exec.Command(git, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	run("init", "-q", ".")
	write(t, dir, map[string]string{".git/info/exclude": "excluded\n", "excluded": ""})
	want := strings.Fields(run("ls-files", "-co", "--exclude-standard"))
	var got []string
	for _, f := range Walk(context.Background(), []string{dir}).dirs {
		for i, name := range f.names {
			if !f.kinds[i] {
				got = append(got, f.path+name)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found\n%v\ngit has\n%v", got, want)
	}
}

func TestMatch(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"alpha_beta.txt": "", "gamma.rs": "", "src/alpine.go": "", "src/Alpha.go": "", "x/été.txt": ""})
	for _, tc := range []struct {
		query string
		first string
		n     int
	}{
		{"alp", "src/Alpha.go", 3}, {"Alp", "src/Alpha.go", 3}, {"ÉTÉ", "x/été.txt", 1}, {"GAMMA", "gamma.rs", 1}, {"srcalp", "src/Alpha.go", 2}, {"zzz", "", 0}, {"", "", 0}, {"été", "x/été.txt", 1}, {"gamma.rs", "gamma.rs", 1},
	} {
		got := Files(context.Background(), []string{dir}, tc.query, 50)
		if len(got) != tc.n || tc.n > 0 && got[0].Path != tc.first {
			t.Errorf("%q: %d matches, first %+v", tc.query, len(got), got)
			continue
		}
		for _, m := range got {
			if len(m.Indices) != len([]rune(tc.query)) || m.Name != filepath.Base(m.Path) || m.Score == 0 {
				t.Errorf("%q: %+v", tc.query, m)
			}
		}
	}
}

func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got := Files(ctx, []string{t.TempDir()}, "a", 5); len(got) != 0 {
		t.Errorf("a search that was stopped found %v", got)
	}
}

func BenchmarkFiles(b *testing.B) {
	root := os.Getenv("SEARCH_TREE")
	if root == "" {
		b.Skip("SEARCH_TREE names a tree to search")
	}
	for b.Loop() {
		Files(context.Background(), []string{root}, "srvhandl4", 50)
	}
}

// TestLinks: links to folders that stay inside the root are followed, and none twice on one
// way.
func TestLinks(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, dir, map[string]string{"a/file": "", "b/other": ""})
	write(t, outside, map[string]string{"file": ""})
	for link, to := range map[string]string{"in": "a", "a/up": "..", "a/b": "../b", "b/a": "../a", "out": outside, "gone": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	var got []string
	for _, m := range Files(context.Background(), []string{dir}, "FILE", 50) {
		got = append(got, m.Path)
	}
	slices.Sort(got)
	if want := []string{"a/file", "b/a/file", "in/file"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}
