package tui

import (
	"context"
	"errors"
	"slices"

	"codex/pkg/auth"
	"codex/pkg/cli/install"
	"codex/pkg/config"
	"codex/pkg/frontend/launch"
	"codex/pkg/frontend/tui/loop"
)

// account signs in with codex-login, which knows where credentials are kept.
type account struct{ *run }

// wanted says whether the engine that is started here will need a credential that is not
// there. What cannot be read, the engine tells of.
func (a account) wanted(ctx context.Context) bool {
	p := a.cfg.Provider
	own := a.cfg.ProviderID == "openai" && p.BaseURL != "" && p.BaseURL != "https://api.openai.com/v1"
	if a.kind != ownEngine || a.args.Turn != "" || !p.RequiresOpenAIAuth || own || len(p.Command) > 0 ||
		p.EnvKey != "" || p.BearerToken != "" || p.Auth != nil || a.cfg.AuthStore == "ephemeral" {
		return false
	}
	path, err := a.program()
	if err != nil {
		return false
	}
	source := auth.Source{Home: a.cfg.Home, Store: a.cfg.AuthStore, BaseURL: a.cfg.ChatGPTBaseURL, AllowKey: true, Program: path, Environ: a.Env, Now: a.Now,
		Env: config.Env{Get: a.Getenv, Home: a.Home, Cwd: a.Cwd, UID: a.UID}}
	got, err := source.Load(ctx)
	return err == nil && got.Mode == ""
}

func (a account) program() (string, error) {
	return install.Find(a.Self, "codex-login", a.Getenv("PATH"))
}

// Key stores an API key.
func (a account) Key(ctx context.Context, key string) error {
	path, err := a.program()
	if err != nil {
		return err
	}
	return launch.RunLogin(ctx, path, a.Env, a.cfg, key, "--with-api-key")
}

// Begin begins a login, which ctx calls off.
func (a account) Begin(ctx context.Context, device bool) (loop.Login, error) {
	path, err := a.program()
	if err != nil {
		return loop.Login{}, err
	}
	log, err := a.log()
	if err != nil {
		return loop.Login{}, err
	}
	env := append(slices.Clone(a.Env), "CODEX_INTERNAL_ORIGINATOR_OVERRIDE=codex-tui")
	l, err := launch.NewSignIn(path, env, log, launch.SignInArgs(a.cfg, a.Getenv, device)...)
	if err != nil {
		return loop.Login{}, errors.Join(err, log.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() }) // it may be over
	first, err := l.Start()
	if err != nil {
		stop()
		return loop.Login{}, errors.Join(err, log.Close())
	}
	return loop.Login{URL: first.AuthURL + first.VerificationURL, Code: first.UserCode, Wait: func() error {
		defer log.Close() // only read by people
		why := l.Outcome()
		stop()
		if why != nil {
			return errors.New(*why)
		}
		return nil
	}}, nil
}

// Logout has codex-login forget the credential, wherever it is kept.
func (a account) Logout(ctx context.Context) error {
	path, err := a.program()
	if err != nil {
		return err
	}
	return launch.RunLogin(ctx, path, a.Env, a.cfg, "", "logout")
}
