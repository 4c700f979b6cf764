package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"codex/pkg/auth"
	"codex/pkg/cli/exit"
	"codex/pkg/foreign"
)

type tokenCmd struct {
	Refused bool `help:"the token on standard input was refused: give another one" xor:"kind"`
	Stored  bool `help:"as it is stored: ask no service" xor:"kind"`
}

// Run prints the credential for requests, renewed when its time is over.
func (c *tokenCmd) Run(s *session) error {
	if s.StdoutTTY {
		return errors.New("standard output is a terminal, where everybody could read the token")
	}
	refused := ""
	if c.Refused {
		var err error
		if refused, err = s.piped(); err != nil {
			return fmt.Errorf("read the refused token from standard input: %w", err)
		}
		if refused == "" {
			return exit.Usagef("--refused wants the token on standard input")
		}
	}
	a, err := s.known()
	if err == nil && !c.Stored {
		a, err = s.usable(a, refused)
	}
	if err != nil {
		return err
	}
	b, err := a.Line()
	if err == nil {
		_, err = s.Stdout.Write(append(b, '\n'))
	}
	if err == nil && a.Mode == "" {
		return errors.New("not logged in")
	}
	return err
}

// known is the credential there is, however old.
func (s *session) known() (*auth.Auth, error) {
	if a, err := auth.FromEnv(s.Env, false); a != nil || err != nil {
		return a, err
	}
	return s.stored()
}

// usable is the credential for requests: not the refused one, and not one whose time is over.
func (s *session) usable(a *auth.Auth, refused string) (*auth.Auth, error) {
	switch {
	case a.Mode == auth.Personal:
		return s.named(a, refused)
	case a.Mode == auth.Agent:
		return s.registered(a)
	case a.Renewable() && (refused == a.AccessToken || refused == "" && a.Stale(s.Now())):
		return s.renewed(refused)
	case refused != "" && refused == a.Bearer():
		return nil, errors.New("the credential was refused and cannot be renewed: log in again")
	}
	return a, nil
}

// stored reads the store.
func (s *session) stored() (*auth.Auth, error) {
	text, err := s.store.Read()
	if err != nil || text == "" {
		return &auth.Auth{}, err
	}
	a, err := auth.Parse([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w; log in again", err)
	}
	return a, nil
}

// named finds out whose a personal token is: its service alone knows.
func (s *session) named(a *auth.Auth, refused string) (*auth.Auth, error) {
	if refused == a.AccessToken {
		return nil, errors.New("the personal access token was refused: log in again")
	}
	who, err := s.whoami(s.ctx, a.AccessToken)
	if err != nil {
		return nil, err
	}
	a.Claims, a.AccountID = who, who.AccountID
	return a, nil
}

const (
	lockEvery = 10 * time.Millisecond
	lockTime  = 2 * time.Minute // longer than a renewal may take
)

// renewed gets new tokens. Of the processes that want some at once, one asks the service:
// a refresh token is good for one use, and a second one would end the login. The others
// wait for it and take what it has stored.
func (s *session) renewed(refused string) (*auth.Auth, error) {
	lock := flock.New(filepath.Join(s.cfg.Home, "auth.renewal.lock"), flock.SetFlag(os.O_CREATE|os.O_RDONLY|foreign.NonBlocking), flock.SetPermissions(0o600))
	// Where nothing can be written the new tokens could not be kept either: nobody is asked.
	wait, cancel := context.WithTimeout(s.ctx, lockTime)
	defer cancel()
	if _, err := lock.TryLockContext(wait, lockEvery); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	a, err := s.stored()
	if err != nil || !a.Renewable() || refused != a.AccessToken && !a.Stale(s.Now()) {
		return a, err
	}
	used := a.RefreshToken
	ctx := context.WithoutCancel(s.ctx) // who interrupts us must not lose the tokens between the service and the store
	if err := s.renew(ctx, a); err != nil {
		return nil, err
	}
	return s.replace(ctx, used, a)
}

// replace puts renewed tokens in the place of those that they are of. Who has logged out
// meanwhile, or in to another account, stays so.
func (s *session) replace(ctx context.Context, used string, a *auth.Auth) (*auth.Auth, error) {
	err := s.store.Change(ctx, func(old string) (string, error) {
		now := &auth.Auth{}
		if old != "" {
			var err error
			if now, err = auth.Parse([]byte(old)); err != nil {
				return "", err
			}
		}
		if now.RefreshToken != used {
			a = now
			return old, nil
		}
		return auth.WithTokens(old, a)
	})
	if err != nil {
		return nil, fmt.Errorf("the access token was renewed, but cannot be kept: %w", err)
	}
	return a, nil
}

// renew asks the service for new tokens; those that it does not give stay.
func (s *session) renew(ctx context.Context, a *auth.Auth) error {
	got, err := s.postJSON(ctx, cmp.Or(s.Env.Get(renewVariable), defaultIssuer+"/oauth/token"), struct {
		Client  string `json:"client_id"`
		Grant   string `json:"grant_type"`
		Refresh string `json:"refresh_token"`
	}{s.clientID(), "refresh_token", a.RefreshToken})
	if err != nil {
		return fmt.Errorf("renew the access token: %w", err)
	}
	if !got.ok() {
		return refusal(got)
	}
	var g granted
	if err := json.Unmarshal(got.body, &g); err != nil {
		return fmt.Errorf("renew the access token: %w", err)
	}
	a.AccessToken, a.RefreshToken = cmp.Or(g.AccessToken, a.AccessToken), cmp.Or(g.RefreshToken, a.RefreshToken)
	if who, err := auth.ParseClaims(g.IDToken); err == nil { // else the one there is tells who it is: the refresh token was good once
		a.IDToken, a.Claims = g.IDToken, who
	}
	a.LastRefresh = s.Now()
	return nil
}

// refusal is why there are no new tokens. What is final says so, in the original's words.
func refusal(a answer) error {
	const (
		text  = "Your access token could not be refreshed"
		again = " Please log out and sign in again."
	)
	code, _ := a.fault()
	switch {
	case code == "refresh_token_expired":
		return errors.New(text + " because your refresh token has expired." + again)
	case code == "refresh_token_reused":
		return errors.New(text + " because your refresh token was already used." + again)
	case code == "refresh_token_invalidated":
		return errors.New(text + " because your refresh token was revoked." + again)
	case a.status == 401:
		return errors.New(text + "." + again)
	}
	return fmt.Errorf("renew the access token: %s", a.describe())
}
