package tui

import (
	"context"
	"errors"
	"os"
	"strings"

	"codex/pkg/git"
)

// changes is what a work tree differs from its last commit by, and all of its untracked
// files.
func changes(ctx context.Context, repo *git.Repo) (string, error) {
	const notThere = 128
	if out, err := repo.Run(ctx, []string{"rev-parse", "--is-inside-work-tree"}, notThere); err != nil {
		return "", err
	} else if strings.TrimSpace(out) != "true" {
		return "", errors.New("not inside a git repository")
	}
	plain := []string{"diff", "--color=always", "--no-ext-diff", "--no-textconv"}
	out, err := repo.Run(ctx, plain)
	if err != nil {
		return "", err
	}
	files, err := repo.Run(ctx, []string{"ls-files", "-z", "--others", "--exclude-standard"})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(out)
	for name := range strings.SplitSeq(strings.TrimSuffix(files, "\x00"), "\x00") {
		if name == "" {
			continue
		}
		one, err := repo.Run(ctx, append(plain[:len(plain):len(plain)], "--no-index", "--", os.DevNull, name), 1)
		if err != nil {
			return "", err
		}
		if b.Len()+len(one) > maxDiff {
			return "", errors.New("there are too many changes to show")
		}
		b.WriteString(one)
	}
	return b.String(), nil
}
