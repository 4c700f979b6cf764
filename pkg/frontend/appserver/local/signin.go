package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
)

// progress is a line of codex-login --json and of codex-mcp login --json.
type progress struct {
	AuthURL         string
	VerificationURL string
	UserCode        string
	Success         *bool
	Error           string
}

// maxProgress bounds what such a program says.
const maxProgress = 1 << 20

// signIn is a program that signs in somewhere: it says where the person goes, then how that
// ended, and calls it off when its input ends.
type signIn struct {
	cmd   *exec.Cmd
	input io.Closer
	lines *json.Decoder
}

// newSignIn prepares one; what it says to people goes where ours does.
func (s *Service) newSignIn(path string, env []string, args ...string) (*signIn, error) {
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stderr = env, s.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	return &signIn{cmd, in, json.NewDecoder(io.LimitReader(out, maxProgress))}, nil
}

// start gives where the person goes. A login that ended at once is an error.
func (l *signIn) start() (first progress, err error) {
	if err := l.cmd.Start(); err != nil {
		return first, fmt.Errorf("start %s: %w", filepath.Base(l.cmd.Path), err)
	}
	if err = l.lines.Decode(&first); err == nil && first.Success != nil {
		err = errors.New(first.Error)
	}
	if err != nil {
		l.end()
	}
	return first, err
}

// outcome waits for the end: why says what was wrong, nil when nothing was.
func (l *signIn) outcome() (why *string) {
	var last progress
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

// end calls it off, if it still runs, and waits for the program.
func (l *signIn) end() {
	l.input.Close()
	_ = l.cmd.Wait() // what it said is what counts
}
