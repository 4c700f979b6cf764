package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/cli/install"
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
	var sha, diff string
	path, err := install.LookPath("git", s.getenv("PATH"))
	g := git{ctx: ctx, path: path, dir: p.Cwd, env: auth.WithoutSecrets(s.Environ)}
	if err == nil {
		sha, err = g.remoteCommit()
	}
	if err == nil {
		diff, err = g.diff(sha)
	}
	if err != nil {
		s.Log.Printf("%s: %v", r.Method, err)
		return nil, jsonrpc.Invalidf("failed to compute git diff to remote for cwd: %q", p.Cwd)
	}
	return struct {
		Sha  string `json:"sha"`
		Diff string `json:"diff"`
	}{sha, diff}, nil
}

// git asks git about a folder. Of what a repository can name, its hooks, its file monitor
// and its diff programs are not run; filters of its content are, for a diff needs them.
type git struct {
	ctx       context.Context
	path, dir string
	env       []string
}

// run gives the output; statuses are those that mean success.
func (g git) run(args []string, statuses ...int) (string, error) {
	cmd := exec.CommandContext(g.ctx, g.path, append([]string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull}, args...)...)
	cmd.Dir, cmd.Env = g.dir, append(append([]string(nil), g.env...), "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0")
	cmd.WaitDelay = time.Second
	var out limited
	cmd.Stdout = &out
	err := cmd.Run()
	var status *exec.ExitError
	if errors.As(err, &status) {
		for _, ok := range statuses {
			if status.ExitCode() == ok {
				err = nil
			}
		}
	}
	if err == nil && out.over {
		err = fmt.Errorf("more than %d bytes", gitMost)
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return out.String(), nil
}

// limited keeps at most gitMost bytes.
type limited struct {
	bytes.Buffer
	over bool
}

func (l *limited) Write(p []byte) (int, error) {
	if l.over = l.over || l.Len()+len(p) > gitMost; l.over {
		return len(p), nil
	}
	return l.Buffer.Write(p)
}

// remoteCommit is HEAD when a remote has it, else the newest commit below it that one has.
func (g git) remoteCommit() (string, error) {
	refs, err := g.run([]string{"for-each-ref", "--count=1", "refs/remotes"})
	if err != nil {
		return "", err
	}
	if refs == "" {
		return "", errors.New("the repository knows no branch of a remote")
	}
	list, err := g.run([]string{"rev-list", "--boundary", "HEAD", "--not", "--remotes"})
	if err != nil {
		return "", err
	}
	if list == "" {
		head, err := g.run([]string{"rev-parse", "HEAD"})
		return strings.TrimSpace(head), err
	}
	for line := range strings.Lines(list) {
		if sha, ok := strings.CutPrefix(strings.TrimSpace(line), "-"); ok {
			return sha, nil
		}
	}
	return "", errors.New("HEAD has nothing in common with a remote")
}

func (g git) diff(sha string) (string, error) {
	plain := []string{"diff", "--no-ext-diff", "--no-textconv"}
	out, err := g.run(append(plain, sha))
	if err != nil {
		return "", err
	}
	files, err := g.run([]string{"ls-files", "-z", "--others", "--exclude-standard"})
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(out)
	for name := range strings.SplitSeq(strings.TrimSuffix(files, "\x00"), "\x00") {
		if name == "" {
			continue
		}
		one, err := g.run(append(plain, "--no-index", "--", os.DevNull, name), 1)
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
