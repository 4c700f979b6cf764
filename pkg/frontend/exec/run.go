package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"codex/pkg/cli/exit"
	"codex/pkg/cli/limits"
	"codex/pkg/cli/options"
	"codex/pkg/cli/pipeline"
	"codex/pkg/cli/version"
	"codex/pkg/clock"
	"codex/pkg/config"
	"codex/pkg/frontend/launch"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/rustlog"
	"codex/pkg/termtext"
)

// Process is what the program is given by the system.
type Process struct {
	Args           []string // without the program's name
	Env            []string
	Getenv         func(string) string
	Self           string // path of the executable, as install.Self finds it
	Cwd            string // absolute
	Home           string // of the user, "" when unknown
	UID            int
	Hostname       func() string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Terminals, and the file that the children's stderr is (nil: the process's own).
	StdinTTY, StdoutTTY, StderrTTY bool
	ChildStderr                    *os.File
	Columns                        func() int // of the terminal that stderr is, 0 when unknown
	// Signals begins to bring those that Run wants to know: interrupt, terminate, hang up
	// and a broken pipe.
	Signals func() <-chan os.Signal
	// Die ends the process, by sig if it is not nil. Run calls it from beside the
	// conversation, when that cannot be waited for.
	Die func(sig os.Signal, status int)
	// Large is called once, when a line is so long that copies of it should not pile up.
	// May be nil.
	Large func()
	// Watch tells when nobody reads stdout any more, see pipeline.WatchReader. May be nil.
	Watch func() (closed <-chan struct{}, stop func())
}

// errBroken is the status for a reader that closed stdout: 128 and SIGPIPE.
const errBroken = exit.Silent(128 + 13)

// Run does what the command line says. What people must know has been written to stderr
// when it returns; the error carries the exit status.
func Run(ctx context.Context, p Process) error {
	if err := limits.Check(p.UID); err != nil {
		return err
	}
	screen := p.Stderr
	if p.StderrTTY {
		p.Stderr = termtext.Writer(screen)
	}
	args, err := ParseArgs(p.Args)
	switch {
	case err != nil:
		return p.fail(err)
	case args.List:
		return options.Write(p.Stdout, Options())
	case args.Help:
		return writeHelp(p.Stdout, args.Verb)
	case args.Version:
		_, err := fmt.Fprintln(p.Stdout, version.Line("codex-cli-exec"))
		return err
	case args.Schema:
		_, err := io.WriteString(p.Stdout, eventSchema)
		return err
	case args.ListWords != "":
		return p.fail((&run{Process: p, args: args}).listWords(ctx))
	case args.Verb == verbReview:
		if !args.Uncommitted && args.Base == "" && args.Commit == "" && args.Prompt == nil {
			return p.fail(errors.New("Specify --uncommitted, --base, --commit, or provide custom review instructions"))
		}
	}
	return p.fail((&run{Process: p, screen: screen, args: args}).do(ctx))
}

// fail writes err in the form of the original, and gives its status.
func (p *Process) fail(err error) error {
	var silent exit.Silent
	var c complaint
	var ce *config.Error
	var usage *exit.UsageError
	switch {
	case err == nil || errors.As(err, &silent) || exit.OutputError(err) != nil:
		return err // the caller reports the latter, as every program does
	case errors.As(err, &usage):
		fmt.Fprint(p.Stderr, usage.Message())
	case errors.As(err, &c):
		fmt.Fprintln(p.Stderr, string(c))
	case errors.As(err, &ce):
		fmt.Fprint(p.Stderr, ce.Message())
	default:
		fmt.Fprintln(p.Stderr, "Error: "+err.Error())
	}
	return exit.Silent(exit.Status(err))
}

// run is one run of a turn.
type run struct {
	Process
	screen io.Writer // stderr, for what is harmless on a terminal
	args   *Args
	cfg    *config.Config
	docs   config.Documents // of which cfg was made
	log    *rustlog.Log
	show   renderer
	ctl    *control
	pipe   *pipeline.Pipeline
	talk   *talk
	over   bool // the turn has ended, as far as the engine is concerned
}

// do goes through a run in the order in which the original finds fault.
// The engine is started as early as nothing cheap can fail any more, so that it gets
// ready while stdin is read.
func (r *run) do(ctx context.Context) error {
	if r.args.FullAuto {
		fmt.Fprintln(r.Stderr, "warning: `--full-auto` is deprecated; use `--sandbox workspace-write` instead.")
	}
	if r.args.ApproveForMe {
		fmt.Fprintln(r.Stderr, "warning: `--approve-for-me`: there is no automatic review in this version; what would need an approval is refused.")
		r.args.Sandbox = "workspace-write"
		r.args.engine = append(r.args.engine, "--sandbox=workspace-write")
	}
	if err := r.loadConfig(ctx); err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	if err := r.localReady(ctx); err != nil {
		return err
	}
	r.chooseRenderer()
	now, err := clock.New(r.Getenv(clock.Variable))
	if err != nil {
		return err
	}
	r.log, _ = rustlog.New(r.Getenv, "codex_exec", r.Stderr, now) // the engine says what is wrong with it
	r.ctl = &control{signals: r.Signals, die: r.Die, watch: r.Watch, limit: r.args.Timeout, show: r.show, notice: r.Stderr}
	defer r.show.close()
	err = r.guarded()
	if r.pipe != nil {
		if !r.over {
			r.pipe.Terminate()
		}
		if trouble := r.trouble(r.pipe.Wait(grace)); err == nil {
			err = trouble
		}
	}
	if left := r.ctl.stop(); left != nil {
		return left
	}
	if r.ctl.interrupted() {
		// A shell whose command leaves with a status of its own goes on with its loop.
		r.show.close()
		r.Die(os.Interrupt, exit.Interrupted)
		return exit.Silent(exit.Interrupted)
	}
	return err
}

func (r *run) loadConfig(ctx context.Context) (err error) {
	r.cfg, err = r.args.Load(ctx, r.Self, config.Options{
		Env:              config.Env{Get: r.Getenv, Home: r.Home, Cwd: r.Cwd, UID: r.UID, Hostname: r.Hostname},
		IgnoreUserConfig: r.args.NoUserConfig, ForceApproval: "never", Documents: &r.docs,
	})
	return err
}

// settle does what options say about the folder, and has the settings loaded anew for it.
func (r *run) settle(ctx context.Context) error {
	a := r.args
	switch id := r.cfg.ProviderID; {
	case a.CyberProgram == "":
	case id == "openai":
		a.engine = append(a.engine, "--cyber-access-program="+a.CyberProgram)
	default:
		fmt.Fprintf(r.Stderr, "warning: `--cyber-access-program` is not sent: it is for the provider openai alone, and this session has %s.\n", id)
	}
	if !a.Worktree && !a.TrustFolder {
		return nil
	}
	if a.TrustFolder {
		if err := r.trustFolder(ctx); err != nil {
			return err
		}
	}
	if a.Worktree {
		tree, dir, err := launch.Worktree(ctx, r.Self, r.cfg, r.Env, r.Getenv("PATH"))
		if err != nil {
			return err
		}
		fmt.Fprintf(r.Stderr, "codex-exec: works in %s; git worktree remove takes it away\n", tree)
		a.Dir = dir
		a.engine = append(a.engine, "--cd="+dir)
	}
	return r.loadConfig(ctx)
}

// trustFolder enters the folder as trusted, unless somebody has said that it is not.
func (r *run) trustFolder(ctx context.Context) error {
	switch {
	case r.args.NoUserConfig:
		return errors.New("--trust is kept in config.toml, which --ignore-user-config leaves out")
	case r.cfg.Trust == "trusted":
		return nil
	case r.cfg.Trust != "":
		return fmt.Errorf("%s is %s in config.toml, which --trust does not change", r.cfg.TrustKey, r.cfg.Trust)
	}
	path, err := config.SetTrust(ctx, r.cfg.Home, r.cfg.TrustKey, "trusted")
	if err == nil {
		fmt.Fprintf(r.Stderr, "codex-exec: %s is trusted from now on (%s)\n", r.cfg.TrustKey, filepath.Base(path))
	}
	return err
}

func (r *run) chooseRenderer() {
	if r.args.JSON {
		r.show = newJSONOut(r.Stdout, r.Stderr, r.args.Stream)
		return
	}
	colour := r.args.Color == "always"
	if r.args.Color == "auto" {
		colour = r.StderrTTY && r.Getenv("NO_COLOR") == "" && r.Getenv("TERM") != "dumb" && r.Getenv("TERM") != ""
	}
	h := &human{out: r.Stdout, err: r.screen, outTTY: r.StdoutTTY, errTTY: r.StderrTTY, columns: r.Columns,
		colour: colour, stream: r.args.Stream, memories: filepath.Join(r.cfg.Home, "memories")}
	if r.StderrTTY && r.Getenv("TERM") != "dumb" && r.Getenv("TERM") != "" {
		h.pulse = &pulse{w: r.screen, width: h.width}
		h.err, r.Stderr = h.pulse, termtext.Writer(h.pulse)
	}
	r.show = h
}

// guarded is the part of a run in which there may be an engine.
func (r *run) guarded() error {
	a := r.args
	trusted := a.SkipGitCheck || a.Bypass || inRepository(r.cfg.Cwd)
	if trusted {
		if err := r.startEngine(); err != nil {
			return err
		}
	}
	var prompt string
	var review protocol.ReviewTarget
	var err error
	in := stdin{r.Stdin, r.StdinTTY, r.Stderr}
	if a.Verb == verbReview {
		review, err = a.review(in)
		prompt = review.Hint()
	} else {
		prompt, err = a.prompt(in)
	}
	if err != nil {
		return err
	}
	schema, err := readSchema(a.SchemaFile)
	if err != nil {
		return err
	}
	if !trusted {
		return complaint("Not inside a trusted directory and --skip-git-repo-check was not specified.")
	}
	method, params, err := r.threadRequest()
	if err != nil {
		return err
	}
	if err := r.talk.open(method, params, prompt); err != nil {
		return r.explain(err)
	}
	r.ctl.opened(r.talk)
	r.log.Info("Codex initialized", "thread_id", r.talk.thread)
	var background sync.WaitGroup
	defer background.Wait()
	background.Go(r.storeTrust)
	var id string
	if a.Verb == verbReview {
		id, err = r.talk.review(review, schema)
	} else {
		id, err = r.talk.turn(a.ImagePaths(r.Cwd), prompt, schema)
	}
	if err == nil {
		r.ctl.running(id)
		r.log.Info("Sent prompt", "turn_id", id)
		err = r.talk.follow(r.ctl.hurry)
	}
	return r.finish(err)
}

// finish shows how the turn ended and makes the status of it.
func (r *run) finish(err error) error {
	o := &r.talk.result
	r.over = o.status != ""
	if r.ctl.leavingNow() {
		return exit.Silent(exit.Failed) // nobody will see it
	}
	limited, unread := r.ctl.cause()
	switch {
	case limited && o.status != protocol.TurnStatusCompleted:
		r.failTurn(r.ctl.limitText())
	case err != nil:
		var ref *jsonrpc.Error
		if err = r.explain(err); !errors.As(err, &ref) && r.talk.begun {
			r.failTurn(err.Error())
			err = nil
		}
		if err != nil {
			return err
		}
	default:
		r.show.end(o)
	}
	var unwritten error
	if o.status == protocol.TurnStatusCompleted {
		unwritten = r.writeLast(o.answer())
	}
	r.show.answer(o)
	if a := o.answer(); o.status == protocol.TurnStatusCompleted && r.args.LastMessageFile == "" && (a == nil || strings.TrimSpace(*a) == "") {
		fmt.Fprintln(r.Stderr, "codex-exec: the turn ended without an answer")
	}
	switch {
	case r.show.failed() != nil && !errors.Is(r.show.failed(), syscall.EPIPE):
		return r.show.failed()
	case r.show.failed() != nil || unread && o.status != protocol.TurnStatusCompleted:
		return errBroken
	case limited && o.status != protocol.TurnStatusCompleted:
		return exit.Silent(exit.Limit)
	case o.noExecutor:
		return exit.Silent(exit.NoSandbox)
	case o.status != protocol.TurnStatusCompleted:
		return exit.Silent(exit.Failed)
	case unwritten != nil:
		return unwritten
	case r.args.FailOnTool && len(o.failed) > 0:
		fmt.Fprintf(r.Stderr, "codex-exec: %d of the turn's commands, patches and tool calls failed\n", len(o.failed))
		return exit.Silent(exit.Partly)
	}
	return nil
}

// failTurn shows a failure that the engine did not tell about.
func (r *run) failTurn(why string) {
	o := &r.talk.result
	o.status, o.err = protocol.TurnStatusFailed, why
	if r.args.JSON {
		r.show.error(why)
	}
	r.show.end(o)
}

// storeTrust remembers that a folder was worked in with the right to write, and says so.
func (r *run) storeTrust() {
	c := r.cfg
	if c.Trust != "" || c.SandboxMode == "read-only" || r.args.NoUserConfig {
		return
	}
	path, err := config.SetTrust(context.Background(), c.Home, c.TrustKey, "trusted")
	if err != nil {
		fmt.Fprintln(r.Stderr, "codex-exec: "+err.Error())
		return
	}
	fmt.Fprintf(r.Stderr, "codex-exec: %s is trusted from now on: turns may write there without -s (%s)\n", c.TrustKey, filepath.Base(path))
}
