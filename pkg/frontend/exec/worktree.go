package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"codex/pkg/cli/install"
)

// worktree makes a work tree for this run: a detached one of the repository that it would
// have worked in, at its HEAD, below CODEX_HOME. It gives the folder in it that is the one
// that the run was to work in. The work tree stays: what was done in it is the user's.
func (r *run) worktree(ctx context.Context) (string, error) {
	git, err := install.LookPath("git", r.Getenv("PATH"))
	if err != nil {
		return "", fmt.Errorf("--worktree: %w", err)
	}
	where, err := r.git(ctx, git, "rev-parse", "--show-toplevel", "--show-prefix")
	if err != nil {
		return "", err
	}
	top, prefix, _ := strings.Cut(where, "\n")
	all := filepath.Join(r.cfg.Home, "worktrees")
	if err := os.MkdirAll(all, 0o700); err != nil {
		return "", fmt.Errorf("--worktree: %w", err)
	}
	own, err := os.MkdirTemp(all, "")
	if err != nil {
		return "", fmt.Errorf("--worktree: %w", err)
	}
	tree := filepath.Join(own, filepath.Base(top))
	if _, err := r.git(ctx, git, "worktree", "add", "--quiet", "--detach", tree, "HEAD"); err != nil {
		return "", errors.Join(err, os.RemoveAll(own))
	}
	dir := filepath.Join(tree, strings.TrimSuffix(prefix, "\n"))
	if _, err := os.Stat(dir); err != nil { // a folder that is not committed
		dir = tree
	}
	fmt.Fprintf(r.Stderr, "codex-exec: works in %s; git worktree remove takes it away\n", tree)
	return dir, nil
}

// git runs git where the run was to work, without the repository's hooks.
func (r *run) git(ctx context.Context, git string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, git, append([]string{"-C", r.cfg.Cwd, "-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = r.Env, &out, &errs
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(errs.String())
		if said == "" {
			said = err.Error()
		}
		return "", fmt.Errorf("--worktree: git %s: %s", args[0], said)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}
