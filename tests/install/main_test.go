// Package install tests install.sh and make dist through the front door. Most tests install
// small releases made here, whose programs are shell scripts; dist_test.go packs and
// installs the real programs.
package install

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"codex/tests/programs"
)

// binaries is the folder of the programs under test, set once by TestMain.
var binaries string

func TestMain(m *testing.M) {
	if runtime.GOOS == "windows" {
		return // install.sh is for Unix
	}
	os.Exit(programs.Run(m, &binaries))
}

// user is somebody with a home folder, who runs install.sh.
type user struct {
	t      testing.TB
	home   string
	shell  []string // that runs the script
	env    []string // on top of the usual
	dir    string   // where the script is run
	script string   // install.sh; "" is that of the work tree
}

func newUser(t testing.TB) *user {
	t.Helper()
	return &user{t: t, home: t.TempDir(), shell: []string{"/bin/sh"}, dir: t.TempDir()}
}

// result is how a run ended.
type result struct {
	stdout, stderr string
	status         int
}

// script is the path of install.sh.
func script(t testing.TB) string {
	t.Helper()
	path, err := filepath.Abs("../../install.sh")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// command prepares install.sh with args. Nothing but what is named here is in its
// environment, so that the machine's own codex and profile stay out.
func (u *user) command(args ...string) *exec.Cmd {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	u.t.Cleanup(cancel)
	path := u.script
	if path == "" {
		path = script(u.t)
	}
	argv := append(append(u.shell[1:len(u.shell):len(u.shell)], path), args...)
	cmd := exec.CommandContext(ctx, u.shell[0], argv...)
	cmd.Env = append([]string{"HOME=" + u.home, "SHELL=/bin/bash", "PATH=" + os.Getenv("PATH")}, u.env...)
	cmd.Dir = u.dir
	return cmd
}

// run runs install.sh to its end.
func (u *user) run(args ...string) result {
	u.t.Helper()
	return finish(u.t, u.command(args...))
}

func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// ok runs install.sh and wants success, and version as the word on standard output.
func (u *user) ok(version string, args ...string) result {
	u.t.Helper()
	r := u.run(args...)
	want := ""
	if version != "" {
		want = "codex-cli " + version + "\n"
	}
	if r.status != 0 || r.stdout != want {
		u.t.Fatalf("install.sh %q: status %d, stdout %q, want %q; stderr:\n%s", args, r.status, r.stdout, want, r.stderr)
	}
	return r
}

// fails runs install.sh and wants the status and the words, in this order, on standard
// error, and nothing on standard output.
func (u *user) fails(status int, words []string, args ...string) result {
	u.t.Helper()
	r := u.run(args...)
	rest, missing := r.stderr, ""
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			missing = w
			break
		}
		rest = after
	}
	if r.status != status || r.stdout != "" || missing != "" {
		u.t.Fatalf("install.sh %q: status %d, want %d; stdout %q; no %q in stderr:\n%s", args, r.status, status, r.stdout, missing, r.stderr)
	}
	return r
}

// has says what version the user's codex is, and that nothing of an installation is left
// lying about.
func (u *user) has(version string) {
	u.t.Helper()
	out, err := exec.Command(u.path(".local/bin/codex"), "--version").Output()
	if err != nil || string(out) != "codex-cli "+version+"\n" {
		u.t.Fatalf("codex --version printed %q, %v; want %s", out, err, version)
	}
	u.clean()
}

// clean wants no scratch files.
func (u *user) clean() {
	u.t.Helper()
	for _, pattern := range []string{".codex/packages/standalone/releases/.*", ".codex/packages/standalone/.*", ".local/bin/.*", ".*.codex.*", ".codex/packages/standalone/install.lock.d*"} {
		found, err := filepath.Glob(u.path(pattern))
		if err != nil || len(found) > 0 {
			u.t.Errorf("left behind: %s %v", found, err)
		}
	}
}

// releases lists what is installed.
func (u *user) releases() []string {
	u.t.Helper()
	list, err := os.ReadDir(u.path(".codex/packages/standalone/releases"))
	if err != nil {
		u.t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, strings.TrimSuffix(e.Name(), "-"+triple()))
	}
	return names
}

func (u *user) path(name string) string { return filepath.Join(u.home, filepath.FromSlash(name)) }

// tools gives a folder with the tools that install.sh needs, without some of them and
// with others, to be all of PATH.
func tools(t testing.TB, without, with []string) string {
	t.Helper()
	dir := t.TempDir()
	names := []string{"sh", "awk", "cat", "cp", "date", "df", "grep", "ls", "ln", "mkdir", "mv", "readlink", "rm", "rmdir",
		"sed", "sleep", "tail", "tar", "gzip", "touch", "tr", "uname", "sha256sum", "curl", "wget", "flock", "dirname"}
	for _, name := range append(names, with...) {
		path, err := exec.LookPath(name)
		if err != nil {
			continue // the test that needs it will say so
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
	}
	for _, name := range without {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return dir
}

// write makes a file with its folders.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
