package exec

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"codex/pkg/cli/exit"
	"codex/pkg/shellwords"
)

// The test binary is also the engine, which plays a file of recorded lines, and a filter.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "filter" {
		os.Exit(filter(os.Args[2:]))
	}
	if name := os.Getenv("EXEC_TEST_PLAY"); name != "" {
		os.Exit(play(name))
	}
	os.Exit(m.Run())
}

// player is an engine that says what a file holds.
type player struct {
	lines []string
	in    *bufio.Reader
	log   io.Writer // what the frontend sent
}

// play answers as a recorded engine did: a request sends the lines up to the answer to
// the next one. A line that begins with an exclamation mark is an order to the player.
func play(name string) int {
	data, err := os.ReadFile(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	log, err := os.Create(name + ".requests")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	fmt.Fprintf(log, "%q\n", os.Args[1:])
	p := &player{strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"), bufio.NewReader(os.Stdin), log}
	for {
		l, err := p.read()
		if err != nil {
			return 0
		}
		if id := gjson.Get(l, "id").Int(); id > 0 && gjson.Get(l, "method").Exists() {
			if status := p.until(fmt.Sprintf(`{"id":%d,`, id+1)); status >= 0 {
				return status
			}
		}
	}
}

func (p *player) read() (string, error) {
	l, err := p.in.ReadString('\n')
	io.WriteString(p.log, l)
	return l, err
}

func (p *player) until(prefix string) int {
	for len(p.lines) > 0 && !strings.HasPrefix(p.lines[0], prefix) {
		line := p.lines[0]
		p.lines = p.lines[1:]
		order, arg, _ := strings.Cut(line, " ")
		switch order {
		case "!exit":
			n := 0
			fmt.Sscan(arg, &n)
			return n
		case "!kill":
			me, _ := os.FindProcess(os.Getpid())
			_ = me.Kill()
			forever()
		case "!stderr":
			fmt.Fprintln(os.Stderr, arg)
		case "!await": // wait for a request with this method, or any line
			for {
				l, err := p.read()
				if err != nil {
					return 0
				}
				if arg == "" || gjson.Get(l, "method").Str == arg {
					break
				}
			}
		case "!deaf": // neither reads nor leaves, until it is told to
			forever()
		default:
			fmt.Println(line)
		}
	}
	return -1
}

// forever waits in a way that the runtime does not take for a deadlock.
func forever() {
	r, w, err := os.Pipe()
	if err == nil {
		_, _ = r.Read(make([]byte, 1))
		w.Close()
	}
}

// filter passes lines on: "tee FILE" keeps them, "drop WORD" leaves out those with it,
// "exit N" ends at the first.
func filter(args []string) int {
	in := bufio.NewReader(os.Stdin)
	var keep bytes.Buffer
	for {
		l, err := in.ReadString('\n')
		if err != nil {
			break
		}
		switch args[0] {
		case "exit":
			n := 0
			fmt.Sscan(args[1], &n)
			return n
		case "drop":
			if strings.Contains(l, args[1]) {
				continue
			}
		}
		keep.WriteString(l)
		io.WriteString(os.Stdout, l)
	}
	if args[0] == "tee" && os.WriteFile(args[1], keep.Bytes(), 0o600) != nil {
		return 4
	}
	return 0
}

// setting is how a run differs from the plain one, in which stdin alone is a terminal.
type setting struct {
	wire    string // what the engine plays
	config  string // config.toml
	stdin   io.Reader
	tty     bool // stdout and stderr are terminals
	git     bool
	env     map[string]string
	prepare func(home, cwd string)
	signals chan os.Signal
	left    func() // called when the process would end
	stdout  io.Writer
	watch   func() (<-chan struct{}, func())
}

// result is what a run came to.
type result struct {
	stdout, stderr string
	requests       string // the engine's arguments, and what it was sent
	children       string // the children's stderr
	status         int
	sig            os.Signal // that the process would have died of
	home, cwd      string
}

func start(t *testing.T, s setting, args ...string) result {
	t.Helper()
	return startIn(t, s, func(string) []string { return args })
}

// startIn is start for arguments that name the working folder.
func startIn(t *testing.T, s setting, args func(cwd string) []string) result {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	res := result{home: filepath.Join(dir, "home"), cwd: filepath.Join(dir, "work"), status: -1}
	must(t, os.MkdirAll(res.home, 0o755))
	must(t, os.MkdirAll(res.cwd, 0o755))
	if s.git {
		must(t, os.Mkdir(filepath.Join(res.cwd, ".git"), 0o755))
	}
	if s.config != "" {
		must(t, os.WriteFile(filepath.Join(res.home, "config.toml"), []byte(s.config), 0o600))
	}
	if s.prepare != nil {
		s.prepare(res.home, res.cwd)
	}
	wire := filepath.Join(dir, "wire")
	must(t, os.WriteFile(wire, []byte(s.wire), 0o600))
	children, err := os.Create(filepath.Join(dir, "stderr"))
	must(t, err)
	defer children.Close()
	env := map[string]string{"CODEX_HOME": res.home, "EXEC_TEST_PLAY": wire, "TERM": "xterm"}
	for k, v := range s.env {
		env[k] = v
	}
	var environ []string
	for k, v := range env {
		environ = append(environ, k+"="+v)
	}
	var stdout bytes.Buffer
	stderr, err := os.Create(filepath.Join(dir, "own")) // goroutines write to it, as to a process's
	must(t, err)
	defer stderr.Close()
	p := Process{
		Args: append([]string{"--turn", shellwords.Join([]string{exe})}, args(res.cwd)...), Env: environ,
		Getenv: func(k string) string { return env[k] },
		Self:   exe, Cwd: res.cwd, Home: dir, UID: -1,
		Stdin: s.stdin, Stdout: s.stdout, Stderr: stderr, ChildStderr: children,
		StdinTTY: s.stdin == nil, StdoutTTY: s.tty, StderrTTY: s.tty, Columns: func() int { return 0 },
		Signals: func() <-chan os.Signal { return s.signals }, Watch: s.watch,
		Die: func(sig os.Signal, status int) {
			res.sig, res.status = sig, status
			if s.left != nil {
				s.left()
			}
		},
	}
	if p.Stdout == nil {
		p.Stdout = &stdout
	}
	err = Run(context.Background(), p)
	if status := exit.Status(err); res.status < 0 {
		res.status = status
	}
	var silent exit.Silent
	if err != nil && !errors.As(err, &silent) {
		t.Errorf("an error that nobody has told: %v", err)
	}
	log, _ := os.ReadFile(wire + ".requests")
	said, _ := os.ReadFile(children.Name())
	own, err := os.ReadFile(stderr.Name())
	must(t, err)
	res.stdout, res.stderr, res.requests, res.children = stdout.String(), string(own), string(log), string(said)
	return res
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
