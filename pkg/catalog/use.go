package catalog

import (
	"os"
	"slices"
	"time"

	"codex/pkg/auth"
	"codex/pkg/config"
	"codex/pkg/models"
)

// Listed tells whether the provider of a session has a list of its own: one that an account is
// asked with, or one whose tokens come from a command. The user's own list takes its place.
func Listed(cfg *config.Config, a *auth.Auth) bool {
	return cfg.ModelCatalog == "" && len(cfg.Provider.Command) == 0 && (cfg.Provider.Auth != nil || auth.OfAccount(cfg, a))
}

// KeyOf says whose list a session uses.
func KeyOf(cfg *config.Config, a *auth.Auth) Key {
	k := Key{Provider: cfg.ProviderID}
	if auth.OfAccount(cfg, a) {
		k.Account = a.AccountID
	}
	return k
}

// Use makes the list that the provider told last that of a session, however old it is, and its
// first model the one of who chose none. A list that cannot be read counts as none: the next
// one takes its place.
func Use(cfg *config.Config, env config.Env) {
	if cfg.ProviderID == config.Bedrock { // whoever asks
		UseOf(cfg, new(auth.Auth))
		return
	}
	if _, err := os.Stat(Path(cfg.Home)); err != nil || cfg.ModelCatalog != "" {
		return
	}
	if a, err := credential(cfg, env); err == nil { // who needs it says what is wrong
		UseOf(cfg, a)
	}
}

// credential is what a file or a variable holds, for nobody else is asked here. Who keeps
// credentials elsewhere is taken for an account.
func credential(cfg *config.Config, env config.Env) (*auth.Auth, error) {
	if a, err := auth.FromEnv(env, true); a != nil || err != nil {
		return a, err
	}
	if cfg.AuthStore == "" || cfg.AuthStore == "file" {
		return auth.LoadFile(cfg.Home)
	}
	return &auth.Auth{Mode: auth.ChatGPT}, nil
}

// Stale tells whether the provider of a session has a list, and the one that is kept is not
// fresh.
func Stale(cfg *config.Config, env config.Env, now time.Time) bool {
	a, err := credential(cfg, env)
	if err != nil || !Listed(cfg, a) {
		return false
	}
	c, err := Read(cfg.Home)
	return err != nil || c == nil || !c.Of(KeyOf(cfg, a)) || !c.Fresh(now)
}

// UseOf is Use for a credential.
func UseOf(cfg *config.Config, a *auth.Auth) {
	if cfg.ProviderID == config.Bedrock && cfg.ModelCatalog == "" {
		use(cfg, models.Bedrock())
		return
	}
	if !Listed(cfg, a) {
		return
	}
	c, err := Read(cfg.Home)
	if err == nil && c != nil && c.Of(KeyOf(cfg, a)) && len(c.list) > 0 {
		use(cfg, merged(c.list, auth.OfAccount(cfg, a)))
	}
}

func use(cfg *config.Config, all []models.Model) {
	cfg.Models = all
	if !cfg.ModelExplicit {
		cfg.Model = models.DefaultIn(all)
	}
}

// merged is what was told over what is bundled; an account's list with a model that pickers
// show is the whole.
func merged(told []models.Model, account bool) []models.Model {
	if account && slices.ContainsFunc(told, func(m models.Model) bool { return m.Visibility == "list" }) {
		return told
	}
	all := slices.Clone(models.All())
	for _, m := range told {
		if i := slices.IndexFunc(all, func(b models.Model) bool { return b.Slug == m.Slug }); i >= 0 {
			all[i] = m
		} else {
			all = append(all, m)
		}
	}
	return all
}
