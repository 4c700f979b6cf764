package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"codex/pkg/auth"
	"codex/pkg/cli/install"
	"codex/pkg/cli/pipeline"
	"codex/pkg/exec/client"
	"codex/pkg/frontend/launch"
	"codex/pkg/frontend/tui/loop"
	"codex/pkg/git"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// grace is how long an engine has to write its session file and to leave.
const grace = 2 * time.Second

// start brings the other side.
func (r *run) start(ctx context.Context, ephemeral bool) (*loop.Engine, error) {
	switch r.kind {
	case givenPipes:
		return pipes(r.Stdin, r.Stdout), nil
	case recording:
		return r.play(), nil
	case remote:
		return r.connect(ctx)
	}
	return r.startChild(ephemeral)
}

// pipes takes the pipes that the program was started with.
func pipes(in io.Reader, out io.Writer) *loop.Engine {
	w := jsonrpc.NewWriter(out)
	return &loop.Engine{In: jsonrpc.NewReader(in, 0), Out: w.WriteLine, Ended: func() error { return errors.New("standard input has ended") }}
}

// startChild starts an engine with the filters of config.toml behind it. What its
// processes say to people goes into a file: the terminal is taken.
func (r *run) startChild(ephemeral bool) (*loop.Engine, error) {
	spec, err := r.spec(ephemeral)
	if err != nil {
		return nil, err
	}
	log, err := r.log()
	if err != nil {
		return nil, err
	}
	spec.Stderr = log
	p, err := pipeline.Start(spec)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	w := jsonrpc.NewWriter(p.In)
	return &loop.Engine{
		In: jsonrpc.NewReader(p.Out, 0), Out: w.WriteLine,
		Ended: func() error {
			return fmt.Errorf("%s (what it said is in %s)", pipeline.Blame(p.Wait(grace)), log.Name())
		},
		Stop: func() {
			p.Wait(grace)
			_ = log.Close() // only read by people
		},
	}, nil
}

// spec says what to start.
func (r *run) spec(ephemeral bool) (pipeline.Spec, error) {
	programs := launch.Programs{Self: r.Self, Path: r.Getenv("PATH"), Cwd: r.Cwd}
	s := pipeline.Spec{Env: r.Env, Dir: r.Cwd}
	var err error
	args := slices.Clone(r.args.engine)
	if ephemeral {
		args = append(args, "--ephemeral")
	}
	if s.Engine, err = programs.Engine(r.args.Turn, args...); err == nil {
		if r.args.Turn == "" {
			launch.Hand(&s.Engine, &r.docs)
		}
		s.Filters, err = programs.Filters(r.cfg, "codex-tui")
	}
	return s, err
}

// log opens the file for what the engine says to people.
func (r *run) log() (*os.File, error) {
	dir := r.cfg.LogDir
	if dir == "" {
		dir = filepath.Join(r.cfg.Home, "log")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of logs: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "codex-tui.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return f, nil
}

// maxDiff bounds what /diff shows.
const maxDiff = 16 << 20

// diff gives what has changed in a work tree, untracked files too.
func (r *run) diff(ctx context.Context, dir string) (out string, err error) {
	err = r.repo(ctx, dir, func(repo *git.Repo) error {
		out, err = changes(ctx, repo)
		return err
	})
	return out, err
}

// branch gives what the branch of a work tree changes, and its pull request where that is
// wanted.
func (r *run) branch(ctx context.Context, dir string, pull bool) (b loop.Branch, err error) {
	err = r.repo(ctx, dir, func(repo *git.Repo) error {
		if b.Changes, err = repo.Changed(ctx); err == nil && pull {
			b.Pull, err = repo.Pull(ctx)
		}
		return err
	})
	return b, err
}

// refs gives the branches and commits of a work tree.
func (r *run) refs(ctx context.Context, dir string) (refs loop.Refs, err error) {
	err = r.repo(ctx, dir, func(repo *git.Repo) error {
		if refs.Branches, refs.Current, err = repo.Branches(ctx); err != nil {
			return err
		}
		commits, err := repo.Commits(ctx)
		for _, c := range commits {
			refs.Commits = append(refs.Commits, protocol.ReviewTarget{Type: protocol.ReviewTargetCommit, Sha: c.ID, Title: &c.Title})
		}
		return err
	})
	return refs, err
}

// repo asks git about a work tree, in an executor.
func (r *run) repo(ctx context.Context, dir string, ask func(*git.Repo) error) error {
	serve, err := install.Find(r.Self, "codex-sandbox", r.Getenv("PATH"))
	if err != nil {
		return err
	}
	executor, err := client.Start(ctx, client.Config{Command: []string{serve, "serve"}, Env: auth.WithoutSecrets(r.Env), Stderr: io.Discard,
		WindowsLevel: r.cfg.WindowsSandbox()})
	if err != nil {
		return fmt.Errorf("start the executor: %w", err)
	}
	defer executor.Close()
	return ask(&git.Repo{Executor: executor, Dir: dir, Inherit: &r.cfg.ShellEnv, Most: maxDiff, Held: r.cfg.Permissions.In()})
}
