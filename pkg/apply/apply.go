// Package apply is the program codex-apply: it gets the change of a task that ran elsewhere,
// and has git apply it.
//
// A program of its own: it imports the ground and pkg/cli.
package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"codex/pkg/auth"
	"codex/pkg/backend"
	"codex/pkg/cli"
	"codex/pkg/cli/exit"
	"codex/pkg/cli/install"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/git/change"
)

// Process is what the program takes from its process.
type Process struct {
	Args           []string // without the program's name
	Env            config.Env
	Environ        []string
	Stdout, Stderr io.Writer
	Program        func(name string) string // path of a program of the suite
	Now            func() time.Time
}

type grammar struct {
	Task  string `arg:"" placeholder:"TASK" help:"id of the task"`
	Print bool   `help:"print the change, and apply nothing"`
	cli.Overrides
}

// Run is codex-apply. It has told about an error when that is exit.Silent.
func Run(ctx context.Context, p Process) error {
	var g grammar
	if _, err := cli.Parse(cli.Program{Name: "codex-apply", Summary: "Apply the change of a task that ran elsewhere.", Stdout: p.Stdout, Stderr: p.Stderr}, &g, p.Args); err != nil {
		return err
	}
	cfg, err := config.Load(ctx, config.Options{Env: p.Env, Overrides: g.Config, Enable: g.Enable, Disable: g.Disable})
	if err != nil {
		return p.fail(err)
	}
	diff, err := p.diff(ctx, cfg, g.Task)
	switch {
	case err != nil:
		return p.fail(err)
	case g.Print:
		_, err := io.WriteString(p.Stdout, diff)
		return err
	}
	if err := p.apply(ctx, cfg, diff); err != nil {
		return p.fail(err)
	}
	_, err = fmt.Fprintln(p.Stdout, "Successfully applied diff")
	return err
}

// fail says an error as the original does.
func (p Process) fail(err error) error {
	if bad, ok := errors.AsType[*config.Error](err); ok {
		fmt.Fprint(p.Stderr, bad.Message())
	} else {
		fmt.Fprintf(p.Stderr, "Error: %v\n", err)
	}
	return exit.Silent(exit.Failed) // git has a status of its own
}

// diff asks for the change.
func (p Process) diff(ctx context.Context, cfg *config.Config, task string) (string, error) {
	source := &auth.Source{Home: cfg.Home, Store: cfg.AuthStore, BaseURL: cfg.ChatGPTBaseURL, Env: p.Env, Program: p.Program("codex-login"), Environ: p.Environ, Now: p.Now}
	a, err := source.Load(ctx)
	switch {
	case err != nil:
		return "", err
	case !a.Account() || a.AccessToken == "" && a.Agent == nil:
		return "", errors.New("ChatGPT auth not available")
	}
	if err := auth.Restricted(cfg, a); err != nil {
		return "", err
	}
	c := &backend.Client{Base: cfg.ChatGPTBaseURL, Credentials: source, Getenv: p.Env.Get, UserAgent: version.UserAgent("codex_cli_rs", p.Env.Get, "codex-apply", version.Compat)}
	return c.Diff(ctx, task)
}

// apply has git apply a diff to the work tree and its index. What git refuses, a path
// outside of the tree say, is refused.
func (p Process) apply(ctx context.Context, cfg *config.Config, diff string) error {
	git, err := install.LookPath("git", p.Env.Get("PATH"))
	if err != nil {
		return err
	}
	o := change.Options{Git: git, Environ: p.Environ, Dir: p.Env.Cwd}
	if cfg.Permissions.In().Confines() {
		o.Sandbox = p.Program("codex-sandbox")
	}
	tree, err := change.Open(ctx, o)
	if err != nil {
		return err
	}
	out, errs, err := tree.Run(ctx, diff, "apply", "--3way", "-")
	if err != nil {
		return fmt.Errorf("Git apply failed: %w\nstdout:\n%s\nstderr:\n%s", err, out, errs)
	}
	return nil
}
