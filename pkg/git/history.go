package git

import (
	"context"
	"strings"
)

// Commit is a commit in a list.
type Commit struct{ ID, Title string }

// mostListed bounds lists of branches and commits.
const mostListed = "100"

// Branches are the branches here, those with the newest commits first, and the one that is
// checked out, "" where none is.
func (r *Repo) Branches(ctx context.Context) (all []string, current string, err error) {
	out, err := r.Run(ctx, []string{"for-each-ref", "--count=" + mostListed, "--sort=-committerdate", "--format=%(refname:short)", "refs/heads"})
	if err != nil {
		return nil, "", err
	}
	const detached = 1
	current, err = r.Run(ctx, []string{"symbolic-ref", "--quiet", "--short", "HEAD"}, detached)
	return strings.Fields(out), strings.TrimSpace(current), err
}

// Commits are the newest commits of the branch that is checked out, the newest first.
func (r *Repo) Commits(ctx context.Context) ([]Commit, error) {
	const none = 128
	out, err := r.Run(ctx, []string{"log", "--max-count=" + mostListed, "--no-show-signature", "--no-color", "--format=%H %s"}, none)
	if err != nil {
		return nil, err
	}
	var all []Commit
	for line := range strings.Lines(out) {
		if id, title, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok && len(id) >= 40 {
			all = append(all, Commit{id, title})
		}
	}
	return all, nil
}
