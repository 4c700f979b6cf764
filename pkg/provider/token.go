package provider

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"codex/pkg/aws"
	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/responses"
	"codex/pkg/watchdog"
)

// Tokens keeps what the provider's auth command printed, for as long as it may be used. The
// zero value is empty.
type Tokens struct {
	mu    sync.Mutex
	token string
	read  time.Time

	aws *aws.Credentials
}

// Drop forgets a token that was refused; true when there was one.
func (t *Tokens) Drop() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	had := t.token != "" || t.aws != nil
	t.token, t.aws = "", nil
	return had
}

// of gives the token at hand, or runs the command. The error is the user's to read.
func (t *Tokens) of(ctx context.Context, a *config.CommandAuth, environ []string, now time.Time) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && (a.RefreshInterval == 0 || now.Sub(t.read) < a.RefreshInterval) {
		return t.token, nil
	}
	out, err := run(ctx, a, environ, "provider auth command `"+a.Command+"`")
	if err == nil {
		out, err = config.HeaderValue("the output of "+a.Command, out)
	}
	if err == nil && out == "" {
		err = fmt.Errorf("provider auth command `%s` printed no token", a.Command)
	}
	if err != nil {
		return "", &responses.Error{Message: err.Error(), Kind: responses.KindUnauthorized, Err: err}
	}
	t.token, t.read = out, now
	return out, nil
}

// maxToken bounds what a command may print.
const maxToken = 1 << 20

// run runs a command to its end, and gives what it printed. name is what errors call it.
func run(ctx context.Context, a *config.CommandAuth, environ []string, name string) (string, error) {
	wait, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	cmd := exec.CommandContext(wait, a.Command, a.Args...)
	cmd.Dir, cmd.Env = a.Cwd, environ
	cmd.WaitDelay = time.Second
	watchdog.OwnGroup(cmd)
	out, errOut := foreign.Output{Max: maxToken}, foreign.Output{Max: 4 << 10}
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case wait.Err() != nil:
		return "", fmt.Errorf("%s did not end within %v", name, a.Timeout)
	case err != nil && cmd.ProcessState != nil:
		return "", fmt.Errorf("%s failed (%v): %s", name, err, reason(errOut.String()))
	case err != nil:
		return "", fmt.Errorf("start %s: %w", name, err)
	case out.Over:
		return "", fmt.Errorf("%s printed more than a token", name)
	}
	return out.String(), nil
}

func reason(stderr string) string {
	return cmp.Or(strings.TrimSpace(stderr), "it said nothing")
}
