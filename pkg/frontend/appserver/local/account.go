package local

import (
	"context"
	"slices"
	"strings"

	"codex/pkg/auth"
	"codex/pkg/config"
	"codex/pkg/frontend/launch"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// source is where the account's credential comes from.
func (s *Service) source(cfg *config.Config) *auth.Source {
	return &auth.Source{Home: s.Home, Store: cfg.AuthStore, BaseURL: cfg.ChatGPTBaseURL, Env: s.Config.Env, Program: s.Login, Environ: s.Environ, Now: s.Now}
}

// credential is the client's own, else what is stored.
func (s *Service) credential(cfg *config.Config) (*auth.Auth, error) {
	if a := s.external(); a != nil {
		return a, nil
	}
	return s.source(cfg).Load(context.Background())
}

// Credential is one that is good as far as can be seen.
func (s *Service) Credential(ctx context.Context) (*auth.Auth, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	return account{s, s.source(cfg)}.Current(ctx)
}

func (s *Service) accountRead(r *Request, p *protocol.GetAccountParams) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	res := protocol.GetAccountResponse{RequiresOpenaiAuth: cfg.Provider.RequiresOpenAIAuth}
	if cfg.ProviderID == config.Bedrock {
		res.Account = &protocol.Account{Type: protocol.AccountAmazonBedrock}
	}
	if !res.RequiresOpenaiAuth { // another provider has no account
		return res, nil
	}
	a, err := s.credential(cfg)
	if err != nil {
		return nil, err
	}
	if p.RefreshToken && a.Renewable() || a.Mode == auth.Personal {
		if n, err := s.source(cfg).Renewed(context.Background(), a); err == nil {
			a = n
		} else {
			s.Log.Printf("account/read: %v", err)
		}
	}
	switch {
	case a.Mode == auth.APIKey:
		res.Account = &protocol.Account{Type: protocol.AccountApiKey}
	case a.External, a.Agent != nil, a.Mode == auth.Personal, a.Mode == auth.ChatGPT && a.IDToken != "", a.Mode == auth.ChatGPT && a.Claims.Email != "":
		res.Account = &protocol.Account{Type: protocol.AccountChatgpt, Email: a.Claims.Email, PlanType: plan(a.Claims.Plan)}
	}
	return res, nil
}

func plan(name string) protocol.PlanType {
	if slices.Contains(protocol.PlanTypeUnknown.Values(), name) {
		return protocol.PlanType(name)
	}
	return protocol.PlanTypeUnknown
}

// modeOf is how a credential is called on the wire.
func modeOf(a *auth.Auth) protocol.AuthMode {
	switch {
	case a.Mode == auth.APIKey:
		return protocol.AuthModeApikey
	case a.External:
		return protocol.AuthModeChatgptAuthTokens
	case a.Agent != nil:
		return protocol.AuthModeAgentIdentity
	}
	return protocol.AuthModeChatgpt
}

// changed tells everybody that the account is another one, and has threads take it up.
func (s *Service) changed(a *auth.Auth) {
	s.LoggedIn()
	s.Reload()
	n := protocol.AccountUpdatedNotification{}
	if a != nil && a.Mode != "" {
		mode := modeOf(a)
		n.AuthMode = &mode
		if a.Account() {
			plan := plan(a.Claims.Plan)
			n.PlanType = &plan
		}
	}
	s.Broadcast(protocol.NoteAccountUpdated, n)
}

func (s *Service) loginStart(r *Request, p *protocol.LoginAccountParams) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	if p.Type != protocol.LoginAccountParamsChatgptAuthTokens && s.external() != nil {
		return nil, jsonrpc.Invalidf("External auth is active. Use account/login/start (chatgptAuthTokens) to update it or account/logout to clear it.")
	}
	if cfg.AuthStore == "ephemeral" && p.Type != protocol.LoginAccountParamsChatgptAuthTokens {
		return nil, jsonrpc.Invalidf("cli_auth_credentials_store is ephemeral: there is nowhere to keep a login")
	}
	if p.Type == protocol.LoginAccountParamsApiKey {
		return s.loginKey(r, cfg, p.ApiKey)
	}
	if cfg.ForcedLoginMethod == "api" {
		what := "ChatGPT login"
		if p.Type == protocol.LoginAccountParamsChatgptAuthTokens {
			what = "External ChatGPT auth"
		}
		return nil, jsonrpc.Invalidf("%s is disabled. Use API key login instead.", what)
	}
	if p.Type == protocol.LoginAccountParamsChatgptAuthTokens {
		return s.loginTokens(r, cfg, p)
	}
	return s.loginAccount(cfg, p.Type)
}

func (s *Service) loginKey(r *Request, cfg *config.Config, key string) (any, error) {
	switch {
	case cfg.ForcedLoginMethod == "chatgpt":
		return nil, jsonrpc.Invalidf("API key login is disabled. Use ChatGPT login instead.")
	case strings.TrimSpace(key) == "":
		return nil, jsonrpc.Invalidf("apiKey must not be empty")
	}
	s.logins.cancel("")
	var err error
	if cfg.AuthStore == "file" {
		err = auth.SaveAPIKey(context.Background(), s.Home, key)
	} else {
		err = launch.RunLogin(context.Background(), s.Login, s.Environ, cfg, key, "--with-api-key")
	}
	if err != nil {
		return nil, err
	}
	r.After(func() {
		s.Broadcast(protocol.NoteAccountLoginCompleted, protocol.AccountLoginCompletedNotification{Success: true})
		s.changed(&auth.Auth{Mode: auth.APIKey})
	})
	return protocol.LoginAccountResponse{Type: protocol.LoginAccountResponseApiKey}, nil
}

func (s *Service) logout(r *Request) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	s.logins.cancel("")
	if !s.forget() {
		if err := s.removeStored(cfg); err != nil {
			return nil, err
		}
	}
	r.After(func() { s.changed(nil) })
	return protocol.LogoutAccountResponse{}, nil
}

// removeStored removes the credential. Where there is more to do than to remove a file,
// codex-login does it.
func (s *Service) removeStored(cfg *config.Config) error {
	if cfg.AuthStore == "file" {
		if a, err := auth.LoadFile(s.Home); err != nil || !a.Renewable() {
			_, err := auth.File{Home: s.Home}.Remove()
			return err
		}
	}
	return launch.RunLogin(context.Background(), s.Login, s.Environ, cfg, "", "logout")
}

type authStatusParams struct {
	IncludeToken *bool `json:"includeToken,omitempty"`
	RefreshToken *bool `json:"refreshToken,omitempty"`
}

// authStatus tells how the model's service is reached, and the token when asked.
func (s *Service) authStatus(r *Request, p *authStatusParams) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	var out struct {
		Method  *protocol.AuthMode `json:"authMethod"`
		Token   *string            `json:"authToken"`
		Require bool               `json:"requiresOpenaiAuth"`
	}
	out.Require = cfg.Provider.RequiresOpenAIAuth
	if !out.Require {
		return out, nil
	}
	a, err := s.credential(cfg)
	if err != nil {
		return nil, err
	}
	if p.RefreshToken != nil && *p.RefreshToken && a.Renewable() {
		if a, err = s.source(cfg).Renewed(context.Background(), a); err != nil {
			return nil, err
		}
	}
	if a.Mode != "" {
		mode := modeOf(a)
		out.Method = &mode
		if token := a.Bearer(); token != "" && p.IncludeToken != nil && *p.IncludeToken {
			out.Token = &token
		}
	}
	return out, nil
}
