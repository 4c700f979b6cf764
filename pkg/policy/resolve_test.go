package policy

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// disk is a part of the real file system, seen as if it were all of it.
type disk struct{}

func (disk) Lstat(name string) (fs.FileInfo, error)   { return os.Lstat(name) }
func (disk) Readlink(name string) (string, error)     { return os.Readlink(name) }
func (disk) EvalSymlinks(name string) (string, error) { return filepath.EvalSymlinks(name) }
func (disk) ReadFile(name string) ([]byte, error)     { return os.ReadFile(name) }

func resolve(t *testing.T, p Profile, env Env) Policy {
	t.Helper()
	pol, err := p.Resolve(env)
	if err != nil {
		t.Fatal(err)
	}
	return pol
}

// entries makes a profile that reads everything, and the pairs of path and
// access on top.
func entries(pairs ...string) Profile {
	p := ReadOnly()
	for i := 0; i < len(pairs); i += 2 {
		p.FileSystem.Entries = append(p.FileSystem.Entries,
			Entry{Path: Path{Type: PathLiteral, Value: pairs[i]}, Access: Access(pairs[i+1])})
	}
	return p
}

func TestDecisions(t *testing.T) {
	env := Env{Cwd: "/w", Tmpdir: "/var/t"}
	ww := WorkspaceWrite(WriteOptions{WritableRoots: []string{"/extra", "rel"}})
	tests := []struct {
		name    string
		profile Profile
		path    string
		want    Access
	}{
		{"read-only reads", ReadOnly(), "/etc/passwd", AccessRead},
		{"read-only does not write", ReadOnly(), "/w/f", AccessRead},
		{"relative", ww, "f", AccessNone},
		{"workspace", ww, "/w/f", AccessWrite},
		{"workspace itself", ww, "/w", AccessWrite},
		{"deep", ww, "/w/a/b/../c", AccessWrite},
		{"climbing out", ww, "/w/../etc/passwd", AccessRead},
		{"a name that begins alike", ww, "/work", AccessRead},
		{"tmp", ww, "/tmp/x", AccessWrite},
		{"tmpdir", ww, "/var/t/x", AccessWrite},
		{"extra root", ww, "/extra/x", AccessWrite},
		{"relative root", ww, "/w/rel/x", AccessWrite},
		{"git", ww, "/w/.git/hooks/x", AccessRead},
		{"git itself", ww, "/w/.git", AccessRead},
		{"codex in tmp", ww, "/tmp/.codex/config.toml", AccessRead},
		{"agents in a relative root", ww, "/w/rel/.agents", AccessRead},
		{"a nested repository", ww, "/w/sub/.git/config", AccessWrite},
		{"a name that begins like git", ww, "/w/.gitignore", AccessWrite},
		{"no tmp", WorkspaceWrite(WriteOptions{ExcludeSlashTmp: true}), "/tmp/x", AccessRead},
		{"no tmpdir", WorkspaceWrite(WriteOptions{ExcludeTmpdir: true}), "/var/t/x", AccessRead},
		{"full", FullAccess(), "/etc/passwd", AccessWrite},
		{"external", Profile{Type: External}, "/etc/passwd", AccessWrite},
		{"unrestricted", Profile{Type: Managed, FileSystem: FileSystem{Unrestricted: true}}, "/etc", AccessWrite},
		{"opened by name", entries("/w", "write", "/w/.git", "write"), "/w/.git/x", AccessWrite},
		{"opened below", entries("/w", "write", "/w/.git/refs", "write"), "/w/.git/refs/x", AccessWrite},
		{"not beside it", entries("/w", "write", "/w/.git/refs", "write"), "/w/.git/HEAD", AccessRead},
		{"narrowed", entries("/w", "write", "/w/docs", "read"), "/w/docs/a", AccessRead},
		{"narrowed and opened again", entries("/w", "write", "/w/docs", "read", "/w/docs/out", "write"), "/w/docs/out/a", AccessWrite},
		{"denied", entries("/w", "write", "/w/secret", "none"), "/w/secret/a", AccessNone},
		{"none beats write", entries("/w/a", "write", "/w/a", "none"), "/w/a", AccessNone},
		{"write beats read", entries("/w/a", "read", "/w/a", "write"), "/w/a", AccessWrite},
		{"nothing listed", Profile{Type: Managed}, "/etc/passwd", AccessNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := resolve(t, tt.profile, env)
			if got := p.access(tt.path, true); got != tt.want {
				t.Errorf("access to %s is %s, want %s\n%+v", tt.path, got, tt.want, p)
			}
			if p.CanWrite(tt.path) != (tt.want == AccessWrite) || p.CanRead(tt.path) != (tt.want != AccessNone) {
				t.Error("CanWrite or CanRead says something else")
			}
		})
	}
}

func TestRestricted(t *testing.T) {
	env := Env{Cwd: "/w"}
	for _, tt := range []struct {
		name string
		p    Profile
		want bool
	}{
		{"read-only", ReadOnly(), true},
		{"workspace", WorkspaceWrite(WriteOptions{Network: true}), true},
		{"full", FullAccess(), false},
		{"external", Profile{Type: External}, false},
		{"no network", Profile{Type: Managed, FileSystem: FileSystem{Unrestricted: true}}, true},
		{"write root", Profile{Type: Managed, Network: true, FileSystem: FileSystem{Entries: []Entry{special(KindRoot, AccessWrite)}}}, false},
	} {
		if got := resolve(t, tt.p, env).Restricted(); got != tt.want {
			t.Errorf("%s: restricted is %v", tt.name, got)
		}
	}
}

func TestResolveOnDisk(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(p string) string { return filepath.Join(base, p) }
	for _, d := range []string{"ws", "real", "main/.git/worktrees/wt", "wt", "sub/.realgit", "out"} {
		if err := os.MkdirAll(at(d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("wt/.git", "gitdir: "+at("main/.git/worktrees/wt")+"\n")
	write("main/.git/worktrees/wt/commondir", "../..\n")
	write("sub/.git", "gitdir: .realgit\n")
	if err := os.Symlink("real", at("link")); err != nil {
		t.Fatal(err)
	}
	ww := func(cwd string, roots ...string) Policy {
		return resolve(t, WorkspaceWrite(WriteOptions{WritableRoots: roots, ExcludeSlashTmp: true}), Env{Cwd: at(cwd), FS: disk{}})
	}

	t.Run("missing roots are left out", func(t *testing.T) {
		p := ww("ws", at("nowhere"))
		if len(p.Writable) != 1 || p.Writable[0].Path != at("ws") {
			t.Errorf("%+v", p.Writable)
		}
	})
	t.Run("a link is its target and keeps its name", func(t *testing.T) {
		p := ww("link")
		if p.Writable[0].Path != at("real") || !slices.Equal(p.Writable[0].Aliases, []string{at("link")}) {
			t.Errorf("%+v", p.Writable)
		}
		for name, want := range map[string]bool{"link/f": true, "real/f": true, "link/.git/f": false, "link": true, "linked": false} {
			if p.CanWrite(at(name)) != want {
				t.Errorf("write to %s: want %v", name, want)
			}
		}
	})
	t.Run("a pointer leads to its directory", func(t *testing.T) {
		p := ww("sub")
		if p.CanWrite(at("sub/.realgit/hooks/x")) || !p.CanWrite(at("sub/f")) {
			t.Errorf("%+v", p.Writable)
		}
	})
	t.Run("a worktree's directories outside the roots need no entry", func(t *testing.T) {
		p := ww("wt")
		want := []string{at("wt/.agents"), at("wt/.codex"), at("wt/.git")}
		if !slices.Equal(p.Writable[0].ReadOnly, want) {
			t.Errorf("%v", p.Writable[0].ReadOnly)
		}
	})
	t.Run("and one inside another root does", func(t *testing.T) {
		p := ww("wt", at("main"))
		for _, name := range []string{"main/.git/hooks/x", "main/.git/worktrees/wt/HEAD"} {
			if p.CanWrite(at(name)) {
				t.Errorf("%s can be written: %+v", name, p.Writable)
			}
		}
		// Also where the root is the parent of both and .git is not its child.
		p = ww("wt", base)
		if p.CanWrite(at("main/.git/hooks/x")) {
			t.Errorf("common directory can be written: %+v", p.Writable)
		}
	})
	t.Run("the repository around, in a wider root", func(t *testing.T) {
		for _, d := range []string{"repo/.git", "repo/deep/er"} {
			os.MkdirAll(at(d), 0o755)
		}
		p := ww("repo/deep/er", base)
		for name, want := range map[string]bool{"repo/.git/hooks/x": false, "repo/.codex/config.toml": false, "repo/f": true,
			"repo/deep/f": true, "repo/deep/er/.git": false, "other/.git/x": true, ".git": false} {
			if p.CanWrite(at(name)) != want {
				t.Errorf("write to %s: want %v", name, want)
			}
		}
		if p := ww("repo/deep/er"); len(p.Writable[0].ReadOnly) != 4 { // HEAD is the fourth
			t.Errorf("outside of the roots it needs no entry: %+v", p.Writable)
		}
	})
	t.Run("a .git folder that has its common directory elsewhere", func(t *testing.T) {
		os.MkdirAll(at("apart/.git"), 0o755)
		os.MkdirAll(at("apart/common/hooks"), 0o755)
		write("apart/.git/commondir", "../common\n")
		if p := ww("apart"); p.CanWrite(at("apart/common/hooks/x")) || !p.CanWrite(at("apart/f")) {
			t.Errorf("%+v", p.Writable)
		}
	})
	t.Run("CODEX_HOME, in a wider root", func(t *testing.T) {
		os.MkdirAll(at("ws/home/memories"), 0o755)
		for _, home := range []string{at("ws/home"), at("ws/later"), "home"} {
			pol := func(roots ...string) Policy {
				p := WorkspaceWrite(WriteOptions{WritableRoots: roots, ExcludeSlashTmp: true})
				return resolve(t, p, Env{Cwd: at("ws"), CodexHome: home, FS: disk{}})
			}
			in := func(name string) string { return filepath.Join(at("ws"), filepath.Base(home), name) }
			if p := pol(); p.CanWrite(in("config.toml")) || p.CanWrite(in("")) || !p.CanWrite(at("ws/f")) {
				t.Errorf("%s: %+v", home, p.Writable)
			}
			if p := pol(at("ws/home/memories")); home == at("ws/home") && (p.CanWrite(in("auth.json")) || !p.CanWrite(in("memories/x"))) {
				t.Errorf("%s: %+v", home, p.Writable)
			}
			if p := pol(at("ws/home")); home == at("ws/home") && !p.CanWrite(in("config.toml")) {
				t.Errorf("opened by name, but is not: %+v", p.Writable)
			}
		}
	})
	t.Run("a link to CODEX_HOME, in a wider root", func(t *testing.T) {
		for _, d := range []string{"wide/deep", "wide/ws", "far/home", "wide/home"} {
			os.MkdirAll(at(d), 0o755)
		}
		for name, to := range map[string]string{"wide/deep/link": at("far/home"), "wide/inner": "home", "wide/twice": "deep/link", "far/link": at("far/home")} {
			if err := os.Symlink(to, at(name)); err != nil {
				t.Fatal(err)
			}
		}
		for home, held := range map[string]string{"wide/deep/link": "wide/deep/link", "wide/deep/link/later": "wide/deep/link",
			"far/link": "", "wide/twice": "", "wide/inner": "wide/home"} {
			p := resolve(t, WorkspaceWrite(WriteOptions{WritableRoots: []string{at("wide")}, ExcludeSlashTmp: true}), Env{Cwd: at("wide/ws"), CodexHome: at(home), FS: disk{}})
			var got []string
			for _, name := range p.Writable[0].ReadOnly {
				if rel := strings.TrimPrefix(name, base+"/"); !strings.Contains(rel, "/.") && filepath.Base(rel) != "HEAD" {
					got = append(got, rel)
				}
			}
			if strings.Join(got, " ") != held {
				t.Errorf("%s: %q is held, want %q", home, got, held)
			}
		}
	})
	t.Run("restricted reading keeps the names of links", func(t *testing.T) {
		p := resolve(t, Profile{Type: Managed, FileSystem: FileSystem{Entries: []Entry{
			{Path: Path{Type: PathLiteral, Value: at("link")}, Access: AccessRead}}}}, Env{Cwd: at("ws"), FS: disk{}})
		if !slices.Equal(p.Readable, []string{at("real")}) || !slices.Equal(p.Links, []Link{{at("link"), at("real")}}) {
			t.Errorf("%+v", p)
		}
		if p.FullDiskRead || p.CanRead("/etc/passwd") || !p.CanRead(at("real/f")) || !p.CanRead(at("link/f")) {
			t.Errorf("%+v", p)
		}
	})
	t.Run("a policy is JSON", func(t *testing.T) {
		p := ww("link", at("main"))
		p.names = nil // what is true of this session alone stays here
		for i := range p.Writable {
			p.Writable[i].ID = FileID{}
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var again Policy
		if err := json.Unmarshal(b, &again); err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%s: %v", b, err)
		}
	})
}

func TestResolveErrors(t *testing.T) {
	if _, err := ReadOnly().Resolve(Env{Cwd: "w"}); err == nil {
		t.Error("a relative working directory was accepted")
	}
	if _, err := (Profile{Type: "odd"}).Resolve(Env{Cwd: "/"}); err == nil {
		t.Error("an unknown type was accepted")
	}
}

func TestCanEnter(t *testing.T) {
	p := Policy{Readable: []string{"/usr", "/a/b"}, Writable: []Root{{Path: "/w/x"}}, Denied: []string{"/usr/no"}}
	for dir, want := range map[string]bool{"/usr/lib": true, "/a": true, "/": true, "/w": true, "/w/x/y": true, "/ab": false, "/a/c": false, "/usr/no": false} {
		if got := p.CanEnter(dir); got != want {
			t.Errorf("%s: %v", dir, got)
		}
	}
}
