package install

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// site serves a shop on the loopback. Requests for archives go to act first, if that is
// set: it may do anything instead and then give true.
type site struct {
	*httptest.Server
	mu   sync.Mutex
	seen []string
	act  func(w http.ResponseWriter, r *http.Request) bool
}

func serve(t testing.TB, s *shop) *site {
	t.Helper()
	web := &site{}
	files := http.FileServer(http.Dir(s.dir))
	web.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.mu.Lock()
		web.seen = append(web.seen, strings.TrimPrefix(r.URL.Path, "/"))
		act := web.act
		web.mu.Unlock()
		if act == nil || !strings.HasSuffix(r.URL.Path, ".tar.gz") || !act(w, r) {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		web.CloseClientConnections() // of a downloader whose installer was killed
		web.Close()
	})
	return web
}

// requests gives what was asked for since the last call, with + for archives.
func (w *site) requests() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen = nil
	return strings.Join(seen, " ")
}

// instead sets what happens to requests for archives.
func (w *site) instead(act func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.act = act
}

// downloaders runs a test with each program that install.sh can download with.
func downloaders(t *testing.T, test func(t *testing.T, u *user)) {
	for _, tool := range []string{"curl", "wget", "busybox"} {
		t.Run(tool, func(t *testing.T) {
			program, err := exec.LookPath(tool)
			if err != nil {
				t.Skip(err)
			}
			t.Parallel()
			u := newUser(t)
			without := map[string][]string{"curl": {"wget"}, "wget": {"curl"}, "busybox": {"curl", "wget"}}[tool]
			path := tools(t, without, nil)
			if tool == "busybox" {
				if err := os.Symlink(program, filepath.Join(path, "wget")); err != nil {
					t.Fatal(err)
				}
			}
			u.env = []string{"PATH=" + path}
			test(t, u)
		})
	}
}

// TestPassword holds that a password of the address is sent, and stands in nobody's arguments.
func TestPassword(t *testing.T) {
	downloaders(t, func(t *testing.T, u *user) {
		web := serve(t, newShop(t, v1))
		files := web.Config.Handler
		web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name, password, _ := r.BasicAuth(); name != "me" || password != `se"cret\` {
				w.Header().Set("WWW-Authenticate", "Basic realm=x")
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			files.ServeHTTP(w, r)
		})
		path := strings.TrimPrefix(u.env[0], "PATH=")
		arguments := filepath.Join(path, "arguments")
		for _, tool := range []string{"curl", "wget"} {
			real, err := filepath.EvalSymlinks(filepath.Join(path, tool))
			if err != nil {
				continue
			}
			spy := fmt.Sprintf("#!/bin/sh\necho \"$@\" >>%q\nexec %q %s \"$@\"\n", arguments, real, map[bool]string{true: "wget"}[filepath.Base(real) == "busybox"])
			if err := errors.Join(os.Remove(filepath.Join(path, tool)), os.WriteFile(filepath.Join(path, tool), []byte(spy), 0o755)); err != nil {
				t.Fatal(err)
			}
		}
		u.env = append(u.env, "CODEX_INSTALL_BASE_URL="+strings.Replace(web.URL, "://", "://me:se%22cret%5C@", 1))
		if strings.HasSuffix(t.Name(), "busybox") {
			u.fails(1, []string{"this wget would show the password", "http://me:xxxxx@127.0.0.1:"})
		} else {
			if r := u.ok(v1); strings.Contains(r.stderr, "cret") {
				t.Error(r.stderr)
			}
			u.has(v1)
		}
		if b, err := os.ReadFile(arguments); err != nil || strings.Contains(string(b), "cret") {
			t.Errorf("%s%v", b, err)
		}
	})
}

func TestServed(t *testing.T) {
	downloaders(t, func(t *testing.T, u *user) {
		s := newShop(t, v1)
		web := serve(t, s)
		archive := func(v string) string { return filepath.Base(s.archive(v)) }
		want := func(seen string) {
			t.Helper()
			if got := web.requests(); got != seen {
				t.Errorf("asked for %q, want %q", got, seen)
			}
		}
		u.env = append(u.env, "CODEX_INSTALL_BASE_URL="+web.URL+"/")
		u.ok(v1)
		want("latest SHA256SUMS " + archive(v1))
		u.ok(v1)
		want("latest") // the release is complete
		u.ok(v1, "--release", v1)
		want("")
		s.add(v2, v2)
		u.ok(v2)
		want("latest SHA256SUMS " + archive(v2))
		u.ok(v1, "--release", v1)
		want("")
		u.ok(v2)
		want("latest")
		u.has(v2)

		// Nothing that goes wrong on the way changes what is installed.
		s.add(v3, v3)
		web.instead(func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, "the beginning") // the client sees the end of it
			panic(http.ErrAbortHandler)
		})
		u.fails(1, []string{"cannot fetch " + web.URL, "nothing was changed"})
		u.has(v2)
		web.instead(func(w http.ResponseWriter, _ *http.Request) bool {
			fmt.Fprintln(w, "something else")
			return true
		})
		u.fails(1, []string{"the checksum of", "expected ", "actual   ", "nothing was changed"})
		u.has(v2)
		web.instead(func(w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		})
		u.fails(1, []string{"cannot fetch " + web.URL})
		web.instead(nil)
		web.Close()
		u.fails(1, []string{"cannot find out the latest version: " + web.URL + "/latest cannot be read"})
		u.has(v2)
	})
}

// TestDamaged has archives that are what was published, but no release.
func TestDamaged(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	u.ok(v1, "--from", s.dir)
	s.add(v2, v2)
	whole := read(t, s.archive(v2))
	write(t, s.archive(v2), whole[:len(whole)/2])
	u.fails(1, []string{"the checksum of", "expected", "actual"}, "--from", s.dir)
	s.list()
	u.fails(1, []string{"cannot unpack", "nothing was changed"}, "--from", s.dir)
	u.has(v1)
	s.publish(v2, map[string]string{"codex": "#!/bin/sh\n", "apply_patch": ""}) // no codex-NAME
	u.fails(1, []string{"is not a whole release"}, "--from", s.dir)
	s.add(v2, "0.1")
	u.fails(1, []string{"--version says 'codex-cli 0.1', and not " + v2}, "--from", s.dir)
	s.publish(v2, map[string]string{"codex": "#!/no/such/shell\n", "codex-turn": "", "apply_patch": ""})
	u.fails(1, []string{"does not run on this machine"}, "--from", s.dir)
	u.has(v1)
	if got := u.releases(); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
	// Nor do they leave anything where nothing was.
	u = newUser(t)
	u.fails(1, []string{"does not run on this machine"}, "--from", s.dir)
	same(t, map[string]string{}, snapshot(t, u.home))
}

// TestFull cannot write more than a few blocks into any file.
func TestFull(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	u.ok(v1, "--from", s.dir)
	noise := make([]byte, 1<<20)
	if _, err := io.ReadFull(newNoise(), noise); err != nil {
		t.Fatal(err)
	}
	s.publish(v2, map[string]string{"codex": "#!/bin/sh\n", "codex-turn": string(noise), "apply_patch": ""})
	cmd := u.command("--from", s.dir)
	cmd.Args = append([]string{"/bin/sh", "-c", `ulimit -f 64; trap '' XFSZ; exec "$@"`, "sh"}, cmd.Args...)
	cmd.Path = "/bin/sh"
	if r := finish(t, cmd); r.status != 1 || !strings.Contains(r.stderr, "cannot fetch") || !strings.Contains(r.stderr, "nothing was changed") {
		t.Errorf("%+v", r)
	}
	u.has(v1)
}

// newNoise is something that does not compress.
func newNoise() io.Reader {
	state := uint64(1)
	return readerFunc(func(p []byte) (int, error) {
		for i := range p {
			state = state*6364136223846793005 + 1442695040888963407
			p[i] = byte(state >> 56)
		}
		return len(p), nil
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// stall answers the beginning of an archive, tells it, and then nothing more until the
// client is gone.
func stall(began chan<- struct{}) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "100000")
		_, _ = io.WriteString(w, "the beginning") // a client that is gone is what comes next
		_ = http.NewResponseController(w).Flush()
		began <- struct{}{}
		<-r.Context().Done()
		return true
	}
}

// TestSignals ends it in the middle of a download, politely and not.
func TestSignals(t *testing.T) {
	for _, tc := range []struct {
		name   string
		signal syscall.Signal
		group  bool // as Ctrl-C does
		status int
	}{
		{"TERM", syscall.SIGTERM, false, 143},
		{"HUP", syscall.SIGHUP, true, 129},
		{"INT", syscall.SIGINT, true, 130},
		{"KILL", syscall.SIGKILL, false, -1},
		{"KILL all", syscall.SIGKILL, true, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			downloaders(t, func(t *testing.T, u *user) {
				s := newShop(t, v1)
				u.ok(v1, "--from", s.dir)
				s.add(v2, v2)
				web := serve(t, s)
				began := make(chan struct{}, 1)
				web.instead(stall(began))
				cmd := u.command("--from", web.URL)
				cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				<-began
				pid := cmd.Process.Pid
				if tc.group {
					pid = -pid
				}
				if err := syscall.Kill(pid, tc.signal); err != nil {
					t.Fatal(err)
				}
				_ = cmd.Wait() // the status says it
				if got := cmd.ProcessState.ExitCode(); got != tc.status {
					t.Errorf("status %d, want %d", got, tc.status)
				}
				out, err := exec.Command(u.path(".local/bin/codex"), "--version").Output()
				if err != nil || string(out) != "codex-cli "+v1+"\n" {
					t.Errorf("%q %v", out, err)
				}
				if tc.status > 0 {
					u.has(v1) // and nothing else
				}
				// Whoever comes next has no lock to wait for.
				web.instead(nil)
				if r := u.ok(v2, "--from", web.URL); strings.Contains(r.stderr, "waiting") {
					t.Error(r.stderr)
				}
				u.has(v2)
			})
		})
	}
}

// TestTwo has a second installer come while the first one is at work, on systems with
// different tools: mv(1) may replace a link by -T or -h or not at all.
func TestTwo(t *testing.T) {
	flock, err := exec.LookPath("flock")
	if err != nil {
		t.Skip(err)
	}
	mv, err := exec.LookPath("mv")
	if err != nil {
		t.Skip(err)
	}
	for name, fakes := range map[string]map[string]string{
		"flock": {"flock": "exec " + flock + ` "$@"`},
		"lockf": {"lockf": `[ "$*" = "-s -t 0 9" ] || exit 64; ` + flock + " -n 9 || exit 75",
			"mv": `case $1 in -Tf) exit 64 ;; -hf) shift; exec ` + mv + ` -Tf "$@" ;; esac; exec ` + mv + ` "$@"`},
		"old lockf": {"lockf": "exit 64", "mv": `case $1 in -[Th]f) exit 64 ;; esac; exec ` + mv + ` "$@"`},
		"folder":    {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u, s := newUser(t), newShop(t, v1)
			path := tools(t, []string{"flock"}, nil)
			for tool, text := range fakes {
				if err := os.Remove(filepath.Join(path, tool)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
				write(t, filepath.Join(path, tool), "#!/bin/sh\n"+text+"\n")
				if err := os.Chmod(filepath.Join(path, tool), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			u.env = []string{"PATH=" + path}
			u.ok(v1, "--from", s.dir)
			s.add(v2, v2)
			web := serve(t, s)
			began, goOn := make(chan struct{}, 2), make(chan struct{})
			web.instead(func(http.ResponseWriter, *http.Request) bool {
				began <- struct{}{}
				<-goOn
				return false
			})
			first := make(chan result)
			one := u.command("--from", web.URL)
			go func() { first <- finish(t, one) }()
			<-began
			two := u.command("--from", web.URL)
			stderr, err := two.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := two.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(stderr)
			line, err := lines.ReadString('\n')
			if !strings.Contains(line, "another installation is under way; waiting for it") {
				t.Errorf("%q %v", line, err)
			}
			close(goOn)
			if r := <-first; r.status != 0 {
				t.Errorf("first: %+v", r)
			}
			rest, err := io.ReadAll(lines)
			if err != nil {
				t.Error(err)
			}
			if err := two.Wait(); err != nil {
				t.Errorf("second: %v\n%s", err, rest)
			}
			u.has(v2)
			if got := strings.Count(web.requests(), ".tar.gz"); got != 1 {
				t.Errorf("downloaded %d times", got)
			}
		})
	}
}

// TestLockOfOthers waits for whoever holds the lock file, as the original's installer
// does, and is not stopped by the folder of a dead one.
func TestLockOfOthers(t *testing.T) {
	u, s := newUser(t), newShop(t, v1)
	lock := u.path(".codex/packages/standalone/install.lock")
	write(t, lock, "")
	f, err := os.Open(lock)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	cmd := u.command("--from", s.dir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	line, err := lines.ReadString('\n')
	if !strings.Contains(line, "waiting") {
		t.Errorf("%q %v", line, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || cmd.Wait() != nil {
		t.Errorf("%v\n%s", err, rest)
	}
	u.has(v1)

	u.env = []string{"PATH=" + tools(t, []string{"flock"}, nil)}
	gone := exec.Command("/bin/sh", "-c", "echo $$")
	pid := finish(t, gone).stdout
	write(t, lock+".d/pid", pid)
	write(t, lock+".d/started_at", "1700000000\n")
	u.ok(v1, "--from", s.dir)
	u.has(v1)
}
