//go:build unix

package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"codex/pkg/daemon/process"
	"codex/pkg/daemon/wait"
	"codex/tests/programs"
)

// home is a CODEX_HOME, short enough for a socket below it.
type home struct {
	t   *testing.T
	dir string
	env []string // beside the usual one
}

// bare is a home without an installation. Whatever runs in it ends with the test.
func bare(t *testing.T) *home {
	t.Helper()
	dir := programs.ShortDir(t)
	h := &home{t: t, dir: dir}
	t.Cleanup(func() {
		for len(h.processes()) > 0 { // one may start another before it dies
			for _, pid := range h.processes() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if t.Failed() {
			for _, log := range []string{"app-server.stderr.log", "app-server-updater.stderr.log"} {
				b, _ := os.ReadFile(h.state(log))
				t.Logf("%s:\n%s", log, b)
			}
		}
	})
	return h
}

// installed is a home with a release that is current.
func installed(t *testing.T) *home {
	t.Helper()
	h := bare(t)
	h.release("one", "")
	h.current("one")
	return h
}

func (h *home) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}
func (h *home) state(name string) string { return h.path("app-server-daemon", name) }
func (h *home) socket() string           { return h.path("app-server-control", "app-server-control.sock") }
func (h *home) standalone() string       { return h.path("packages", "standalone") }
func (h *home) managed() string          { return filepath.Join(h.standalone(), "current", "codex") }
func (h *home) releaseDir(name string) string {
	return filepath.Join(h.standalone(), "releases", name)
}

// release lays a release out: the programs, and a codex with a version of its own, "" for
// the program itself.
func (h *home) release(name, version string) {
	h.t.Helper()
	dir := h.releaseDir(name)
	h.check(os.MkdirAll(dir, 0o755))
	for _, p := range []string{"codex", "codex-daemon", "codex-app-server", "codex-turn", "codex-sandbox", "apply_patch"} {
		to := filepath.Join(dir, p)
		// What makes releases differ is the file, so a second one needs a copy.
		if version == "" && os.Link(filepath.Join(binaries, p), to) == nil {
			continue
		}
		b, err := os.ReadFile(filepath.Join(binaries, p))
		h.check(err)
		h.check(os.WriteFile(to, b, 0o755))
	}
	if version != "" {
		h.check(os.Rename(filepath.Join(dir, "codex"), filepath.Join(dir, "codex-copy")))
		h.script(name, `[ "$1" != --version ] || { echo codex-cli `+version+`; exit; }
exec '`+dir+`/codex-copy' "$@"`)
	}
}

// script makes the codex of a release a script.
func (h *home) script(release, text string) {
	h.t.Helper()
	h.check(os.MkdirAll(h.releaseDir(release), 0o755))
	h.check(os.WriteFile(filepath.Join(h.releaseDir(release), "codex"), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
}

func (h *home) current(release string) {
	h.t.Helper()
	link := filepath.Join(h.standalone(), "current")
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Fatal(err)
	}
	h.check(os.Symlink(h.releaseDir(release), link))
}

func (h *home) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) write(name, text string) {
	h.t.Helper()
	h.check(os.MkdirAll(filepath.Dir(h.path(name)), 0o755))
	h.check(os.WriteFile(h.path(name), []byte(text), 0o600))
}

func (h *home) read(name string) string {
	b, err := os.ReadFile(h.path(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Error(err)
	}
	return string(b)
}

func (h *home) environ() []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + h.path("user"), "CODEX_HOME=" + h.dir, "USER=nobody", "TZ=UTC"}
	return append(env, h.env...)
}

// result is how a command ended.
type result struct {
	t              *testing.T
	args           string
	stdout, stderr string
	status         int
}

// codex is a command of the program at path.
func (h *home) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Env = h.environ()
	cmd.Dir = h.dir
	return cmd
}

// run runs codex app-server daemon.
func (h *home) run(args ...string) result {
	h.t.Helper()
	return h.with(filepath.Join(binaries, "codex"), args...)
}

// with is run with another codex.
func (h *home) with(codex string, args ...string) result {
	h.t.Helper()
	return h.finish(h.command(codex, append([]string{"app-server", "daemon"}, args...)...))
}

func (h *home) finish(cmd *exec.Cmd) result {
	h.t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		h.t.Fatal(err)
	}
	return result{h.t, strings.Join(cmd.Args[1:], " "), out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// says holds that the command succeeded with this status, and no words, and gives its
// answer.
func (r result) says(status string) map[string]any {
	r.t.Helper()
	var answer map[string]any
	if r.status != 0 || r.stderr != "" || strings.Count(r.stdout, "\n") != 1 || json.Unmarshal([]byte(r.stdout), &answer) != nil {
		r.t.Fatalf("%s: status %d, %q, %q", r.args, r.status, r.stdout, r.stderr)
	}
	if answer["status"] != status {
		r.t.Errorf("%s: %s, not %s", r.args, r.stdout, status)
	}
	return answer
}

// keys holds which members of answers there are, in order.
func (r result) keys(want string) {
	r.t.Helper()
	dec := json.NewDecoder(strings.NewReader(r.stdout))
	var keys []string
	for depth := 0; ; {
		tok, err := dec.Token()
		if err != nil {
			break
		}
		if tok == json.Delim('{') {
			depth++
			continue
		}
		if key, ok := tok.(string); ok && depth == 1 {
			keys = append(keys, key)
			_, _ = dec.Token() // its value
		}
	}
	if got := strings.Join(keys, " "); got != want {
		r.t.Errorf("%s has %s, not %s", r.args, got, want)
	}
}

// fails holds that the command failed with these words, and no answer.
func (r result) fails(status int, words string) {
	r.t.Helper()
	if r.status != status || r.stdout != "" || !strings.Contains(r.stderr, words) {
		r.t.Errorf("%s: status %d, %q, %q", r.args, r.status, r.stdout, r.stderr)
	}
}

// pid gives the process on record in a pid file, 0 when there is none.
func (h *home) pid(name string) int {
	h.t.Helper()
	var r struct{ PID int }
	text := h.read("app-server-daemon/" + name)
	if text != "" {
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			h.t.Errorf("%s: %q", name, text)
		}
	}
	return r.PID
}

// processes lists what lives with this home in its environment.
func (h *home) processes() []int {
	all, err := os.ReadDir("/proc")
	if err != nil {
		h.t.Skip("no /proc")
	}
	var pids []int
	for _, e := range all {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err == nil && bytes.Contains(env, []byte("CODEX_HOME="+h.dir+"\x00")) && alive(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// servers lists the app-servers among them.
func (h *home) servers() []int {
	var pids []int
	for _, pid := range h.processes() {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && strings.HasPrefix(filepath.Base(exe), "codex-app-server") {
			pids = append(pids, pid)
		}
	}
	return pids
}

func alive(pid int) bool {
	info, ok, err := process.Look(pid)
	return err == nil && ok && !info.Dead
}

// until waits for a condition that must come true.
func (h *home) until(what string, ok func() bool) {
	h.t.Helper()
	done, err := wait.For(h.t.Context(), time.Minute, func() (bool, error) { return ok(), nil })
	if !done || err != nil {
		h.t.Fatalf("waited a minute for %s (%v)", what, err)
	}
}

// byHand starts an app-server that is nobody's but ours.
func (h *home) byHand() *exec.Cmd {
	h.t.Helper()
	cmd := h.command(filepath.Join(binaries, "codex"), "app-server", "--listen", "unix://")
	out, err := cmd.StderrPipe()
	h.check(err)
	h.check(cmd.Start())
	h.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	said := make([]byte, 1)
	if _, err := io.ReadFull(out, said); err != nil { // it speaks when it listens
		h.t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the server
	return cmd
}

// lock holds the lock of a file of state until the test, or the function it gives, ends.
func (h *home) lock(name string) (free func()) {
	h.t.Helper()
	h.check(os.MkdirAll(h.path("app-server-daemon"), 0o755))
	lock, err := wait.Lock(context.Background(), h.state(name), 0)
	if err != nil || lock == nil {
		h.t.Fatal(lock, err)
	}
	h.t.Cleanup(func() { lock.Close() })
	return func() { lock.Close() }
}
