package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/foreign"
)

// Source is where a program gets its credential. Most of the time that is a file; other
// stores and new tokens are asked of codex-login, over a pipe, so that nobody else links
// what those need.
type Source struct {
	Home     string
	Store    string // cli_auth_credentials_store
	AllowKey bool   // CODEX_API_KEY counts
	Env      config.Env
	Program  string // path of codex-login
	Now      func() time.Time
	Environ  []string
	BaseURL  string // chatgpt_base_url, "" for what codex-login finds in config.toml
	Spare    bool   // what is stored goes nowhere, so that it cannot be read is no matter
}

// Load gives what there is, however old: CODEX_API_KEY when it counts, then
// CODEX_ACCESS_TOKEN, else what is stored. OPENAI_API_KEY in the environment means nothing
// here, as in the original.
func (s *Source) Load(ctx context.Context) (*Auth, error) {
	if a, err := FromEnv(s.Env, s.AllowKey); a != nil || err != nil {
		return a, err
	}
	a, err := s.stored(ctx)
	if err != nil && s.Spare && ctx.Err() == nil {
		return &Auth{}, nil
	}
	return a, err
}

func (s *Source) stored(ctx context.Context) (*Auth, error) {
	switch s.Store {
	case "", "file":
		return LoadFile(s.Home)
	case "ephemeral":
		return &Auth{}, nil
	}
	return s.ask(ctx, "", "--stored")
}

// Current gives what can go into a request now.
func (s *Source) Current(ctx context.Context) (*Auth, error) {
	a, err := s.Load(ctx)
	if err != nil {
		return nil, err
	}
	return s.Fresh(ctx, a)
}

// Fresh gives what can go into a request now: a itself, or something newer.
func (s *Source) Fresh(ctx context.Context, a *Auth) (*Auth, error) {
	if a.Stale(s.Now()) || a.Mode == Personal && a.AccountID == "" || a.Mode == Agent && a.Agent.Task == "" {
		return s.next(ctx, a, "")
	}
	return a, nil
}

// Renewed is a with another token, or, when only codex-login knows whose it is, with that.
func (s *Source) Renewed(ctx context.Context, a *Auth) (*Auth, error) {
	if a.Renewable() {
		return s.Renew(ctx, a)
	}
	return s.Fresh(ctx, a)
}

// Renew gives a credential after a was refused: the one that is stored meanwhile, or a new
// one.
func (s *Source) Renew(ctx context.Context, a *Auth) (*Auth, error) {
	return s.next(ctx, a, a.Bearer())
}

func (s *Source) next(ctx context.Context, a *Auth, refused string) (*Auth, error) {
	var options []string
	if refused != "" {
		options = []string{"--refused"}
	}
	n, err := s.ask(ctx, refused, options...)
	switch {
	case err != nil:
		return nil, err
	case n.Mode != a.Mode || a.AccountID != "" && n.AccountID != a.AccountID:
		return nil, errors.New("Your access token could not be refreshed because you have since logged out or signed in to another account. Please sign in again.")
	}
	n.FromEnv = a.FromEnv
	return n, nil
}

// ask has codex-login print the credential. Who is interrupted stops waiting; codex-login
// does not stop, since new tokens must not be lost on their way into the store.
func (s *Source) ask(ctx context.Context, input string, options ...string) (*Auth, error) {
	args := []string{"-c", "cli_auth_credentials_store=" + strconv.Quote(cmp.Or(s.Store, "file"))}
	if s.BaseURL != "" {
		args = append(args, "-c", "chatgpt_base_url="+strconv.Quote(s.BaseURL))
	}
	args = append(append(args, "token"), options...)
	cmd := exec.Command(s.Program, args...)
	out, errs := foreign.Output{Max: maxFile}, foreign.Output{Max: maxFile}
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.Environ, strings.NewReader(input), &out, &errs
	ended := make(chan error, 1)
	go func() { ended <- cmd.Run() }()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case err := <-ended:
		return credential(out.Bytes, err, strings.TrimSpace(errs.String()))
	}
}

// credential reads the answer; a program that failed has said why, in its last line.
func credential(line []byte, err error, said string) (*Auth, error) {
	if a, perr := ParseLine(line); perr == nil && (err == nil || a.Mode == "") {
		return a, nil
	} else if err == nil {
		return nil, perr
	}
	last := strings.TrimPrefix(said[strings.LastIndexByte(said, '\n')+1:], "codex-login: ")
	if last == "" {
		return nil, fmt.Errorf("ask codex-login for credentials: %w", err)
	}
	return nil, errors.New(last)
}
