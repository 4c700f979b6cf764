package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"codex/pkg/browser"
	"codex/pkg/catalog"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/options"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/frontend/launch"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/loop"
	"codex/pkg/frontend/tui/tty"
	"codex/pkg/shellwords"
)

// Process is what the program is given by the system.
type Process struct {
	Args                []string // without the program's name
	Env                 []string
	Getenv              func(string) string
	Self                string // path of the executable, as install.Self finds it
	Cwd                 string // absolute
	Home                string // of the user, "" when unknown
	UID                 int
	Stdin               *os.File
	Stdout, Stderr      *os.File
	StdinTTY, StdoutTTY bool
	Now                 func() time.Time
	// Signals begins to bring those that Run wants to know.
	Signals func() <-chan os.Signal
	// Die ends the process by a signal, or with a status.
	Die func(sig os.Signal, status int)
}

// Run is the program. The error carries the exit status.
func Run(ctx context.Context, p Process) error {
	args, err := ParseArgs(p.Args)
	switch {
	case err != nil:
		return err
	case args.List:
		return options.Write(p.Stdout, Options())
	case args.Help:
		return writeHelp(p.Stdout)
	case args.Version:
		_, err := fmt.Fprintln(p.Stdout, version.Line("codex-tui"))
		return err
	}
	return (&run{Process: p, args: args}).do(ctx)
}

// run is one session.
type run struct {
	Process
	args *Args
	cfg  *config.Config
	docs config.Documents // of which cfg was made
	kind kind
	tty  *tty.TTY
	die  *deathbed
}

// kind is what is on the other side.
type kind int

const (
	ownEngine  kind = iota // a child
	givenPipes             // standard input and output
	recording              // standard input alone
	remote                 // an app-server
)

// do opens the terminal and lets the loop run in it.
func (r *run) do(ctx context.Context) error {
	if err := r.what(); err != nil {
		return err
	}
	if err := r.loadConfig(ctx); err != nil {
		return err
	}
	if r.args.Worktree && r.kind == ownEngine {
		if err := r.worktree(ctx); err != nil {
			return err
		}
	}
	if r.args.OSS && r.kind == ownEngine {
		if err := launch.LocalReady(ctx, r.Self, r.cfg, r.Env, r.Stderr); err != nil {
			return err
		}
	}
	t, err := tty.Open(r.enhance())
	if err != nil {
		return fmt.Errorf("codex needs a terminal (use codex exec without one): %w", err)
	}
	r.tty = t
	o, err := r.options(ctx)
	if err != nil {
		t.Close()
		return err
	}
	r.die = watch(r.Signals(), t, r.Stderr, r.Die)
	defer r.die.stop()
	o.Signals = r.die.forwarded
	defer tty.Guard(t, r.Stderr, r.Die)
	if !o.Plain {
		if err := t.Raw(); err != nil {
			t.Close()
			return err
		}
	}
	res := loop.New(o).Run(ctx)
	t.Close()
	return r.finish(res)
}

// worktree has the session work in a work tree of its own.
func (r *run) worktree(ctx context.Context) error {
	tree, dir, err := launch.Worktree(ctx, r.Self, r.cfg, r.Env, r.Getenv("PATH"))
	if err != nil {
		return err
	}
	fmt.Fprintf(r.Stderr, "codex: works in %s; git worktree remove takes it away\n", tree)
	r.args.Dir = dir
	r.args.engine = append(r.args.engine, "--cd="+dir)
	return r.loadConfig(ctx)
}

// plain says whether to print lines and no more.
func (r *run) plain() bool { return r.args.Plain || r.Getenv("TERM") == "dumb" }

// what finds out what is on the other side.
func (r *run) what() error {
	a := r.args
	switch {
	case a.Remote != "":
		r.kind = remote
	case a.Turn != "" || r.StdinTTY && r.StdoutTTY:
		r.kind = ownEngine
	case !r.StdinTTY && !r.StdoutTTY && pipe(r.Stdout) && pipe(r.Stdin):
		r.kind = givenPipes
	case !r.StdinTTY && !null(r.Stdin):
		r.kind = recording
	case !r.StdinTTY:
		return errors.New("stdin is not a terminal (use codex exec without one)")
	default:
		return errors.New("stdout is not a terminal (use codex exec without one)")
	}
	return nil
}

// pipe says whether f is a pipe or a socket: something on the other side may listen.
func pipe(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && fi.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// null says whether nothing will come out of f.
func null(f *os.File) bool {
	fi, err := f.Stat()
	return err != nil || fi.Mode()&os.ModeDevice != 0
}

// enhance says whether to ask for kitty's keys.
func (r *run) enhance() bool {
	switch r.Getenv("CODEX_TUI_DISABLE_KEYBOARD_ENHANCEMENT") {
	case "1", "true", "yes":
		return false
	case "0", "false", "no":
		return true
	}
	return r.Getenv("WSL_DISTRO_NAME") == "" || r.Getenv("TERM_PROGRAM") != "vscode"
}

func (r *run) loadConfig(ctx context.Context) (err error) {
	host := func() string { name, _ := os.Hostname(); return name }
	env := config.Env{Get: r.Getenv, Home: r.Home, Cwd: r.Cwd, UID: r.UID, Hostname: host}
	settings := r.args.Settings
	if r.kind == remote { // the folder and the rest are another machine's
		settings = launch.Settings{Config: settings.Config, Enable: settings.Enable, Disable: settings.Disable}
	}
	r.cfg, err = settings.Load(ctx, r.Self, config.Options{
		Env:      env,
		Approval: r.args.Ask, Documents: &r.docs,
	})
	if err == nil {
		catalog.Use(r.cfg, env)
	}
	return err
}

// options are what the loop is made of.
func (r *run) options(ctx context.Context) (loop.Options, error) {
	a := r.args
	o := r.facts()
	o.Prompt, o.Images, o.NoAlt, o.Plain, o.Playing = a.Prompt, a.ImagePaths(r.Cwd), a.NoAlt, r.plain(), r.kind == recording
	o.TTY, o.Getenv, o.Home, o.Now, o.Open, o.Stderr, o.Die = r.tty, r.Getenv, r.Home, r.Now, browser.Opener(r.Getenv), r.Stderr, r.Die
	if r.cfg.Trust == "" && r.kind == ownEngine && !a.Bypass {
		o.Trust = func() error {
			_, err := config.SetTrust(context.Background(), r.cfg.Home, r.cfg.TrustKey, "trusted")
			return err
		}
	}
	if (account{r}).wanted(ctx) {
		o.Account = account{r}
	}
	var s store = sessions{r}
	if r.kind == remote {
		asked, err := r.asked()
		if err != nil {
			return o, err
		}
		s = remoteSessions{r, asked}
	}
	o.Sessions = s
	if r.kind == recording {
		return o, nil
	}
	var err error
	o.Request, err = r.first(ctx, s)
	if r.args.Verb != "" && o.Request.Method == "" {
		o.Pick, o.PickAll = r.args.Verb, r.args.All
	}
	return o, err
}

// facts are those of the options that depend on the working folder.
func (r *run) facts() loop.Options {
	return loop.Options{Config: r.cfg, Cwd: r.cfg.Cwd, Sessions: sessions{r}, Start: r.start, Diff: r.diff, Branch: r.branch, Refs: r.refs, Logout: account{r}.Logout}
}

// in is the same run in another folder, whose settings are still to be read.
func (r *run) in(dir string) *run {
	args := *r.args
	args.Dir = dir
	args.engine = append(slices.Clone(args.engine), "--cd="+dir)
	return &run{Process: r.Process, args: &args, kind: r.kind, tty: r.tty, die: r.die}
}

// store is where sessions are.
type store interface {
	loop.Sessions
	// Last is the id of the session that was used last, "" when there is none.
	Last(ctx context.Context, all bool) (string, error)
}

// first is the request that opens the first thread; it is empty when the session is to be
// picked. Where there is none for --last, a new thread begins.
func (r *run) first(ctx context.Context, s store) (loop.Request, error) {
	a, ref := r.args, r.args.Session
	if a.Last {
		last, err := s.Last(ctx, a.All)
		if err != nil {
			return loop.Request{}, err
		}
		ref = last
	}
	switch {
	case a.Verb == "" || a.Last && ref == "":
		return s.New(), nil
	case ref == "":
		return loop.Request{}, nil
	case a.Verb == verbFork:
		return s.Fork(ref)
	}
	return s.Resume(ref)
}

// finish says what is to be said when the terminal is a usual one again.
func (r *run) finish(res loop.Result) error {
	if res.Signal != nil {
		r.die.stop()
		r.Die(res.Signal, 128+number(res.Signal))
		return exit.Silent(exit.Failed)
	}
	if res.Err != nil {
		return errors.Join(res.Err, r.farewell(r.Stderr, res))
	}
	return r.farewell(r.Stdout, res)
}

// farewell prints what was used, and how to go on.
func (r *run) farewell(w io.Writer, res loop.Result) error {
	if !r.StdoutTTY {
		w = r.Stderr
	}
	var err error
	if s := cells.Usage(&res.Usage); s != "" {
		_, err = fmt.Fprintln(w, s)
	}
	if res.Thread != "" && r.kind != recording {
		command := "codex resume " + res.Thread
		if r.kind == remote {
			command += " --remote " + shellwords.Join([]string{r.args.Remote})
		}
		if r.StdoutTTY && r.Getenv("NO_COLOR") == "" && !r.plain() {
			command = "\x1b[36m" + command + "\x1b[39m"
		}
		_, err2 := fmt.Fprintln(w, "To continue this session, run "+command)
		err = errors.Join(err, err2)
	}
	return err
}

func number(sig os.Signal) int {
	if s, ok := sig.(syscall.Signal); ok {
		return int(s)
	}
	return 0
}
