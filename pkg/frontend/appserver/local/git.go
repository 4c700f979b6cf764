package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/config"
	"codex/pkg/exec/client"
	"codex/pkg/git"
	"codex/pkg/jsonrpc"
)

type gitDiffParams struct {
	Cwd string `json:"cwd"`
}

const (
	gitTime = 10 * time.Second // of all questions to git together
	gitMost = 64 << 20         // bytes of a diff
)

// gitDiffToRemote gives the newest commit that some remote has, and what the work tree
// differs from it by.
func (s *Service) gitDiffToRemote(r *Request, p *gitDiffParams) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), gitTime)
	defer cancel()
	sha, diff, err := s.diffToRemote(ctx, p.Cwd)
	if err != nil {
		s.Log.Printf("%s: %v", r.Method, err)
		return nil, jsonrpc.Invalidf("failed to compute git diff to remote for cwd: %q", p.Cwd)
	}
	return struct {
		Sha  string `json:"sha"`
		Diff string `json:"diff"`
	}{sha, diff}, nil
}

func (s *Service) diffToRemote(ctx context.Context, dir string) (sha, diff string, err error) {
	cfg, err := s.Load(func(o *config.Options) { o.Cwd = dir })
	if err != nil {
		return "", "", err
	}
	executor, err := client.Start(ctx, client.Config{Command: s.Executor, Env: auth.WithoutSecrets(s.Environ), Stderr: s.Stderr,
		WindowsLevel: cfg.WindowsSandbox(), LegacyLandlock: cfg.Features.Enabled("use_legacy_landlock")})
	if err != nil {
		return "", "", err
	}
	defer executor.Close()
	q := question{ctx, &git.Repo{Executor: executor, Dir: dir, Inherit: &cfg.ShellEnv, Most: gitMost, Held: cfg.Permissions.In()}}
	if sha, err = q.remoteCommit(); err == nil {
		diff, err = q.diff(sha)
	}
	return sha, diff, err
}

// question is one about a work tree.
type question struct {
	ctx context.Context
	*git.Repo
}

func (q question) run(args []string, statuses ...int) (string, error) {
	return q.Run(q.ctx, args, statuses...)
}

// remoteCommit is HEAD when a remote has it, else the newest commit below it that one has.
func (q question) remoteCommit() (string, error) {
	refs, err := q.run([]string{"for-each-ref", "--count=1", "refs/remotes"})
	if err != nil {
		return "", err
	}
	if refs == "" {
		return "", errors.New("the repository knows no branch of a remote")
	}
	list, err := q.run([]string{"rev-list", "--boundary", "HEAD", "--not", "--remotes"})
	if err != nil {
		return "", err
	}
	if list == "" {
		head, err := q.run([]string{"rev-parse", "HEAD"})
		return strings.TrimSpace(head), err
	}
	for line := range strings.Lines(list) {
		if sha, ok := strings.CutPrefix(strings.TrimSpace(line), "-"); ok {
			return sha, nil
		}
	}
	return "", errors.New("HEAD has nothing in common with a remote")
}

func (q question) diff(sha string) (string, error) {
	plain := []string{"diff", "--no-ext-diff", "--no-textconv"}
	out, err := q.run(append(plain, sha))
	if err != nil {
		return "", err
	}
	files, err := q.run([]string{"ls-files", "-z", "--others", "--exclude-standard"})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(out)
	for name := range strings.SplitSeq(strings.TrimSuffix(files, "\x00"), "\x00") {
		if name == "" {
			continue
		}
		one, err := q.run(append(plain, "--no-index", "--", os.DevNull, name), 1)
		if err != nil {
			return "", err
		}
		if b.Len()+len(one) > gitMost {
			return "", fmt.Errorf("more than %d bytes", gitMost)
		}
		b.WriteString(one)
	}
	return b.String(), nil
}
