// Package git asks git about a work tree that strangers may have written. It and
// git/change, for what the user wants changed, are the places that start git: in an executor, where it can read but not write, and has no
// network, and with what a repository can name to be run switched off. The first holds
// whatever the second overlooks.
//
// It imports exec/client, exec/wire, git/untrusted, policy and shellenv.
package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/exec/wire"
	"codex/pkg/git/untrusted"
	"codex/pkg/policy"
	"codex/pkg/shellenv"
)

// Repo is a work tree. Its methods are for one goroutine.
type Repo struct {
	Executor *client.Client
	Dir      string            // absolute
	Env      map[string]string // the environment, or what is added to the executor's
	Inherit  *shellenv.Policy  // when set, the executor's own counts, by this policy
	Most     int               // bytes of an answer
	// Held is what the user's commands are held to. What it denies is hidden from git as
	// well. Only where it holds them to nothing may git run unconfined, if the executor
	// can confine nobody.
	Held policy.Profile

	filters []string // options against the repository's filters, once known
}

// Run gives what git writes. statuses are those that mean success, beside 0.
func (r *Repo) Run(ctx context.Context, args []string, statuses ...int) (string, error) {
	if r.filters == nil {
		if err := r.findFilters(ctx); err != nil {
			return "", err
		}
	}
	return r.run(ctx, slices.Concat(r.filters, args), args[0], statuses)
}

// findFilters switches the drivers off that turn contents into others.
func (r *Repo) findFilters(ctx context.Context) error {
	out, err := r.run(ctx, untrusted.AskFilters(), "config", []int{untrusted.NoFilters})
	if err == nil {
		r.filters, err = untrusted.WithoutFilters(out)
	}
	return err
}

func (r *Repo) run(ctx context.Context, args []string, name string, statuses []int) (string, error) {
	out, code, err := r.start(ctx, args)
	if err != nil {
		return "", fmt.Errorf("git %s: %w", name, err)
	}
	if code != 0 && !slices.Contains(statuses, code) {
		return "", fmt.Errorf("git %s: exit status %d", name, code)
	}
	return out, nil
}

// start runs git to its end, confined, or as Held says.
func (r *Repo) start(ctx context.Context, args []string) (out string, code int, err error) {
	held := policy.ReadOnly().KeepDenied(r.Held)
	argv := slices.Concat([]string{"git"}, untrusted.Options(), args)
	out, code, err = r.once(ctx, argv, r.Dir, &held)
	if !r.Held.Confines() && errors.Is(err, client.ErrNoSandbox) {
		return r.once(ctx, argv, r.Dir, nil)
	}
	return out, code, err
}

// mostTime bounds an answer: git waits for ever for somebody to write a FIFO that stands in
// the place of one of its files.
const mostTime = 30 * time.Second

func (r *Repo) once(ctx context.Context, argv []string, dir string, held *policy.Profile) (string, int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, mostTime, fmt.Errorf("no answer within %s", mostTime))
	defer cancel()
	p := client.StartParams{ID: fmt.Sprint("git-", time.Now().UnixNano()), Argv: argv,
		Cwd: dir, Env: maps.Clone(r.Env), EnvPolicy: r.Inherit, Sandbox: held}
	if p.Env == nil {
		p.Env = map[string]string{}
	}
	for _, name := range untrusted.Foreign() {
		delete(p.Env, name)
	}
	if p.EnvPolicy != nil {
		e := *p.EnvPolicy
		e.Exclude = slices.Concat(e.Exclude, untrusted.Foreign())
		p.EnvPolicy = &e
	}
	maps.Copy(p.Env, untrusted.Environment())
	var out []byte
	over := make(chan struct{}, 1)
	proc, err := r.Executor.StartProcess(ctx, p, func(stream string, chunk []byte) {
		switch {
		case stream == wire.Stderr:
		case len(out)+len(chunk) <= r.Most:
			out = append(out, chunk...)
		case len(over) == 0:
			over <- struct{}{}
		}
	})
	if err != nil {
		return "", 0, err
	}
	select {
	case <-proc.Closed():
		if err := proc.Err(); err != nil {
			return "", 0, err
		}
		select {
		case <-over:
		default:
			return string(out), proc.ExitCode(), nil
		}
		err = fmt.Errorf("more than %d bytes", r.Most)
	case <-over:
		err = fmt.Errorf("more than %d bytes", r.Most)
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	_ = proc.Terminate(context.WithoutCancel(ctx), 0) // it goes with the executor at the latest
	return "", 0, err
}
