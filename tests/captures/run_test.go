//go:build unix

package captures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"codex/pkg/clock"
	"codex/pkg/model/script"
)

// patience ends a run that hangs.
const patience = 90 * time.Second

// captured is the day that the captures were made on: sessions in them hold its date, and
// usage limits end on it.
const captured = "2026-11-22T06:00:00Z"

// scene is the place of one case: folders, a model, a program.
type scene struct {
	c          *Case
	program    string
	root       string
	work, home string
	port       string
	expand     *strings.Replacer
	model      model
	threads    []string
}

// perform puts a case to a program.
func perform(t *testing.T, c *Case, program string) *Answer {
	t.Helper()
	return relay(t, c, program, program)
}

// relay puts a case to a program, and its last run to another one, which finds the session
// files of the first.
func relay(t *testing.T, c *Case, program, last string) *Answer {
	t.Helper()
	s := &scene{c: c, program: program}
	// Not in the folder for temporary files: commands in a sandbox may write to that.
	root := filepath.Join("/var/tmp", fmt.Sprintf("codex-case-%010d", rand.Uint32())) // all of one length: paths are in outputs that are counted
	err := os.Mkdir(root, 0o755)
	check(t, err)
	if *keep {
		t.Logf("%s: %s", program, root)
	} else {
		t.Cleanup(func() { os.RemoveAll(root) })
	}
	if c.Leaves != "" {
		t.Cleanup(func() { os.Remove(c.Leaves) })
	}
	s.root, err = filepath.EvalSymlinks(root)
	check(t, err)
	s.work, s.home = filepath.Join(s.root, "work"), filepath.Join(s.root, "home")
	s.serve(t)
	s.expand = strings.NewReplacer("$WORK", s.work, "$ROOT", s.root, "$CODEX_HOME", s.home, "$PORT", s.port)
	s.furnish(t)
	a := &Answer{}
	for i, r := range c.runs() {
		if r.Turns != nil || r.Wire != nil {
			s.model.play(t, r)
		}
		if i == len(c.runs())-1 {
			s.program = last
		}
		out := s.run(t, i, r)
		if r.Unseen {
			out = nil
		}
		a.Runs = append(a.Runs, out)
	}
	a.Files = s.files(t)
	a.Rollout = s.rollouts(t)
	return a
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serve starts the scripted model on loopback.
func (s *scene) serve(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	s.port = fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
	srv := &http.Server{Handler: &s.model}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.Serve(l)
	}()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
}

// model is a scripted model that remembers what it was asked.
type model struct {
	mu       sync.Mutex
	server   http.Handler
	requests []request
	changed  func()
}

type request struct {
	method, path string
	header       http.Header
	body         []byte
}

func (m *model) play(t *testing.T, r Run) {
	var h http.Handler = &wireServer{wires: r.Wire}
	if r.Turns != nil {
		play, err := script.Parse(bytes.NewReader(r.Turns))
		check(t, err)
		h = script.NewServer(play, script.Options{Global: true})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.server = h
}

// wireServer answers with bytes.
type wireServer struct {
	wires []Wire
	mu    sync.Mutex
	next  int
}

func (s *wireServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	wire := s.wires[min(s.next, len(s.wires)-1)]
	s.next++
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	for k, v := range wire.Headers {
		w.Header().Set(k, v)
	}
	if wire.Status != 0 {
		w.WriteHeader(wire.Status)
	}
	w.Write(wire.Body.Data)
	if wire.Abort {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// sessionMark stands in scripts for the id of the process that the last output named.
const sessionMark = "424242"

// marked puts the id in.
type marked struct {
	http.ResponseWriter
	id []byte
}

func (m marked) Write(b []byte) (int, error) {
	_, err := m.ResponseWriter.Write(bytes.ReplaceAll(b, []byte(sessionMark), m.id))
	return len(b), err
}

func (m marked) Flush() { m.ResponseWriter.(http.Flusher).Flush() }

// begin forgets what was asked before; changed is called at each request.
func (m *model) begin(changed func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests, m.changed = nil, changed
}

func (m *model) asked() []request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	m.mu.Lock()
	server, changed := m.server, m.changed
	if err == nil && r.Method == http.MethodPost {
		m.requests = append(m.requests, request{r.Method, r.URL.RequestURI(), r.Header.Clone(), body})
	}
	m.mu.Unlock()
	if changed != nil {
		changed()
	}
	if server == nil {
		http.Error(w, "no script", http.StatusNotFound)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if ids := regexp.MustCompile(`running with session ID (\d+)`).FindAllSubmatch(body, -1); len(ids) > 0 {
		w = marked{w, ids[len(ids)-1][1]}
	}
	server.ServeHTTP(w, r)
}

// furnish makes the folders and files of the case.
func (s *scene) furnish(t *testing.T) {
	for _, d := range []string{s.work, s.home, filepath.Join(s.root, "tmp")} {
		check(t, os.MkdirAll(d, 0o755))
	}
	for dir, files := range map[string]map[string]File{s.work: s.c.Files, s.home: s.c.Home, filepath.Join(s.root, "outside"): s.c.Outside} {
		names := make([]string, 0, len(files))
		for name := range files {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			p := filepath.Join(dir, name)
			if strings.HasSuffix(name, "/") {
				p += "/"
			}
			check(t, files[name].write(p, s.expand))
		}
	}
	if _, ok := s.c.Home["config.toml"]; !ok {
		config := fmt.Sprintf("model_provider = \"mock\"\n%s\n[model_providers.mock]\nname = \"mock\"\nbase_url = \"http://127.0.0.1:%s/v1\"\nwire_api = \"responses\"\nenv_key = \"MOCK_KEY\"\n%s\n%s\n",
			s.expand.Replace(s.c.Top), s.port, s.expand.Replace(s.c.Provider), s.expand.Replace(s.c.Config))
		check(t, os.WriteFile(filepath.Join(s.home, "config.toml"), []byte(config), 0o600))
	}
	if s.c.Git != "none" {
		if _, err := exec.LookPath("git"); err != nil {
			t.Skip("no git here, and this runs in a repository")
		}
		repository, err := repositories()
		check(t, err)
		check(t, os.CopyFS(filepath.Join(s.work, ".git"), repository[s.c.Git]))
	}
}

// repositories makes both kinds of repository once: hundreds of cases need one.
var repositories = sync.OnceValues(func() (map[string]fs.FS, error) {
	out := map[string]fs.FS{}
	for kind, steps := range map[string][][]string{
		"empty": {{"init", "-q", "--template=", "."}},
		"":      {{"init", "-q", "--template=", "."}, {"commit", "-qm", "init", "--allow-empty"}},
	} {
		dir, err := os.MkdirTemp("", "codex-git-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		for _, argv := range steps {
			cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"}, argv...)...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "HOME="+dir)
			if text, err := cmd.CombinedOutput(); err != nil {
				return nil, fmt.Errorf("git %v: %w\n%s", argv, err, text)
			}
		}
		files := fstest.MapFS{}
		err = fs.WalkDir(os.DirFS(dir), ".git", func(p string, d fs.DirEntry, err error) error {
			if err != nil || p == ".git" {
				return err
			}
			f := &fstest.MapFile{Mode: 0o644}
			if d.IsDir() {
				f.Mode = fs.ModeDir | 0o755
			} else if f.Data, err = os.ReadFile(filepath.Join(dir, p)); err != nil {
				return err
			}
			files[strings.TrimPrefix(p, ".git/")] = f
			return nil
		})
		if err != nil {
			return nil, err
		}
		out[kind] = files
	}
	return out, nil
})

func (s *scene) environ() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.root, "CODEX_HOME=" + s.home, "TMPDIR=" + filepath.Join(s.root, "tmp"),
		"MOCK_KEY=sk-mock", "TERM=xterm-256color", "LANG=C.UTF-8", "TZ=Etc/UTC", "SHELL=/bin/bash", clock.Variable + "=" + captured}
	for k, v := range s.c.Env {
		env = append(env, k+"="+s.expand.Replace(v))
	}
	return env
}

// run is one process of the case, to its end.
func (s *scene) run(t *testing.T, index int, r Run) *RunAnswer {
	argv := make([]string, len(r.Argv))
	for i, a := range r.Argv {
		if argv[i] = s.expand.Replace(a); len(s.threads) > 0 {
			argv[i] = strings.ReplaceAll(argv[i], "$THREAD", s.threads[len(s.threads)-1])
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, argv...)
	cmd.Dir, cmd.Env = s.work, s.environ()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if r.Stdin != nil {
		cmd.Stdin = bytes.NewReader([]byte(s.expand.Replace(string(r.Stdin.Data))))
	}
	var stdout, stderr watched
	trigger := &trigger{run: r, scene: s, lines: stdout.lines}
	stdout.changed = trigger.poke
	s.model.begin(trigger.poke)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	check(t, cmd.Start())
	trigger.started(cmd.Process.Pid)
	err := cmd.Wait()
	var exit any = float64(cmd.ProcessState.ExitCode())
	var ee *exec.ExitError
	switch {
	case ctx.Err() != nil:
		exit = "hangs"
	case errors.As(err, &ee):
		if ws, ok := ee.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			exit = "signal " + ws.Signal().String()
		}
	case err != nil:
		t.Fatalf("run %d: %v", index+1, err)
	}
	if *keep {
		t.Logf("run %d %v: %v\n%s\n%s", index+1, argv, exit, stdout.String(), stderr.String())
	}
	return s.answer(exit, stdout.String(), stderr.String(), s.model.asked())
}

// watched is a buffer that tells of its growth.
type watched struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed func()
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	n, err := w.b.Write(p)
	w.mu.Unlock()
	if w.changed != nil {
		w.changed()
	}
	return n, err
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

func (w *watched) lines() int { return strings.Count(w.String(), "\n") }

// trigger sends the run's signal once its condition holds.
type trigger struct {
	run   Run
	scene *scene
	lines func() int

	mu  sync.Mutex
	pid int
}

func (g *trigger) started(pid int) {
	g.mu.Lock()
	g.pid = pid
	g.mu.Unlock()
	g.poke()
}

func (g *trigger) poke() {
	g.mu.Lock()
	defer g.mu.Unlock()
	sig, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL, "HUP": syscall.SIGHUP}[g.run.Signal]
	if !ok || g.pid == 0 || g.lines() < g.run.Lines || len(g.scene.model.asked()) < g.run.Requests {
		return
	}
	g.run.Signal = ""
	syscall.Kill(g.pid, sig)
}
