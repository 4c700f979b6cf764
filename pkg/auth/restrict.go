package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"codex/pkg/config"
)

// Restricted says why settings do not allow the credential, nil when they do. It stays
// where it is.
func Restricted(cfg *config.Config, a *Auth) error {
	switch {
	case a.Mode == "":
		return nil
	case cfg.ForcedLoginMethod == "chatgpt" && a.Mode == APIKey:
		return errors.New("ChatGPT login is required, but an API key is currently being used.")
	case cfg.ForcedLoginMethod == "api" && a.Mode != APIKey:
		return errors.New("API key login is required, but ChatGPT is currently being used.")
	}
	allowed := cfg.ForcedWorkspaceIDs
	if a.Mode == APIKey || a.External || len(allowed) == 0 || slices.Contains(allowed, a.AccountID) {
		return nil
	}
	if a.AccountID == "" {
		if a.Mode == Personal { // its service has not said yet
			return nil
		}
		return fmt.Errorf("Login is restricted to workspace(s) %s, but current credentials lack a workspace identifier.", strings.Join(allowed, ", "))
	}
	return fmt.Errorf("Login is restricted to workspace(s) %s, but current credentials belong to %s.", strings.Join(allowed, ", "), a.AccountID)
}

// Asks says whether the credential of a login goes to the provider of a session: to one that
// asks for it, while an API key from the environment, which was given to this run, goes to any
// that has none of its own. AWS has credentials of its own.
func Asks(cfg *config.Config, a *Auth) bool {
	return cfg.ProviderID == "openai" || cfg.Provider.RequiresOpenAIAuth || a.FromEnv && a.Mode == APIKey && cfg.ProviderID != config.Bedrock
}

// OfAccount says whether requests carry the token of a ChatGPT account.
func OfAccount(cfg *config.Config, a *Auth) bool {
	c := cfg.Provider
	return Asks(cfg, a) && a.Account() && c.EnvKey == "" && c.BearerToken == "" && c.Auth == nil && len(c.Command) == 0
}
