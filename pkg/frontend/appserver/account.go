package appserver

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"codex/pkg/auth"
	"codex/pkg/protocol"
)

func (s *Server) accountRead(r *request, p *protocol.GetAccountParams) (any, error) {
	cfg, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	res := protocol.GetAccountResponse{RequiresOpenaiAuth: cfg.Provider.RequiresOpenAIAuth}
	if !res.RequiresOpenaiAuth { // another provider has no account (appserver spec §7)
		return res, nil
	}
	a, err := auth.Load(s.home, s.opts.Config.Env, false)
	if err != nil {
		return nil, internal(err)
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

func (s *Server) loginStart(r *request, p *protocol.LoginAccountParams) (any, error) {
	cfg, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	switch {
	case p.Type != protocol.LoginAccountParamsApiKey:
		return nil, invalid("account/login/start with type `%s` is not supported yet: log in with `codex login` or an API key", shorten(p.Type))
	case cfg.ForcedLoginMethod == "chatgpt":
		return nil, invalid("API key login is disabled. Use ChatGPT login instead.")
	case strings.TrimSpace(p.ApiKey) == "":
		return nil, invalid("apiKey must not be empty")
	}
	if err := auth.SaveAPIKey(context.Background(), s.home, p.ApiKey); err != nil {
		return nil, internal(err)
	}
	r.reply(protocol.LoginAccountResponse{Type: protocol.LoginAccountResponseApiKey})
	s.relayKick()
	s.broadcast(protocol.NoteAccountLoginCompleted, protocol.AccountLoginCompletedNotification{Success: true})
	mode := protocol.AuthMode("apikey")
	s.broadcast(protocol.NoteAccountUpdated, protocol.AccountUpdatedNotification{AuthMode: &mode})
	return nil, errLater
}

func (s *Server) loginCancel(r *request, p *protocol.CancelLoginAccountParams) (any, error) {
	if uuid.Validate(p.LoginID) != nil {
		return nil, invalid("invalid login id: %s", shorten(p.LoginID))
	}
	return protocol.CancelLoginAccountResponse{Status: protocol.CancelLoginAccountStatusNotFound}, nil
}

func (s *Server) logout(r *request) (any, error) {
	if _, err := auth.Remove(s.home); err != nil {
		return nil, internal(err)
	}
	r.reply(protocol.LogoutAccountResponse{})
	s.relayKick()
	s.broadcast(protocol.NoteAccountUpdated, protocol.AccountUpdatedNotification{})
	return nil, errLater
}

func (s *Server) rateLimits(r *request) (any, error) {
	return s.ofAccount(r, "read rate limits")
}

func (s *Server) creditsNudge(r *request, p *protocol.SendAddCreditsNudgeEmailParams) (any, error) {
	return s.ofAccount(r, "notify workspace owner")
}

// ofAccount answers for what needs the service behind a ChatGPT account, which is not
// built: without an account as the original does.
func (s *Server) ofAccount(r *request, what string) (any, error) {
	if a, err := auth.Load(s.home, s.opts.Config.Env, false); err == nil && a.Mode == auth.ChatGPT {
		return notBuilt(r)
	}
	return nil, invalid("codex account authentication required to %s", what)
}
