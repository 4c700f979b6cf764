package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"codex/pkg/cli/install"
	"codex/pkg/git/change"
)

// worktree makes a work tree for this run: a detached one of the repository that it would
// have worked in, at its HEAD, below CODEX_HOME. It gives the folder in it that is the one
// that the run was to work in. The work tree stays: what was done in it is the user's.
func (r *run) worktree(ctx context.Context) (dir string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("--worktree: %w", err)
		}
	}()
	o := change.Options{Environ: r.Env, Dir: r.cfg.Cwd}
	if o.Git, err = install.LookPath("git", r.Getenv("PATH")); err != nil {
		return "", err
	}
	if r.cfg.Permissions.In().Confines() {
		if o.Sandbox, err = install.Find(r.Self, "codex-sandbox", r.Getenv("PATH")); err != nil {
			return "", err
		}
	}
	all := filepath.Join(r.cfg.Home, "worktrees")
	if err := os.MkdirAll(all, 0o700); err != nil {
		return "", err
	}
	own, err := os.MkdirTemp(all, "")
	if err != nil {
		return "", err
	}
	o.Write = []string{own}
	old, tree, err := addTree(ctx, o, own)
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(own))
	}
	fmt.Fprintf(r.Stderr, "codex-exec: works in %s; git worktree remove takes it away\n", tree)
	dir = filepath.Join(tree, old.Prefix)
	if _, err := os.Stat(dir); err != nil { // a folder that is not committed
		dir = tree
	}
	return dir, nil
}

// addTree gives the work tree of o, and the folder of the one that it makes in own.
func addTree(ctx context.Context, o change.Options, own string) (old *change.Tree, tree string, err error) {
	if old, err = change.Open(ctx, o); err != nil {
		return nil, "", err
	}
	tree = filepath.Join(own, filepath.Base(old.Top))
	if _, said, err := old.Run(ctx, "", "worktree", "add", "--quiet", "--detach", tree, "HEAD"); err != nil {
		if said = strings.TrimSpace(said); said == "" {
			said = err.Error()
		}
		return nil, "", fmt.Errorf("git worktree: %s", said)
	}
	return old, tree, nil
}
