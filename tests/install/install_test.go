package install

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// The versions that the tests install; the first two are as make dist names them.
const (
	v1 = "0.133.0+unix.1111111"
	v2 = "0.133.0+unix.v1.2-dirty"
	v3 = "0.134.0"
)

// TestShells goes once through everything in every shell that is here.
func TestShells(t *testing.T) {
	for _, shell := range [][]string{{"/bin/sh"}, {"dash"}, {"bash", "--posix"}, {"busybox", "sh"}, {"ksh"}, {"mksh"}, {"yash"}, {"zsh", "--emulate", "sh"}} {
		t.Run(shell[0], func(t *testing.T) {
			if _, err := exec.LookPath(shell[0]); err != nil {
				t.Skip(err)
			}
			t.Parallel()
			u, s := newUser(t), newShop(t, v1)
			u.shell = shell
			before := snapshot(t, u.home)
			u.ok(v1, "--from", s.dir)
			u.has(v1)
			u.ok(v1, "--from", s.dir)
			s.add(v2, v2)
			u.ok(v2, "--from", s.dir)
			u.has(v2)
			u.ok("", "--uninstall")
			same(t, before, snapshot(t, u.home))
			u.ok("", "--uninstall")
		})
	}
}

// TestLayout holds what the daemon and the installer of the original rely on.
func TestLayout(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	u.ok(v1, "--from", s.dir)
	root := u.path(".codex/packages/standalone")
	release := filepath.Join(root, "releases", v1+"-"+triple())
	for link, want := range map[string]string{
		filepath.Join(root, "current"):                   release,
		u.path(".local/bin/codex"):                       filepath.Join(root, "current", "codex"),
		filepath.Join(release, "codex-path/apply_patch"): "../apply_patch",
	} {
		if got, err := os.Readlink(link); err != nil || got != want {
			t.Errorf("%s leads to %s, %v; want %s", link, got, err, want)
		}
	}
	for _, name := range []string{"codex", "codex-turn", "apply_patch"} {
		if fi, err := os.Stat(filepath.Join(release, name)); err != nil || fi.Mode() != 0o755 {
			t.Errorf("%s: %v %v", name, fi, err)
		}
	}
	if fi, err := os.Stat(filepath.Join(root, "install.lock")); err != nil || fi.Size() != 0 {
		t.Errorf("lock: %v %v", fi, err)
	}
}

// TestOdd has folders with all that a shell could trip over, a strict umask, relative
// names and the script on standard input.
func TestOdd(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	u.home = filepath.Join(u.home, `it's a "home" $HOME * [x]`)
	home := filepath.Join(u.home, "c o d e x")
	write(t, filepath.Join(u.home, ".profile"), "x=1") // without a line end
	before := snapshot(t, u.home)
	u.env = []string{"SHELL=/bin/sh", "CODEX_HOME=" + home, "CODEX_INSTALL_BASE_URL=" + s.dir + "/"}
	cmd := exec.Command("/bin/sh", "-c", "umask 077; exec /bin/sh -s -- --release v1.2-dirty")
	cmd.Env, cmd.Dir = u.command().Env, u.dir
	s.add(v2, v2)
	s.add(v1, v1)
	file, err := os.Open(script(t))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd.Stdin = file
	if r := finish(t, cmd); r.status != 0 || r.stdout != "codex-cli "+v2+"\n" {
		t.Fatalf("%+v", r)
	}
	u.has(v2)
	// A login shell finds it.
	cmd = exec.Command("/bin/sh", "-c", `. "$HOME/.profile"; . "$HOME/.profile"; echo "$PATH"; codex --version; echo $x`)
	cmd.Env = []string{"HOME=" + u.home, "PATH=/usr/bin:/bin"}
	bin := u.path(".local/bin")
	want := bin + ":/usr/bin:/bin\ncodex-cli " + v2 + "\n1\n"
	if r := finish(t, cmd); r.stdout != want {
		t.Errorf("%+v, want %s", r, want)
	}
	if fi, err := os.Stat(filepath.Join(home, "packages/standalone/current/codex")); err != nil || fi.Mode() != 0o755 {
		t.Errorf("%v %v", fi, err)
	}
	u.ok("", "--uninstall")
	before[".profile"] += "\n"
	same(t, before, snapshot(t, u.home))

	// Relative names are taken from where one stands.
	u.env = []string{"CODEX_HOME=here", "CODEX_INSTALL_DIR=./bin/", "PATH=" + os.Getenv("PATH") + ":" + u.dir + "/./bin"}
	if err := os.CopyFS(filepath.Join(u.dir, "shop"), os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	u.ok(v1, "--from=shop")
	if to, err := os.Readlink(filepath.Join(u.dir, "bin/codex")); err != nil || to != filepath.Join(u.dir, "here/packages/standalone/current/codex") {
		t.Errorf("%s %v", to, err)
	}
}

func TestVersions(t *testing.T) {
	u, s := newUser(t), newShop(t, v1, v2, v3)
	u.ok(v3, "--from", s.dir)
	for _, name := range []string{v1, "1111111", "rust-v" + v3, "v" + v3, v2, "latest"} {
		want := map[string]string{"1111111": v1, "rust-v" + v3: v3, "v" + v3: v3, "latest": v3}[name]
		if want == "" {
			want = name
		}
		u.ok(want, "--from", s.dir, "--release", name)
		u.has(want)
	}
	// The one in use and the one before it are kept.
	if got := u.releases(); !slices.Equal(got, []string{v2, v3}) {
		t.Errorf("kept %v", got)
	}
	// What is here needs no shop at all.
	empty := t.TempDir()
	u.ok(v2, "--from", empty, "--release", v2)
	u.fails(1, []string{empty + "/SHA256SUMS is missing"}, "--from", empty, "--release", v1)
	u.fails(1, []string{empty + "/latest is missing", "is this a place of releases?"}, "--from", empty)
	u.fails(1, []string{"no release 9.9 for " + triple(), "there is: " + v1 + " " + v2 + " " + v3}, "--from", s.dir, "--release", "9.9")
	u.has(v2)
}

// TestRunning keeps a release as long as a process runs from it.
func TestRunning(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks at /proc")
	}
	u, s := newUser(t), newShop(t, v1)
	u.ok(v1, "--from", s.dir)
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	program := u.path(".codex/packages/standalone/current/sleep")
	write(t, program, read(t, sleep))
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "300")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.add(v2, v2)
	u.ok(v2, "--from", s.dir)
	s.add(v3, v3)
	u.ok(v3, "--from", s.dir)
	if got := u.releases(); !slices.Equal(got, []string{v1, v2, v3}) {
		t.Errorf("kept %v", got)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	u.ok(v3, "--from", s.dir)
	if got := u.releases(); !slices.Equal(got, []string{v2, v3}) {
		t.Errorf("kept %v", got)
	}
}

// TestForeign leaves releases of another installer alone.
func TestForeign(t *testing.T) {
	u, s := newUser(t), newShop(t, v1, v2, v3)
	releases := u.path(".codex/packages/standalone/releases")
	theirs := filepath.Join(releases, "0.133.0-"+triple())
	write(t, filepath.Join(theirs, "codex-resources/rg"), "")
	write(t, filepath.Join(theirs, "codex"), "#!/bin/sh\necho codex-cli 0.133.0\n")
	if err := os.Chmod(filepath.Join(theirs, "codex"), 0o755); err != nil {
		t.Fatal(err)
	}
	current := u.path(".codex/packages/standalone/current")
	if err := os.Symlink(theirs, current); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, u.home)
	for _, v := range []string{v1, v2, v3} {
		u.ok(v, "--from", s.dir, "--release", v)
	}
	if got := u.releases(); !slices.Equal(got, []string{v2, "0.133.0", v3}) {
		t.Errorf("kept %v", got)
	}
	// Back in use, its links stay as well.
	if err := os.Remove(current); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(theirs, current); err != nil {
		t.Fatal(err)
	}
	u.ok("", "--uninstall")
	after := snapshot(t, u.home)
	for _, name := range []string{".local", ".local/bin", ".local/bin/codex", ".bashrc", ".codex/packages/standalone/install.lock"} {
		if _, ok := after[name]; !ok {
			t.Errorf("%s is gone", name)
		}
		delete(after, name)
	}
	same(t, before, after)
}

// TestRepair installs a release again when something of it is missing or different.
func TestRepair(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"missing":   func(dir string) error { return os.Remove(filepath.Join(dir, "codex-turn")) },
		"cut":       func(dir string) error { return os.Truncate(filepath.Join(dir, "LICENSE"), 5) },
		"mode":      func(dir string) error { return os.Chmod(filepath.Join(dir, "apply_patch"), 0o644) },
		"no sums":   func(dir string) error { return os.Remove(filepath.Join(dir, "SHA256SUMS")) },
		"no link":   func(dir string) error { return os.Remove(filepath.Join(dir, "../../current")) },
		"no folder": func(dir string) error { return os.RemoveAll(dir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, s := newUser(t), newShop(t, v1)
			u.ok(v1, "--from", s.dir)
			if err := damage(u.path(".codex/packages/standalone/releases/" + v1 + "-" + triple())); err != nil {
				t.Fatal(err)
			}
			r := u.ok(v1, "--from", s.dir)
			want := name != "no link" && name != "no folder"
			if warned := strings.Contains(r.stderr, "is not complete; installing it again"); warned != want {
				t.Errorf("warned: %v\n%s", warned, r.stderr)
			}
			u.has(v1)
		})
	}
}

// TestLink replaces links, its own and strangers', and nothing else.
func TestLink(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	write(t, u.path(".local/bin/codex"), "mine")
	u.fails(1, []string{u.path(".local/bin/codex") + " is there and is no link", "CODEX_INSTALL_DIR"}, "--from", s.dir)
	if err := os.Remove(u.path(".local/bin/codex")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/elsewhere/codex", u.path(".local/bin/codex")); err != nil {
		t.Fatal(err)
	}
	r := u.ok(v1, "--from", s.dir)
	if !strings.Contains(r.stderr, "pointed to /elsewhere/codex") {
		t.Error(r.stderr)
	}
	// A folder that was chosen once is kept, without being named again.
	u.env = []string{"CODEX_INSTALL_DIR=" + u.path("my bin")}
	u.ok(v1, "--from", s.dir)
	u.env = nil
	if err := os.Remove(u.path("my bin/codex")); err != nil {
		t.Fatal(err)
	}
	u.ok(v1, "--from", s.dir)
	if _, err := os.Stat(u.path("my bin/codex")); err != nil {
		t.Error(err)
	}
	// Another codex that comes first on PATH is named.
	write(t, u.path("first/codex"), "")
	if err := os.Chmod(u.path("first/codex"), 0o755); err != nil {
		t.Fatal(err)
	}
	u.env = []string{"PATH=" + u.path("first") + ":" + os.Getenv("PATH")}
	if r := u.ok(v1, "--from", s.dir); !strings.Contains(r.stderr, "warning: "+u.path("first/codex")+" comes before") {
		t.Error(r.stderr)
	}
	u.env = nil
	u.ok("", "--uninstall")
	for _, name := range []string{".local/bin/codex", "my bin"} {
		if _, err := os.Lstat(u.path(name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProfile writes the profile of each shell once, and takes it back byte for byte.
func TestProfile(t *testing.T) {
	for _, tc := range []struct{ shell, file, env string }{
		{"/bin/bash", ".bashrc", ""},
		{"/usr/bin/zsh", ".zshrc", ""},
		{"/usr/bin/zsh", "dots/.zshrc", "ZDOTDIR="},
		{"/usr/bin/fish", ".config/fish/config.fish", ""},
		{"/usr/bin/fish", "dots/fish/config.fish", "XDG_CONFIG_HOME="},
		{"/bin/ksh", ".profile", ""},
		{"", ".profile", ""},
	} {
		if tc.shell == "/bin/bash" && strings.Contains(triple(), "darwin") {
			tc.file = ".bash_profile"
		}
		t.Run(tc.shell+tc.env, func(t *testing.T) {
			t.Parallel()
			u, s := newUser(t), newShop(t, v1)
			u.env = []string{"SHELL=" + tc.shell}
			if tc.env != "" {
				u.env = append(u.env, tc.env+u.path("dots"))
			}
			none := snapshot(t, u.home)
			u.ok(v1, "--from", s.dir)
			u.ok("", "--uninstall")
			same(t, none, snapshot(t, u.home))

			// A link to a file with a mode of its own, as dotfiles often are.
			const text = "one\n# >>> Codex installer >>>\nnot ours: no end\n"
			write(t, u.path("repo/rc"), text)
			if err := os.Chmod(u.path("repo/rc"), 0o640); err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(filepath.Dir(u.path(tc.file)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(u.path("repo/rc"), u.path(tc.file)); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, u.home)
			u.ok(v1, "--from", s.dir)
			once := read(t, u.path(tc.file))
			u.ok(v1, "--from", s.dir)
			if again := read(t, u.path(tc.file)); once != again || strings.Count(once, "# <<< Codex installer <<<\n") != 1 || !strings.HasPrefix(once, text) {
				t.Errorf("profile is\n%s\nafter\n%s", again, once)
			}
			u.ok("", "--uninstall")
			same(t, before, snapshot(t, u.home))
		})
	}
	t.Run("on PATH", func(t *testing.T) {
		u, s := newUser(t), newShop(t, v1)
		u.env = []string{"PATH=" + os.Getenv("PATH") + ":" + u.path(".local/bin")}
		u.ok(v1, "--from", s.dir)
		if _, err := os.Stat(u.path(".bashrc")); !errors.Is(err, fs.ErrNotExist) {
			t.Error("written all the same")
		}
	})
	t.Run("not to be written", func(t *testing.T) {
		u, s := newUser(t), newShop(t, v1)
		if err := os.Mkdir(u.path(".bashrc"), 0o755); err != nil {
			t.Fatal(err)
		}
		if r := u.ok(v1, "--from", s.dir); !strings.Contains(r.stderr, "add this line to it yourself: case") {
			t.Error(r.stderr)
		}
		u.clean()
	})
}

// TestUsage names the input and what to do.
func TestUsage(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	u.fails(2, []string{"--release needs a value"}, "--release")
	u.fails(2, []string{"--from needs a value"}, "--from", "")
	u.fails(2, []string{"unknown argument 'now'", "--help"}, "now")
	u.fails(2, []string{"--release '../..' is no version"}, "--release", "../..")
	u.fails(2, []string{"is no version"}, "--release", "1 2")
	if r := u.run("--help"); r.status != 0 || !strings.Contains(r.stdout, "--uninstall") || r.stderr != "" {
		t.Errorf("%+v", r)
	}
	u.fails(1, []string{"no address of its own", "--from or CODEX_INSTALL_BASE_URL"})
	missing := u.path("missing")
	u.fails(1, []string{missing + ", where releases should be, is no folder"}, "--from", missing)
	write(t, filepath.Join(s.dir, "latest"), "<html>please log in</html>\n")
	u.fails(1, []string{"latest does not hold a version"}, "--from", s.dir)
	write(t, filepath.Join(s.dir, "SHA256SUMS"), "123  "+filepath.Base(s.archive(v1))+"\n")
	u.fails(1, []string{"a line of", "SHA256SUMS is damaged: " + v1 + " 123"}, "--from", s.dir, "--release", v1)
	u.env = []string{"HOME="}
	u.fails(1, []string{"HOME is not set", "CODEX_HOME=/some/folder"}, "--from", s.dir)
	u.env = []string{"CODEX_INSTALL_DIR=/a:b"}
	u.fails(1, []string{"/a:b contains a colon"}, "--from", s.dir)
	u.env = []string{"CODEX_HOME=" + filepath.Join(s.dir, "latest")}
	u.fails(1, []string{"cannot write in " + s.dir, "CODEX_HOME"}, "--from", s.dir)
	u.env = []string{"CODEX_INSTALL_DIR=" + filepath.Join(s.dir, "latest", "bin")}
	u.fails(1, []string{"cannot write in " + s.dir, "CODEX_INSTALL_DIR"}, "--from", s.dir)
	for tool, words := range map[string]string{
		"tar":       "this machine has no tar: install the package",
		"awk":       "this machine has no awk",
		"sha256sum": "nothing here computes SHA-256",
	} {
		u.env = []string{"PATH=" + tools(t, []string{tool}, nil)}
		u.fails(1, []string{words}, "--from", s.dir)
	}
	u.env = []string{"PATH=" + tools(t, []string{"curl", "wget"}, nil)}
	u.fails(1, []string{"nothing here can fetch http://127.0.0.1:1: install curl or wget"}, "--from", "http://127.0.0.1:1")
	// None of all this has left anything.
	same(t, map[string]string{}, snapshot(t, u.home))
}

// TestSummers computes checksums with whatever there is.
func TestSummers(t *testing.T) {
	for _, tool := range []string{"shasum", "openssl"} {
		t.Run(tool, func(t *testing.T) {
			if _, err := exec.LookPath(tool); err != nil {
				t.Skip(err)
			}
			t.Parallel()
			u, s := newUser(t), newShop(t, v1)
			u.env = []string{"PATH=" + tools(t, []string{"sha256sum"}, []string{tool, "perl"})}
			u.ok(v1, "--from", s.dir)
			u.has(v1)
			if r := u.ok(v1, "--from", s.dir); strings.Contains(r.stderr, "installing") {
				t.Error(r.stderr)
			}
			write(t, s.archive(v1), "damaged")
			u.ok("", "--uninstall")
			u.fails(1, []string{"expected", "actual"}, "--from", s.dir)
		})
	}
}

// TestShellcheck lints where the tool is at hand.
func TestShellcheck(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip(err)
	}
	out, err := exec.Command("shellcheck", "--shell=sh", script(t), "../../dist/pack/npm_launcher.sh").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// snapshot describes everything below dir: by name, the mode and the text or target.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return all
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		text := fi.Mode().String()
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text += " " + to
		case d.Type().IsRegular():
			text += " " + read(t, path)
		}
		name, err := filepath.Rel(dir, path)
		all[filepath.ToSlash(name)] = text
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// same wants two snapshots to be alike.
func same(t testing.TB, want, got map[string]string) {
	t.Helper()
	for name, text := range want {
		if other, ok := got[name]; !ok {
			t.Errorf("%s is gone", name)
		} else if other != text {
			t.Errorf("%s was %q, is %q", name, text, other)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is left", name)
		}
	}
}
