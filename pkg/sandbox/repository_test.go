//go:build linux

package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/policy"
)

// TestGitPointer protects the directory that a .git file names.
func TestGitPointer(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	for _, d := range []string{p.ws + "/.real/hooks", p.out + "/gone"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(p.ws+"/.git", []byte("gitdir: .real\n"), 0o644)
	pol := p.workspace(t)
	for _, script := range []string{"echo x >.real/hooks/h", "echo x >.git", "mv .real r", "rm -rf .git"} {
		if r := p.sh(t, pol, script); r.err != nil || r.exit.Code == 0 {
			t.Errorf("%s: %+v", script, r)
		}
	}
	t.Run("that is missing", func(t *testing.T) {
		os.WriteFile(p.ws+"/.git", []byte("gitdir: deep/down/git\n"), 0o644)
		pol := p.workspace(t)
		for _, script := range []string{"mkdir -p deep/down/git/hooks", "mkdir deep", "echo x >deep"} {
			if r := p.sh(t, pol, script); r.err != nil || r.exit.Code == 0 {
				t.Errorf("%s: %+v", script, r)
			}
		}
		if exists(p.ws + "/deep") {
			t.Error("the placeholder was left behind")
		}
	})
}

// TestLinksOut holds that a protected name may be a link to where no command can write:
// it stays that link. One that a command could turn on the way stops the start.
func TestLinksOut(t *testing.T) {
	needSpaces(t)
	for target, want := range map[string]string{
		"OUT/git":             "", // as in a checkout of Android's repo
		"../out/git":          "",
		"OUT/missing":         "",
		"OUT/hop/git":         "", // a link outside to a folder outside
		"WS/../out/git":       "",
		"real":                "crosses writable symlink",
		"WS/real":             "crosses writable symlink",
		"inner":               "crosses writable symlink", // a link inside to a folder outside
		"real/../../out/git":  "crosses writable symlink",
		"OUT/back/real":       "crosses writable symlink",
		"OUT/loop":            "crosses writable symlink",
		"OUT/back/../out/git": "", // the folder that it is in stays where it is
	} {
		p := newSite(t)
		os.MkdirAll(p.out+"/git/hooks", 0o755)
		os.Mkdir(p.ws+"/real", 0o755)
		for name, to := range map[string]string{p.ws + "/inner": p.out + "/git", p.out + "/hop": p.out, p.out + "/back": p.ws, p.out + "/loop": "loop"} {
			if err := os.Symlink(to, name); err != nil {
				t.Fatal(err)
			}
		}
		to := strings.NewReplacer("OUT", p.out, "WS", p.ws).Replace(target)
		if err := os.Symlink(to, p.ws+"/.git"); err != nil {
			t.Fatal(err)
		}
		r := p.sh(t, p.workspace(t), "rm -f .git; mv .git g; ln -sfn real .git; mkdir .git; mv real .git; mkdir .git/hooks/x; echo x >.git/hooks/h; readlink .git")
		switch {
		case want != "":
			if r.err == nil || !strings.Contains(r.err.Error(), want) {
				t.Errorf("%s: %+v", target, r)
			}
		case r.err != nil || !strings.HasSuffix(r.out, to) || exists(p.out+"/git/hooks/h") || exists(p.out+"/git/hooks/x"):
			t.Errorf("%s: %+v", target, r)
		}
	}
}

// TestNoRepository holds that a command cannot make a writable root a repository, whatever
// of one is there already.
func TestNoRepository(t *testing.T) {
	needSpaces(t)
	const script = `rm -rf HEAD refs objects; mv HEAD h; mv refs r; mv objects o
mkdir -p refs objects; echo 'ref: refs/heads/x' >HEAD; test -d refs -a -d objects && grep -q refs HEAD`
	for name, have := range map[string]func(ws string) error{
		"nothing":        func(string) error { return nil },
		"a file HEAD":    func(ws string) error { return os.WriteFile(ws+"/HEAD", []byte("of what"), 0o644) },
		"a folder HEAD":  func(ws string) error { return os.Mkdir(ws+"/HEAD", 0o755) },
		"a link HEAD":    func(ws string) error { return os.Symlink("nowhere", ws+"/HEAD") },
		"a HEAD of git":  func(ws string) error { return os.WriteFile(ws+"/HEAD", []byte("ref: refs/heads/x\n"), 0o644) },
		"a broken .git":  func(ws string) error { return makeTree(ws, ".git/objects/", ".git/refs/", ".git/HEAD") },
		"all but a HEAD": func(ws string) error { return makeTree(ws, "objects/", "refs/", "HEAD") },
	} {
		p := newSite(t)
		if err := have(p.ws); err != nil {
			t.Fatal(err)
		}
		before := names(t, p.ws)
		if r := p.sh(t, p.workspace(t), script); r.err != nil || r.exit.Code == 0 {
			t.Errorf("%s: %+v", name, r)
		}
		for _, n := range names(t, p.ws) {
			if to, err := os.Readlink(filepath.Join(p.ws, n)); err == nil && strings.HasPrefix(to, "/dev/null/") {
				t.Errorf("%s: %s was left behind, beside %q", name, n, before)
			}
		}
	}
}

// TestHome holds that settings of the suite itself are nothing to write because they lie in
// a folder that is, but for the part that is opened by name.
func TestHome(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	if err := makeTree(p.ws, "deep/home/memories/", "deep/home/config.toml"); err != nil {
		t.Fatal(err)
	}
	home := p.ws + "/deep/home"
	pol, err := policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: []string{home + "/memories"}, ExcludeSlashTmp: true}).
		Resolve(policy.Env{Cwd: p.ws, CodexHome: home, FS: policy.HostFS{}})
	if err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]bool{
		"echo x >deep/home/config.toml": false, "mkdir deep/home/rules": false, "mv deep/home h": false, "mv deep d": false,
		"rm -rf deep/home/config.toml": false, "cat deep/home/config.toml": true, "echo x >deep/home/memories/m": true, "echo x >deep/f": true,
	} {
		if r := p.sh(t, pol, script); r.err != nil || (r.exit.Code == 0) != want {
			t.Errorf("%s: %+v, want success %v", script, r, want)
		}
	}
}

// TestLinkToHome holds that nobody is led to other settings by a link that stands in a folder
// that may be written.
func TestLinkToHome(t *testing.T) {
	needSpaces(t)
	p := newSite(t)
	home := t.TempDir()
	if err := errors.Join(makeTree(p.ws, "deep/f"), makeTree(home, "config.toml"), os.Symlink(home, p.ws+"/deep/link")); err != nil {
		t.Fatal(err)
	}
	pol, err := policy.WorkspaceWrite(policy.WriteOptions{ExcludeSlashTmp: true}).
		Resolve(policy.Env{Cwd: p.ws, CodexHome: p.ws + "/deep/link", FS: policy.HostFS{}})
	if err != nil {
		t.Fatal(err)
	}
	for script, want := range map[string]bool{
		"rm deep/link": false, "ln -sfn /tmp deep/link": false, "mv deep d": false, "mv deep/f deep/link": false,
		"cat deep/link/config.toml": true, "echo x >deep/f": true,
	} {
		if r := p.sh(t, pol, script); r.err != nil || (r.exit.Code == 0) != want {
			t.Errorf("%s: %+v, want success %v", script, r, want)
		}
	}
}

// makeTree makes folders, which end with a slash, and empty files.
func makeTree(base string, list ...string) error {
	for _, name := range list {
		at := filepath.Join(base, name)
		dir := at
		if !strings.HasSuffix(name, "/") {
			dir = filepath.Dir(at)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if dir == at {
			continue
		}
		if err := os.WriteFile(at, nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// names lists a folder.
func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}
