//go:build unix

package daemon

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"codex/pkg/daemon/process"
)

// updates is a place of updates, whose installer makes a release current.
type updates struct {
	asked chan struct{} // a value for each time that the installer is wanted
	open  func()        // lets it be had from now on
}

// updates publishes an installer. The updater looks for it at once.
func (h *home) updates(script string) *updates {
	h.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		if _, err := exec.LookPath("wget"); err != nil {
			h.t.Skip("neither curl nor wget")
		}
	}
	gate := make(chan struct{})
	u := &updates{asked: make(chan struct{}, 100), open: sync.OnceFunc(func() { close(gate) })}
	mux := http.NewServeMux()
	mux.HandleFunc("/install.sh", func(w http.ResponseWriter, r *http.Request) {
		u.asked <- struct{}{}
		select {
		case <-gate:
		case <-r.Context().Done():
			return
		}
		if script == "" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, script)
	})
	mux.HandleFunc("/SHA256SUMS", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%x  install.sh\n", sha256.Sum256([]byte(script)))
	})
	s := httptest.NewServer(mux)
	h.t.Cleanup(s.Close)
	h.t.Cleanup(u.open)
	h.write("app-server-daemon/updater.json", fmt.Sprintf(`{"url":%q,"first":"1ms","interval":"1h","retry":"1h"}`, s.URL))
	return u
}

// installing is an installer that makes a release current which is there already.
func (h *home) installing(release string) string {
	link := filepath.Join(h.standalone(), ".current.")
	return "[ -n \"$CODEX_INSTALL_BASE_URL\" ] && ln -s '" + h.releaseDir(release) + "' '" + link + "'$$ && mv -Tf '" + link + "'$$ '" + filepath.Join(h.standalone(), "current") + "'\n"
}

// log is what the updater wrote.
func (h *home) log() string { return h.read("app-server-daemon/app-server-updater.stderr.log") }

func (h *home) isCurrent(release string) bool {
	to, _ := os.Readlink(filepath.Join(h.standalone(), "current"))
	return to == h.releaseDir(release)
}

// runs says whether the process runs a program of the release.
func (h *home) runs(pid int, release, program string) bool {
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return exe == filepath.Join(h.releaseDir(release), program)
}

// watch looks at the updater's pid file all the time until the function it gives is
// called: at every moment it must be about the one process that lives.
func (h *home) watch(pid int) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	before, _, err := process.Look(pid)
	h.check(err)
	go func() {
		defer close(done)
		for n := 0; ; n++ {
			select {
			case <-quit:
				h.t.Logf("looked %d times", n)
				return
			default:
			}
			now, ok, err := process.Look(pid)
			if got := h.pid("app-server-updater.pid"); got != pid || !ok || now.Dead || *now.Identity != *before.Identity || err != nil {
				h.t.Errorf("updater: record %d of %d, %+v %v %v", got, pid, now, ok, err)
				<-quit
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// TestUpdateDuringTurn holds that a turn which runs ends whole, that the new version
// serves the next one, and that the updater becomes its own new version without ever
// letting go of its record.
func TestUpdateDuringTurn(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	m := h.model()
	h.release("two", "0.133.0+unix.two")
	u := h.updates(h.installing("two"))
	h.run("bootstrap").says("bootstrapped")
	server, updater := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
	stop := h.watch(updater)
	c := h.client()
	c.ask(m)
	<-u.asked
	u.open()
	h.until("the signal", func() bool { return strings.Contains(h.read("app-server-daemon/app-server.pid"), `"ending":true`) })
	if !alive(server) || !h.isCurrent("two") {
		t.Errorf("server alive: %v, new release current: %v", alive(server), h.isCurrent("two"))
	}
	m.reply <- struct{}{}
	c.answered()
	h.until("the new server", func() bool { pid := h.pid("app-server.pid"); return pid != 0 && pid != server })
	a := h.run("start").says("alreadyRunning") // waits until it is ready
	if a["managedCodexVersion"] != "0.133.0+unix.two" || a["backend"] != "pid" {
		t.Errorf("%v", a)
	}
	if next := h.pid("app-server.pid"); !h.runs(next, "two", "codex-app-server") || alive(server) {
		t.Error("another program serves than the new release's, or the old server lives")
	}
	c = h.client()
	c.ask(m)
	m.reply <- struct{}{}
	c.answered()
	h.until("the updater's new program", func() bool { return h.runs(updater, "two", "codex-daemon") })
	<-u.asked // and it goes on
	stop()
	if h.pid("app-server-updater.pid") != updater || h.stored() != 2 {
		t.Errorf("updater %d, was %d; turns stored: %d", h.pid("app-server-updater.pid"), updater, h.stored())
	}
	// The server is a child of a process that has become another program.
	next := h.pid("app-server.pid")
	h.check(syscall.Kill(next, syscall.SIGKILL))
	h.until("its end", func() bool { _, ok, _ := process.Look(next); return !ok })
	h.run("stop", "--forget").says("notRunning")
}

// TestUpdateLongTurn holds that a turn may take its time: other commands do not wait for
// the updater, and who stops the server meanwhile has the last word.
func TestUpdateLongTurn(t *testing.T) {
	t.Parallel()
	need(t)
	for _, stop := range []bool{false, true} {
		h := installed(t)
		m := h.model()
		h.release("two", "0.133.0+unix.two")
		u := h.updates(h.installing("two"))
		settings := h.read("app-server-daemon/updater.json")
		h.write("app-server-daemon/updater.json", strings.TrimSuffix(settings, "}")+`,"drain":"300ms"}`)
		h.run("bootstrap").says("bootstrapped")
		server, updater := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
		c := h.client()
		c.ask(m)
		<-u.asked
		u.open()
		h.until("the signal", func() bool { return strings.Contains(h.read("app-server-daemon/app-server.pid"), `"ending":true`) })
		h.run("start").says("alreadyRunning") // when the lock is free
		done := make(chan result, 1)
		if stop {
			go func() { done <- h.run("stop") }()
			h.until("the stop", func() bool { return !h.isFree("daemon.lock") })
		}
		m.reply <- struct{}{}
		c.answered()
		if stop {
			(<-done).says("stopped")
		}
		h.until("the updater's new program", func() bool { return h.runs(updater, "two", "codex-daemon") })
		next := h.pid("app-server.pid")
		if alive(server) || stop != (next == 0) || !stop && !h.runs(next, "two", "codex-app-server") {
			t.Errorf("stop %v: server %d lives: %v; then %d", stop, server, alive(server), next)
		}
	}
}

// TestUpdateRollback holds that a release which does not work is left again, and changes
// nothing that runs.
func TestUpdateRollback(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	h.script("bad", "echo broken >&2; exit 1")
	u := h.updates(h.installing("bad"))
	u.open()
	h.run("bootstrap").says("bootstrapped")
	server, updater := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
	h.until("the way back", func() bool { return strings.Contains(h.log(), "back to one") })
	if log := h.log(); !h.isCurrent("one") || !strings.Contains(log, "release bad does not work") || !strings.Contains(log, "broken") {
		t.Error(log)
	}
	h.run("version").says("running")
	if h.pid("app-server.pid") != server || h.pid("app-server-updater.pid") != updater || !alive(updater) {
		t.Error("something was started anew")
	}
}

// TestUpdateServerFails holds that a release whose server does not come up gives its
// place back to the one before.
func TestUpdateServerFails(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	h.script("bad", `case "$*" in *--listen*) echo no luck >&2; exit 3;; --version) echo codex-cli 0.133.0+unix.bad;; esac`)
	u := h.updates(h.installing("bad"))
	h.run("bootstrap").says("bootstrapped")
	first := h.pid("app-server.pid") // before the release takes its place, and loses it
	u.open()
	h.until("the way back", func() bool { return strings.Contains(h.log(), "back to one") })
	if !strings.Contains(h.log(), "did not become ready") || !h.isCurrent("one") {
		t.Error(h.log())
	}
	h.run("start").says("alreadyRunning")
	if second := h.pid("app-server.pid"); second == first || !h.runs(second, "one", "codex-app-server") {
		t.Errorf("server %d after %d", second, first)
	}
	if updater := h.pid("app-server-updater.pid"); !h.runs(updater, "one", "codex-daemon") {
		t.Error("the updater became what does not work")
	}
}

// TestUpdateByHand holds that what somebody else has installed is taken up as well, even
// when there is nothing to download.
func TestUpdateByHand(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	h.release("two", "0.133.0+unix.two")
	u := h.updates("")
	h.run("bootstrap").says("bootstrapped")
	first, updater := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
	<-u.asked
	h.current("two")
	u.open()
	h.until("the new updater", func() bool { return h.runs(updater, "two", "codex-daemon") })
	h.run("start").says("alreadyRunning")
	if second := h.pid("app-server.pid"); second == first || !h.runs(second, "two", "codex-app-server") {
		t.Errorf("server %d after %d", second, first)
	}
	if !strings.Contains(h.log(), "download http://127.0.0.1:") {
		t.Errorf("the failure is not in the log: %s", h.log())
	}
}

// TestUpdaterEnds holds that SIGTERM ends the updater at any time, with what it has
// started, and that a second one makes room.
func TestUpdaterEnds(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	h.check(syscall.Mkfifo(h.path("fifo"), 0o600))
	u := h.updates("cat '" + h.path("fifo") + "'\n")
	u.open()
	loop := h.command(filepath.Join(binaries, "codex"), "app-server", "daemon", "pid-update-loop")
	h.check(loop.Start())
	defer func() { _ = loop.Process.Kill() }()
	var script int
	h.until("the installer", func() bool {
		for _, pid := range h.processes() {
			if process.Args(pid) == "cat "+h.path("fifo") {
				script = pid
			}
		}
		return script != 0
	})
	h.check(loop.Process.Signal(syscall.SIGTERM))
	if err := loop.Wait(); err != nil {
		t.Error(err)
	}
	h.until("the installer's end", func() bool { return !alive(script) })

	h.write("app-server-daemon/updater.json", `{"url":"file://`+h.path("missing")+`","first":"1h"}`)
	h.run("bootstrap").says("bootstrapped")
	h.write("app-server-daemon/updater.json", `{"url":"file://`+h.path("missing")+`","first":"1ms"}`)
	second := h.command(filepath.Join(binaries, "codex-daemon"), "pid-update-loop")
	if r := h.finish(second); r.status != 0 {
		t.Errorf("%+v", r)
	}
}

// TestUnit holds that a service manager which starts and stops the unit does so with our
// processes, and what --forget leaves.
func TestUnit(t *testing.T) {
	t.Parallel()
	need(t)
	h := installed(t)
	unit := h.path("config", "systemd", "user", "codex-daemon-"+fmt.Sprintf("%x", sha256.Sum256([]byte(h.dir)))[:8]+".service")
	h.env = []string{"XDG_CONFIG_HOME=" + h.path("config")}
	h.env = append(h.env, "PATH="+h.path("tools"))
	h.run("bootstrap", "--systemd").fails(1, "Error: failed to install "+unit+"\n\nCaused by:\n")
	h.write("tools/systemctl", `#!/bin/sh
PATH=/usr/bin:/bin
act() { eval "$(sed -n "s/^$1=//p" '`+unit+`')" >/dev/null; }
case "$*" in
"--user restart "*) act ExecStart ;;
"--user disable --now "*) act ExecStop ;;
esac
`)
	h.check(os.Chmod(h.path("tools", "systemctl"), 0o755))
	r := h.run("bootstrap", "--systemd")
	if r.status == 0 {
		r.stderr = "" // it may hint at lingering
	}
	r.says("bootstrapped")
	r.keys(bootKeys)
	server, updater := h.pid("app-server.pid"), h.pid("app-server-updater.pid")
	if _, err := os.Stat(unit); err != nil || !alive(server) || !alive(updater) {
		t.Errorf("%v; server %d, updater %d", err, server, updater)
	}
	h.run("stop", "--forget").says("stopped")
	if _, err := os.Stat(unit); !os.IsNotExist(err) || len(h.processes()) > 0 {
		t.Errorf("%v; %v live on", err, h.processes())
	}
	h.run("stop", "--forget").says("notRunning")
}
