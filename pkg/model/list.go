package model

import (
	"errors"
	"fmt"

	"codex/pkg/auth"
	"codex/pkg/catalog"
	"codex/pkg/cli"
	"codex/pkg/cli/install"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/models"
	"codex/pkg/provider"
	"codex/pkg/responses"
)

// originator is who asks, as servers are told.
const originator = "codex_model"

type listCmd struct {
	cli.Overrides
	Profile string `short:"p" placeholder:"PROFILE" help:"profile of config.toml, or PROFILE.config.toml"`
}

// Run prints the models that a session knows; their provider is asked first, if it has a list
// and the one that is kept is not fresh.
func (c *listCmd) Run(s Streams) error {
	ctx, stop := signals()
	defer stop()
	program := install.Own(s.Self)
	cfg, err := config.Load(ctx, config.Options{Env: s.Config, Overrides: c.Config, Enable: c.Enable, Disable: c.Disable, Profile: c.Profile, Program: program})
	if bad := config.AsError(err); bad != nil {
		return errors.New(bad.Short())
	}
	if err != nil {
		return err
	}
	source := &auth.Source{Home: cfg.Home, Store: cfg.AuthStore, BaseURL: cfg.ChatGPTBaseURL, AllowKey: true, Env: s.Config, Program: program("codex-login"), Environ: s.Env, Now: s.Now}
	a, err := source.Load(ctx)
	if err == nil {
		err = auth.Restricted(cfg, a)
	}
	if err == nil && auth.OfAccount(cfg, a) {
		a, err = source.Fresh(ctx, a)
	}
	if err != nil {
		return fmt.Errorf("read credentials: %w", err)
	}
	p := &provider.Provider{Config: cfg, Auth: a, Environ: s.Env, Getenv: s.getenv, Tokens: new(provider.Tokens), Now: s.Now, Program: program}
	client := responses.NewClient(p.Endpoint())
	defer client.Close()
	l, err := p.Lister(ctx, client, originator, version.UserAgent(originator, s.getenv, "codex-model", version.Compat))
	if err == nil && l != nil {
		err = l.Refresh(ctx, "")
	}
	if err != nil {
		return fmt.Errorf("ask %s for its models: %w", cfg.ProviderID, err)
	}
	catalog.UseOf(cfg, a)
	all := cfg.Models
	if all == nil {
		all = models.All()
	}
	b, err := models.EncodeCatalogue(all)
	if err == nil {
		_, err = s.Stdout.Write(b)
	}
	return err
}
