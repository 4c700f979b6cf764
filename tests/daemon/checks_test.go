//go:build unix

package daemon

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"codex/pkg/cli/exit"
	"codex/pkg/config"
	"codex/pkg/daemon"
	"codex/pkg/daemon/process"
)

const (
	lifecycleKeys = "status managedCodexPath managedCodexVersion socketPath cliVersion"
	liveKeys      = "status backend managedCodexPath managedCodexVersion socketPath cliVersion appServerVersion"
	startedKeys   = "status backend pid managedCodexPath managedCodexVersion socketPath cliVersion appServerVersion"
	bootKeys      = "status backend autoUpdateEnabled remoteControlEnabled managedCodexPath managedCodexVersion socketPath cliVersion appServerVersion"
)

// need skips what needs /proc.
func need(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /proc")
	}
}

// TestFresh is checks 1 to 3: nothing is installed, nothing runs.
func TestFresh(t *testing.T) {
	t.Parallel()
	h := bare(t)
	h.run("version").fails(1, "Error: failed to connect to "+h.socket()+"\n\nCaused by:\n    No such file or directory (os error 2)\n")
	if _, err := os.Stat(h.path("app-server-daemon")); !os.IsNotExist(err) {
		t.Error("version made the folder of state", err)
	}
	missing := "Error: managed standalone Codex install not found at " + h.managed() + "\n"
	for _, args := range [][]string{{"start"}, {"restart"}, {"bootstrap"}, {"bootstrap", "--remote-control"}} {
		r := h.run(args...)
		r.fails(1, missing)
		if !strings.HasPrefix(r.stderr, missing) {
			t.Errorf("%s", r.stderr)
		}
	}
	r := h.run("stop")
	if a := r.says("notRunning"); a["managedCodexVersion"] != nil || a["managedCodexPath"] != h.managed() || a["socketPath"] != h.socket() || a["cliVersion"] != "0.133.0" {
		t.Errorf("%v", a)
	}
	r.keys(lifecycleKeys)
	if _, err := os.Stat(h.state("daemon.lock")); err != nil {
		t.Error(err)
	}
	r = h.run("enable-remote-control")
	if a := r.says("enabled"); a["remoteControlEnabled"] != true {
		t.Errorf("%v", a)
	}
	r.keys("status remoteControlEnabled socketPath cliVersion")
	h.run("enable-remote-control").says("alreadyEnabled")
	if got := h.read("app-server-daemon/settings.json"); got != "{\n  \"remoteControlEnabled\": true\n}" {
		t.Errorf("settings %q", got)
	}
	h.run("disable-remote-control").says("disabled")
	h.run("disable-remote-control").says("alreadyDisabled")
}

// TestLifecycle is checks 4, 5, 7, 8 and 22.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	h.write("app-server-control/x", "") // the folder has a mode that lets others in
	h.env = []string{"FOO_DAEMON=1", "TZ=Asia/Tokyo"}
	r := h.run("start", "-c", "model=x", "--enable", "remote_control")
	a := r.says("started")
	r.keys(startedKeys)
	if a["backend"] != "pid" || a["managedCodexVersion"] == nil || a["appServerVersion"] != "0.133.0" {
		t.Errorf("%v", a)
	}
	pid := h.pid("app-server.pid")
	if float64(pid) != a["pid"] {
		t.Errorf("record %d, answer %v", pid, a["pid"])
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || string(bytes.ReplaceAll(cmdline, []byte{0}, []byte{' '})) != "codex-app-server --listen unix:// " {
		t.Errorf("%q %v", cmdline, err)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); err != nil || f[2] != fmt.Sprint(pid) || f[3] != fmt.Sprint(pid) {
		t.Errorf("group %s, session %s, %v", f[2], f[3], err)
	}
	for fd, want := range []string{"/dev/null", "/dev/null", h.state("app-server.stderr.log")} {
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); to != want {
			t.Errorf("file %d is %s (%v)", fd, to, err)
		}
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if cwd, e := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); !bytes.Contains(env, []byte("FOO_DAEMON=1\x00")) || cwd != h.dir {
		t.Errorf("environment or folder %s: %v %v", cwd, err, e)
	}
	for path, mode := range map[string]fs.FileMode{h.socket(): 0o600, filepath.Dir(h.socket()): 0o700, h.path("app-server-daemon"): 0o755} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, fi.Mode(), err)
		}
	}

	r = h.run("start")
	if a := r.says("alreadyRunning"); a["backend"] != "pid" {
		t.Errorf("%v", a)
	}
	r.keys(liveKeys)
	r = h.run("version")
	r.says("running")
	r.keys(liveKeys)

	r = h.run("enable-remote-control")
	r.says("enabled")
	r.keys("status backend remoteControlEnabled socketPath cliVersion appServerVersion")
	second := h.pid("app-server.pid")
	if args := process.Args(second); second == pid || !strings.Contains(args, "--remote-control") || alive(pid) {
		t.Errorf("%d after %d: %s", second, pid, args)
	}
	h.run("enable-remote-control").says("alreadyEnabled")
	if h.pid("app-server.pid") != second {
		t.Error("started anew for nothing")
	}

	if err := syscall.Kill(second, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	h.until("its end", func() bool { return !alive(second) })
	h.run("version").fails(1, "Connection refused")
	h.run("start").says("started") // though the socket is still there
	third := h.pid("app-server.pid")
	if third == second {
		t.Error("no new process")
	}
	r = h.run("restart")
	r.says("restarted")
	r.keys(startedKeys)
	if fourth := h.pid("app-server.pid"); fourth == third || alive(third) {
		t.Errorf("%d after %d", fourth, third)
	}

	h.env = []string{"TZ=America/St_Johns"}
	r = h.run("stop")
	r.says("stopped")
	r.keys("status backend managedCodexPath managedCodexVersion socketPath cliVersion")
	if left := h.processes(); len(left) > 0 {
		t.Errorf("%v live on", left)
	}
	if h.read("app-server-daemon/app-server.pid") != "" {
		t.Error("a record of nobody")
	}
	h.run("stop").says("notRunning")
	h.run("restart").says("restarted")
	h.run("stop").says("stopped")
}

// TestParallelStarts is check 6.
func TestParallelStarts(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	results := make([]result, 10)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = h.run("start") })
	}
	wg.Wait()
	count := map[string]int{}
	for _, r := range results {
		status := "alreadyRunning"
		if strings.Contains(r.stdout, `"started"`) {
			status = "started"
		}
		if a := r.says(status); a["backend"] != "pid" {
			t.Errorf("%v", a)
		}
		count[status]++
	}
	if count["started"] != 1 || len(h.servers()) != 1 {
		t.Errorf("%v, processes %v", count, h.servers())
	}
}

// TestRecords is checks 9 and 10.
func TestRecords(t *testing.T) {
	t.Parallel()
	h := installed(t)
	foreign := exec.Command("sleep", "1000")
	h.check(foreign.Start())
	defer func() { _ = foreign.Process.Kill(); _ = foreign.Wait() }()
	recycled := fmt.Sprintf(`{"pid":%d,"processStartTime":"Thu Jan  1 00:00:00 1970"}`, foreign.Process.Pid)
	h.write("app-server-daemon/app-server.pid", recycled)
	h.run("stop").says("notRunning")
	if h.read("app-server-daemon/app-server.pid") != "" || !alive(foreign.Process.Pid) {
		t.Error("the record stays, or the foreign process went")
	}
	h.write("app-server-daemon/app-server.pid", "garbage")
	for _, command := range []string{"start", "stop", "restart", "enable-remote-control"} {
		h.run(command).fails(1, "Error: invalid pid file contents in "+h.state("app-server.pid")+"\n\nCaused by:\n    ")
	}
	if h.read("app-server-daemon/app-server.pid") != "garbage" {
		t.Error("the file has changed")
	}
	for _, text := range []string{"", "   ", recycled, `{"pid":`, `{"pid":12,"proc`, `{`, "{\x00\x00\x00"} { // the last ones are torn
		h.write("app-server-daemon/app-server.pid", text)
		h.run("start").says("started")
		h.run("stop").says("stopped")
	}
	if !alive(foreign.Process.Pid) {
		t.Error("the foreign process has gone")
	}
}

// TestSettings is check 11, and broken folders.
func TestSettings(t *testing.T) {
	t.Parallel()
	h := installed(t)
	h.write("app-server-daemon/settings.json", "{}")
	for _, command := range []string{"start", "restart", "stop", "version", "enable-remote-control", "disable-remote-control"} {
		h.run(command).fails(1, "Error: failed to parse daemon settings "+h.state("settings.json")+"\n\nCaused by:\n    missing field `remoteControlEnabled`\n")
	}
	r := h.run("bootstrap")
	r.says("bootstrapped")
	r.keys(bootKeys)
	if got := h.read("app-server-daemon/settings.json"); got != "{\n  \"remoteControlEnabled\": false\n}" {
		t.Errorf("settings %q", got)
	}

	h = installed(t)
	h.write("app-server-daemon", "")
	h.run("start").fails(1, "Error: failed to create daemon state directory "+h.path("app-server-daemon")+"\n\nCaused by:\n    ")
	h.run("version").fails(1, "Error: failed to read daemon settings "+h.state("settings.json")+"\n\nCaused by:\n    Not a directory (os error 20)\n")
	h.env = []string{"CODEX_HOME=" + h.path("missing")}
	h.run("start").fails(1, fmt.Sprintf("Error: failed to resolve CODEX_HOME\n\nCaused by:\n    CODEX_HOME points to %q, but that path does not exist\n", h.path("missing")))
}

// TestUnmanaged is check 12.
func TestUnmanaged(t *testing.T) {
	t.Parallel()
	h := installed(t)
	server := h.byHand()
	for command, status := range map[string]string{"start": "alreadyRunning", "version": "running"} {
		r := h.run(command)
		r.says(status)
		r.keys("status managedCodexPath managedCodexVersion socketPath cliVersion appServerVersion")
	}
	for _, command := range []string{"stop", "restart", "enable-remote-control", "disable-remote-control", "bootstrap"} {
		h.run(command).fails(1, "Error: app server is running but is not managed by codex app-server daemon\n")
	}
	if !alive(server.Process.Pid) {
		t.Error("it has gone")
	}
}

// TestTogether holds that of servers which start by hand at the same time one serves, and
// the others say why they do not.
func TestTogether(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	results := make(chan result, 5)
	for range cap(results) {
		go func() {
			results <- h.finish(h.command(filepath.Join(binaries, "codex-app-server"), "--listen", "unix://"))
		}()
	}
	for range cap(results) - 1 {
		(<-results).fails(1, "app-server control socket is already in use at "+h.socket())
	}
	h.run("version").says("running")
	for _, pid := range h.servers() {
		h.check(syscall.Kill(pid, syscall.SIGTERM))
	}
	if r := <-results; r.status != 0 {
		t.Errorf("%+v", r)
	}
}

// direct is codex-daemon within this process, where waits can be short.
func (h *home) direct(w daemon.Waits, args ...string) result {
	h.t.Helper()
	var out, errs bytes.Buffer
	env := h.environ()
	get := func(name string) string {
		for _, kv := range env {
			if k, v, _ := strings.Cut(kv, "="); k == name {
				return v
			}
		}
		return ""
	}
	err := daemon.Run(h.t.Context(), daemon.Process{Args: args, Env: env, Self: filepath.Join(binaries, "codex-daemon"),
		Config: config.Env{Get: get, Home: get("HOME"), Cwd: h.dir}, Stdout: &out, Stderr: &errs, Waits: w})
	return result{h.t, strings.Join(args, " "), out.String(), errs.String(), exit.Status(err)}
}

// TestStopped is check 13: a server that was stopped by a signal does not answer, and
// ends nevertheless when it is told to, long before it would be killed.
func TestStopped(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	h.run("bootstrap").says("bootstrapped")
	server, updater := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
	for _, pid := range []int{server, updater} {
		h.check(syscall.Kill(pid, syscall.SIGSTOP))
		h.until("the stop", func() bool { info, _, _ := process.Look(pid); return info.Stopped })
	}
	short := daemon.Waits{Probe: 20 * time.Millisecond, Ready: time.Millisecond}
	h.direct(short, "version").fails(1, "Error: timed out probing app-server control socket "+h.socket()+"\n\nCaused by:\n    deadline has elapsed\n")
	h.direct(short, "start").fails(1, "Error: app server did not become ready on "+h.socket()+"\n\nDaemon used app-server:\n  path: "+h.managed())
	h.direct(daemon.Waits{Probe: 20 * time.Millisecond, Grace: time.Hour, Stop: time.Hour}, "stop", "--forget").says("stopped")
	if alive(server) || alive(updater) {
		t.Error("still there")
	}
}

// TestLock is check 14.
func TestLock(t *testing.T) {
	t.Parallel()
	h := installed(t)
	free := h.lock("daemon.lock")
	h.direct(daemon.Waits{Lock: 1}, "stop").fails(1, "Error: timed out waiting for daemon operation lock "+h.state("daemon.lock")+"\n")
	h.run("version").fails(1, "failed to connect to")
	done := make(chan result, 1)
	go func() { done <- h.run("start") }()
	free()
	(<-done).says("started")

	// The lock of a record that somebody writes just now.
	free = h.lock("app-server.pid.lock")
	go func() { done <- h.run("version") }()
	(<-done).says("running") // it needs none
	free()
	h.run("stop").says("stopped")
}

// TestBadInstall is check 15: what cannot become a server is told at once, with what it
// said.
func TestBadInstall(t *testing.T) {
	t.Parallel()
	h := bare(t)
	h.script("bad", "echo boo >&2; exit 3")
	h.current("bad")
	r := h.run("start")
	r.fails(1, "Error: app server did not become ready on "+h.socket()+"\n\nDaemon used app-server:\n  path: "+h.managed()+"\n  version: unknown\n\n"+
		"Managed app-server stderr ("+h.state("app-server.stderr.log")+"):\n  boo\n\nCaused by:\n    0: app-server process ")
	if !strings.Contains(r.stderr, "has ended (exit status 3)\n    1: failed to connect to "+h.socket()+"\n    2: No such file or directory (os error 2)\n") {
		t.Error(r.stderr)
	}
	h.run("stop").says("notRunning")

	program := filepath.Join(h.releaseDir("bad"), "codex")
	h.check(os.Chmod(program, 0o644))
	h.run("start").fails(1, "Error: failed to spawn detached app-server process using "+h.managed()+"\n\nCaused by:\n    Permission denied (os error 13)\n")
	if a := h.run("stop").says("notRunning"); a["managedCodexVersion"] != nil {
		t.Errorf("%v", a)
	}
	h.check(os.Remove(program))
	h.run("start").fails(1, "managed standalone Codex install not found at ")
	h.check(os.Mkdir(program, 0o755))
	h.run("start").fails(1, "managed standalone Codex install not found at ")
	h.check(os.Remove(program))

	// A plain file where the socket should be.
	h.release("one", "")
	h.current("one")
	h.write("app-server-control/app-server-control.sock", "")
	h.run("start").fails(1, "app-server control socket path exists and is not a socket: "+h.socket())
	h.run("stop").says("notRunning")
}

// TestBootstrap is checks 17 and 18.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	r := h.run("bootstrap", "--remote-control")
	if a := r.says("bootstrapped"); a["remoteControlEnabled"] != true || a["autoUpdateEnabled"] != true || a["backend"] != "pid" {
		t.Errorf("%v", a)
	}
	r.keys(bootKeys)
	server, first := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
	if args := process.Args(first); !strings.HasSuffix(args, " pid-update-loop") || !strings.Contains(process.Args(server), "--remote-control") {
		t.Errorf("%s; %s", args, process.Args(server))
	}
	if a := h.run("bootstrap").says("bootstrapped"); a["remoteControlEnabled"] != false {
		t.Errorf("%v", a)
	}
	second := h.pid("app-server-updater.pid")
	if second == first || alive(first) || alive(server) {
		t.Errorf("updater %d after %d; the old processes live: %v %v", second, first, alive(first), alive(server))
	}
	if got := h.read("app-server-daemon/settings.json"); !strings.Contains(got, "false") {
		t.Error(got)
	}
	h.run("stop").says("stopped")
	if !alive(second) {
		t.Error("stop has stopped the updater")
	}
	h.run("start", "--updater").says("started")
	if h.pid("app-server-updater.pid") != second {
		t.Error("the updater was replaced")
	}
	h.check(syscall.Kill(second, syscall.SIGTERM))
	h.until("its end", func() bool { return !alive(second) })
	h.run("start", "--updater").says("alreadyRunning")
	third := h.pid("app-server-updater.pid")
	if third == second || !alive(third) {
		t.Errorf("updater %d after %d", third, second)
	}
	h.run("stop", "--forget").says("stopped")
	if left := h.processes(); len(left) > 0 {
		t.Errorf("%v live on", left)
	}
}

// TestUsage is check 21.
func TestUsage(t *testing.T) {
	t.Parallel()
	h := bare(t)
	h.run("bogus").fails(2, "error: unrecognized subcommand 'bogus'\n\nUsage: codex app-server daemon [OPTIONS] <COMMAND>\n")
	h.run("start", "extra").fails(2, "error: unexpected argument 'extra' found\n\nUsage: codex app-server daemon start [OPTIONS]\n")
	h.run().fails(2, "Usage: codex app-server daemon [OPTIONS] <COMMAND>\n")
	r := h.finish(h.command(filepath.Join(binaries, "codex"), "--remote", "ws://127.0.0.1:1", "app-server", "daemon", "version"))
	r.fails(1, "Error: `--remote ws://127.0.0.1:1` is only supported for interactive TUI commands, not `codex app-server daemon")
}

// TestPaths holds that paths in answers have no links in them, and what a home is that
// nobody names.
func TestPaths(t *testing.T) {
	t.Parallel()
	h := installed(t)
	link := h.dir + "-link"
	h.check(os.Symlink(h.dir, link))
	defer os.Remove(link)
	h.env = []string{"CODEX_HOME=" + link}
	h.run("start").says("started")
	if a := h.run("stop").says("stopped"); a["socketPath"] != h.socket() {
		t.Errorf("%v", a)
	}
	h.env = []string{"CODEX_HOME="}
	if a := h.run("stop").says("notRunning"); a["managedCodexPath"] != h.path("user", ".codex", "packages", "standalone", "current", "codex") {
		t.Errorf("%v", a)
	}
	if _, err := os.Stat(h.path("user", ".codex", "app-server-daemon", "daemon.lock")); err != nil {
		t.Error(err)
	}
	h.env = []string{"PATH=" + h.path("missing")} // ps is not needed
	h.run("start").says("started")
	h.run("version").says("running")
	h.run("stop").says("stopped")
}

// TestRemoteControl holds the words of codex remote-control.
func TestRemoteControl(t *testing.T) {
	t.Parallel()
	h := installed(t)
	run := func(args ...string) result {
		return h.finish(h.command(filepath.Join(binaries, "codex"), append([]string{"remote-control"}, args...)...))
	}
	if r := run("stop"); r.status != 0 || r.stdout != "Stopping remote control...\nRemote control is not running.\n" {
		t.Errorf("%+v", r)
	}
	run("--json", "stop").says("notRunning")
	r := run("start")
	if r.status != 1 || r.stdout != "Starting app-server daemon with remote control enabled...\n" || !strings.HasPrefix(r.stderr, "Error: Remote control is enabled on ") {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(h.read("app-server-daemon/settings.json"), "true") {
		t.Error("the setting was not kept")
	}
	run("start", "--json").fails(1, "Error: Remote control is enabled on ")
	if r := run("stop"); r.status != 0 || r.stdout != "Stopping remote control...\nRemote control stopped.\n" {
		t.Errorf("%+v", r)
	}
}
