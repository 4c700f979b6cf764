package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"codex/pkg/cli/install"
	"codex/pkg/config"
	"codex/pkg/git/change"
)

// Worktree makes a work tree for a run: a detached one of the repository of the settings' folder,
// at its HEAD, below CODEX_HOME. It gives the work tree, and the folder in it that is the one
// that the run was to work in. The work tree stays: what was done in it is the user's.
func Worktree(ctx context.Context, self string, cfg *config.Config, environ []string, searchPath string) (tree, dir string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("--worktree: %w", err)
		}
	}()
	o := change.Options{Environ: environ, Dir: cfg.Cwd}
	if o.Git, err = install.LookPath("git", searchPath); err != nil {
		return "", "", err
	}
	if cfg.Permissions.In().Confines() {
		if o.Sandbox, err = install.Find(self, "codex-sandbox", searchPath); err != nil {
			return "", "", err
		}
	}
	all := filepath.Join(cfg.Home, "worktrees")
	if err := os.MkdirAll(all, 0o700); err != nil {
		return "", "", err
	}
	own, err := os.MkdirTemp(all, "")
	if err != nil {
		return "", "", err
	}
	o.Write = []string{own}
	old, tree, err := addTree(ctx, o, own)
	if err != nil {
		return "", "", errors.Join(err, os.RemoveAll(own))
	}
	dir = filepath.Join(tree, old.Prefix)
	if _, err := os.Stat(dir); err != nil { // a folder that is not committed
		dir = tree
	}
	return tree, dir, nil
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
