package launch

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"

	"codex/pkg/config"
)

// SignInProgress is a line of codex-login --json and of codex-mcp login --json.
type SignInProgress struct {
	AuthURL         string
	VerificationURL string
	UserCode        string
	Success         *bool
	Error           string
}

// maxProgress bounds what such a program says.
const maxProgress = 1 << 20

// SignIn is a program that signs in somewhere: it says where the person goes, then how that
// ended, and calls it off when its input ends.
type SignIn struct {
	cmd   *exec.Cmd
	input io.Closer
	lines *json.Decoder
}

// NewSignIn prepares one; stderr gets what it says to people.
func NewSignIn(path string, env []string, stderr io.Writer, args ...string) (*SignIn, error) {
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stderr = env, stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	return &SignIn{cmd, in, json.NewDecoder(io.LimitReader(out, maxProgress))}, nil
}

// Start gives where the person goes. A login that ended at once is an error.
func (l *SignIn) Start() (first SignInProgress, err error) {
	name := filepath.Base(l.cmd.Path)
	if err := l.cmd.Start(); err != nil {
		return first, fmt.Errorf("start %s: %w", name, err)
	}
	switch err = l.lines.Decode(&first); {
	case err != nil:
		return first, fmt.Errorf("%s does not say where to sign in: %w", name, cmp.Or(l.end(), err))
	case first.Success != nil:
		l.end()
		return first, errors.New(first.Error)
	}
	return first, nil
}

// Outcome waits for the end: why says what was wrong, nil when nothing was.
func (l *SignIn) Outcome() (why *string) {
	var last SignInProgress
	err := l.lines.Decode(&last)
	l.end()
	switch {
	case err == nil && last.Success != nil && *last.Success:
		return nil
	case last.Error == "":
		last.Error = "Login was not completed"
	}
	return &last.Error
}

// Close calls it off, if it is still under way.
func (l *SignIn) Close() error { return l.input.Close() }

// end calls it off, if it still runs, and waits for the program: what it said counts more
// than how it ended.
func (l *SignIn) end() error {
	l.input.Close()
	return l.cmd.Wait()
}

// Variables that name another service, as in the original, for tests.
const (
	issuerVariable = "CODEX_APP_SERVER_LOGIN_ISSUER"
	clientVariable = "CODEX_APP_SERVER_LOGIN_CLIENT_ID"
)

// SignInArgs are the arguments with which codex-login signs in to an account and tells a
// program about it: by the browser of this machine, or by a code for that of another one.
func SignInArgs(cfg *config.Config, getenv func(string) string, device bool) []string {
	args := []string{"--json"}
	if device {
		args = append(args, "--device-auth")
	}
	for variable, option := range map[string]string{issuerVariable: "--experimental_issuer", clientVariable: "--experimental_client-id"} {
		if v := getenv(variable); v != "" {
			args = append(args, option+"="+v)
		}
	}
	return LoginArgs(cfg, args...)
}
