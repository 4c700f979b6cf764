package local

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"codex/pkg/auth"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

func (s *Service) accountRead(r *Request, p *protocol.GetAccountParams) (any, error) {
	cfg, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	res := protocol.GetAccountResponse{RequiresOpenaiAuth: cfg.Provider.RequiresOpenAIAuth}
	if !res.RequiresOpenaiAuth { // another provider has no account
		return res, nil
	}
	a, err := auth.Load(s.Home, s.Config.Env, false)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Mode == auth.APIKey:
		res.Account = &protocol.Account{Type: protocol.AccountApiKey}
	case a.Mode == auth.ChatGPT && a.IDToken != "":
		res.Account = &protocol.Account{Type: protocol.AccountChatgpt, Email: a.Claims.Email, PlanType: plan(a.Claims.Plan)}
	}
	return res, nil
}

func plan(name string) protocol.PlanType {
	for _, w := range protocol.PlanTypeUnknown.Values() {
		if w == name {
			return protocol.PlanType(name)
		}
	}
	return protocol.PlanTypeUnknown
}

func (s *Service) loginStart(r *Request, p *protocol.LoginAccountParams) (any, error) {
	cfg, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	switch {
	case p.Type != protocol.LoginAccountParamsApiKey:
		return nil, jsonrpc.Invalidf("account/login/start with type `%s` is not supported yet: log in with `codex login` or an API key", jsonrpc.Shorten(p.Type))
	case cfg.ForcedLoginMethod == "chatgpt":
		return nil, jsonrpc.Invalidf("API key login is disabled. Use ChatGPT login instead.")
	case strings.TrimSpace(p.ApiKey) == "":
		return nil, jsonrpc.Invalidf("apiKey must not be empty")
	}
	if err := auth.SaveAPIKey(context.Background(), s.Home, p.ApiKey); err != nil {
		return nil, err
	}
	r.After(func() {
		s.LoggedIn()
		s.Broadcast(protocol.NoteAccountLoginCompleted, protocol.AccountLoginCompletedNotification{Success: true})
		mode := protocol.AuthMode("apikey")
		s.Broadcast(protocol.NoteAccountUpdated, protocol.AccountUpdatedNotification{AuthMode: &mode})
	})
	return protocol.LoginAccountResponse{Type: protocol.LoginAccountResponseApiKey}, nil
}

func (s *Service) loginCancel(r *Request, p *protocol.CancelLoginAccountParams) (any, error) {
	if uuid.Validate(p.LoginID) != nil {
		return nil, jsonrpc.Invalidf("invalid login id: %s", jsonrpc.Shorten(p.LoginID))
	}
	return protocol.CancelLoginAccountResponse{Status: protocol.CancelLoginAccountStatusNotFound}, nil
}

func (s *Service) logout(r *Request) (any, error) {
	if _, err := (auth.File{Home: s.Home}).Remove(); err != nil {
		return nil, err
	}
	r.After(func() {
		s.LoggedIn()
		s.Broadcast(protocol.NoteAccountUpdated, protocol.AccountUpdatedNotification{})
	})
	return protocol.LogoutAccountResponse{}, nil
}

func (s *Service) rateLimits(r *Request) (any, error) {
	return s.ofAccount(r, "read rate limits")
}

func (s *Service) creditsNudge(r *Request, p *protocol.SendAddCreditsNudgeEmailParams) (any, error) {
	return s.ofAccount(r, "notify workspace owner")
}

// ofAccount answers for what needs the service behind a ChatGPT account, which is not
// built: without an account as the original does.
func (s *Service) ofAccount(r *Request, what string) (any, error) {
	if a, err := auth.Load(s.Home, s.Config.Env, false); err == nil && a.Mode == auth.ChatGPT {
		return notBuilt(r)
	}
	return nil, jsonrpc.Invalidf("codex account authentication required to %s", what)
}

type authStatusParams struct {
	IncludeToken *bool `json:"includeToken,omitempty"`
	RefreshToken *bool `json:"refreshToken,omitempty"`
}

// authStatus tells how the model's service is reached, and the token when asked.
func (s *Service) authStatus(r *Request, p *authStatusParams) (any, error) {
	cfg, err := s.load(nil)
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
	a, err := auth.Load(s.Home, s.Config.Env, false)
	if err != nil {
		return nil, err
	}
	switch mode := protocol.AuthMode("apikey"); a.Mode {
	case auth.ChatGPT:
		mode = "chatgpt"
		fallthrough
	case auth.APIKey:
		out.Method = &mode
		if token := a.Bearer(); token != "" && p.IncludeToken != nil && *p.IncludeToken {
			out.Token = &token
		}
	}
	return out, nil
}
