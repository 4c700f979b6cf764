package tools

import (
	"context"

	"codex/pkg/git"
)

// maxGit bounds an answer of git, which is a name or a list of them.
const maxGit = 1 << 20

// Git gives the work tree of a turn to ask git about; nobody sees that.
func (s *Set) Git(ctx context.Context, t *Turn) (*git.Repo, error) {
	ex, err := s.executor(ctx)
	if err != nil {
		return nil, err
	}
	return &git.Repo{Executor: ex, Dir: t.Cwd, Env: s.environment(t, true), Most: maxGit, Held: t.Profile}, nil
}
