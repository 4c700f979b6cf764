package git

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"codex/pkg/policy"
)

// Changed is what the branch and the work tree change in files that git knows: "+2 -1"; ""
// where there is nothing to compare with.
func (r *Repo) Changed(ctx context.Context) (string, error) {
	base, err := r.base(ctx)
	if err != nil || base == "" {
		return "", err
	}
	out, err := r.Run(ctx, []string{"diff", "--numstat", "--no-ext-diff", "--no-textconv", base, "--"})
	if err != nil {
		return "", err
	}
	var added, deleted int
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 3 {
			continue
		}
		a, errA := strconv.Atoi(f[0])
		d, errD := strconv.Atoi(f[1])
		if errA == nil && errD == nil { // a binary file has none
			added, deleted = added+a, deleted+d
		}
	}
	return fmt.Sprintf("+%d -%d", added, deleted), nil
}

// base is where the branch parts from the one that others share, or "".
func (r *Repo) base(ctx context.Context) (string, error) {
	const unknown, unrelated = 128, 1
	for _, name := range []string{"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master", "refs/heads/main", "refs/heads/master"} {
		out, err := r.Run(ctx, []string{"merge-base", "HEAD", name}, unknown, unrelated)
		if err != nil {
			return "", err
		}
		if out = strings.TrimSpace(out); out != "" {
			return out, nil
		}
	}
	return "", nil
}

// Pull is the number of the branch's open pull request at github.com, as the user's gh knows
// it; "" where there is none, or no gh. gh gets the network, so that it gets nothing of the
// repository but the name of its branch and of the remote.
func (r *Repo) Pull(ctx context.Context) (string, error) {
	const unset, detached = 1, 1
	url, err := r.Run(ctx, []string{"config", "--get", "remote.origin.url"}, unset)
	if err != nil {
		return "", err
	}
	branch, err := r.Run(ctx, []string{"symbolic-ref", "-q", "--short", "HEAD"}, detached)
	branch = strings.TrimSpace(branch)
	repo := hosted(strings.TrimSpace(url))
	if err != nil || repo == "" || branch == "" {
		return "", err
	}
	held := policy.ReadOnly().KeepDenied(r.Held)
	held.Network = true
	out, code, err := r.once(ctx, []string{"gh", "pr", "list", "--repo", repo, "--head", branch, "--state", "open", "--limit", "1", "--json", "number", "--jq", ".[].number"}, "/", &held)
	if err != nil || code != 0 {
		return "", nil // no gh, no login, no network, or nothing to confine it with
	}
	if n, err := strconv.ParseUint(strings.TrimSpace(out), 10, 32); err == nil {
		return strconv.FormatUint(n, 10), nil
	}
	return "", nil
}

// hosted is the name that a repository has at github.com, "" for one that is elsewhere.
func hosted(url string) string {
	m := regexp.MustCompile(`^(?:https://(?:[^/@]+@)?github\.com/|(?:ssh://)?git@github\.com[:/])([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+?)(?:\.git)?/?$`).FindStringSubmatch(url)
	if m == nil {
		return ""
	}
	return m[1]
}
