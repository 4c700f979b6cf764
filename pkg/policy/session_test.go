package policy

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestSession holds that the names of a profile mean what they meant when a session
// began, whatever links commands have made since.
func TestSession(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and numbers of files are Unix's")
	}
	write := func(name string) Entry {
		return Entry{Path: Path{Type: PathLiteral, Value: name}, Access: AccessWrite}
	}
	for name, tt := range map[string]struct {
		after func(at func(string) string) error
		want  string // a part of the error; "" is none
	}{
		"nothing happens":       {nil, ""},
		"a file comes":          {func(at func(string) string) error { return os.WriteFile(at("ws/f"), nil, 0o644) }, ""},
		"a missing root comes":  {func(at func(string) string) error { return os.Mkdir(at("ws/tmp"), 0o755) }, ""},
		"as a link":             {func(at func(string) string) error { return os.Symlink(at("out"), at("ws/tmp")) }, "ws/tmp led to"},
		"the folder above":      {func(at func(string) string) error { return relink(at("ws"), at("out")) }, "led to"},
		"another folder":        {func(at func(string) string) error { return again(at("ws"), at("old")) }, "is not the directory"},
		"a denied name's link":  {func(at func(string) string) error { return relink(at("ws/link"), at("ws")) }, "ws/link/key led to"},
		"a pattern's beginning": {func(at func(string) string) error { return relink(at("ws/globs"), at("ws")) }, "ws/globs led to"},
	} {
		base, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		at := func(s string) string { return filepath.Join(base, s) }
		for _, d := range []string{"ws/sub", "out"} {
			os.MkdirAll(at(d), 0o755)
		}
		os.Symlink(at("out"), at("ws/link"))
		os.Symlink(at("out"), at("ws/globs"))
		prof := WorkspaceWrite(WriteOptions{ExcludeSlashTmp: true})
		prof.FileSystem.Entries = append(prof.FileSystem.Entries, write(at("ws/tmp")),
			Entry{Path: Path{Type: PathLiteral, Value: at("ws/link/key")}, Access: AccessNone},
			Entry{Path: Path{Type: PathGlob, Value: at("ws/globs/*.pem")}, Access: AccessNone})
		env := Env{Cwd: at("ws"), Tmpdir: at("ws/tmp"), FS: HostFS{}}
		var s Session
		for i, step := range []func(func(string) string) error{nil, tt.after} {
			if step != nil {
				if err := step(at); err != nil {
					t.Fatal(err)
				}
			}
			pol, err := prof.Resolve(env)
			if err == nil {
				err = s.Hold(pol)
			}
			switch {
			case i == 0 || tt.want == "":
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			case err == nil || !strings.Contains(err.Error(), tt.want):
				t.Errorf("%s: %v, want %q", name, err, tt.want)
			}
		}
	}
}

// relink puts a link to target in the way of name.
func relink(name, target string) error {
	if err := os.Rename(name, name+".old"); err != nil {
		return err
	}
	return os.Symlink(target, name)
}

// again makes name anew, with the same names in it.
func again(name, old string) error {
	if err := os.Rename(name, old); err != nil {
		return err
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		return err
	}
	for _, l := range []string{"link", "globs"} {
		if err := os.Rename(filepath.Join(old, l), filepath.Join(name, l)); err != nil {
			return err
		}
	}
	return nil
}

// TestLinkedRoots holds that a root is not followed over a link that an earlier command
// could have made.
func TestLinkedRoots(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links are Unix's")
	}
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) string { return filepath.Join(base, s) }
	for _, d := range []string{"ws/real", "out/deep", "user"} {
		os.MkdirAll(at(d), 0o755)
	}
	for name, to := range map[string]string{"ws/link": at("out"), "user/link": at("out"), "user/chain": at("ws/link/deep"), "user/ws": at("ws"), "ws/up": "../out"} {
		if err := os.Symlink(to, at(name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, granted := range map[string]bool{"ws/link": false, "ws/up": false, "ws/link/deep": false, "user/chain": false, "user/link": true, "user/link/deep": true, "ws/real": true} {
		prof := WorkspaceWrite(WriteOptions{WritableRoots: []string{at(name)}, ExcludeSlashTmp: true})
		for _, tmp := range []string{"", at(name)} {
			if tmp != "" {
				prof = WorkspaceWrite(WriteOptions{ExcludeSlashTmp: true})
			}
			pol, err := prof.Resolve(Env{Cwd: at("user/ws"), Tmpdir: tmp, FS: HostFS{}}) // the folder itself is as the user says
			if err != nil {
				t.Fatal(err)
			}
			true_, _ := filepath.EvalSymlinks(at(name))
			if got := pol.CanWrite(true_); got != granted || len(pol.Skipped) == 0 != granted || !pol.CanWrite(at("ws")) {
				t.Errorf("%s, TMPDIR=%s: writable %v, want %v: %+v", name, tmp, got, granted, pol)
			}
		}
	}
}

// TestWideTmpdir holds that TMPDIR opens no more than a folder for temporary files.
func TestWideTmpdir(t *testing.T) {
	for tmp, want := range map[string]bool{
		"/home/u/tmp": true, "/home/u/ws/tmp": true, "/home/u/ws": true, "/home/u/.codex/tmp": true,
		"/": false, "/home": false, "/home/u": false, "/home/u/.codex": false, "/opt": false,
	} {
		pol, err := WorkspaceWrite(WriteOptions{ExcludeSlashTmp: true}).Resolve(Env{Cwd: "/home/u/ws", ProjectRoots: []string{"/home/u/ws", "/opt/lib"},
			Tmpdir: tmp, CodexHome: "/home/u/.codex"})
		if err != nil {
			t.Fatal(err)
		}
		if got := pol.CanWrite(tmp + "/f"); got != want {
			t.Errorf("TMPDIR=%s: writable %v, want %v", tmp, got, want)
		}
	}
}
