package local

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"codex/pkg/auth"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// clientTokens are the tokens of a client that signs in itself. They are in no file, and
// end with the server.
type clientTokens struct {
	mu sync.Mutex
	a  *auth.Auth
}

func (s *Service) external() *auth.Auth {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	return s.tokens.a
}

func (s *Service) setExternal(a *auth.Auth) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	s.tokens.a = a
}

// forget says whether there were some.
func (s *Service) forget() bool {
	had := s.external() != nil
	s.setExternal(nil)
	return had
}

// loginTokens takes a client's own tokens.
func (s *Service) loginTokens(r *Request, cfg *config.Config, p *protocol.LoginAccountParams) (any, error) {
	if ids := cfg.ForcedWorkspaceIDs; len(ids) > 0 && !slices.Contains(ids, p.ChatgptAccountID) {
		return nil, jsonrpc.Invalidf("External auth must use one of workspace(s) %q, but received %q.", ids, p.ChatgptAccountID)
	}
	a, err := externalAuth(p.AccessToken, p.ChatgptAccountID, p.ChatgptPlanType)
	if err != nil {
		return nil, fmt.Errorf("failed to set external auth: %w", err)
	}
	s.logins.cancel("")
	s.setExternal(a)
	r.After(func() {
		s.Broadcast(protocol.NoteAccountLoginCompleted, protocol.AccountLoginCompletedNotification{Success: true})
		s.changed(a)
	})
	return protocol.LoginAccountResponse{Type: protocol.LoginAccountResponseChatgptAuthTokens}, nil
}

// externalAuth reads what a client gave.
func externalAuth(token, account string, plan *string) (*auth.Auth, error) {
	token, err := config.HeaderValue("accessToken", token)
	if err != nil {
		return nil, err
	}
	a := &auth.Auth{Mode: auth.ChatGPT, External: true, AccessToken: token, AccountID: account}
	if a.Claims, err = auth.ParseClaims(token); err != nil {
		return nil, err
	}
	if plan != nil {
		a.Claims.Plan = *plan
	}
	return a, nil
}

// External gives the client's tokens for an engine, nil for none or when that has had
// those of this access token already.
func (s *Service) External(had string) *protocol.ChatgptAuthTokensRefreshResponse {
	a := s.external()
	if a == nil || a.AccessToken == had {
		return nil
	}
	res := &protocol.ChatgptAuthTokensRefreshResponse{AccessToken: a.AccessToken, ChatgptAccountID: a.AccountID}
	if a.Claims.Plan != "" {
		res.ChatgptPlanType = &a.Claims.Plan
	}
	return res
}

// HasExternal says whether engines get a client's tokens.
func (s *Service) HasExternal() bool { return s.external() != nil }

// Adopt keeps the tokens with which a client has answered an engine.
func (s *Service) Adopt(p *protocol.ChatgptAuthTokensRefreshResponse) {
	if s.external() == nil {
		return
	}
	if a, err := externalAuth(p.AccessToken, p.ChatgptAccountID, p.ChatgptPlanType); err == nil {
		s.setExternal(a)
	}
}

// errExternal says that a client's own tokens cannot be renewed here.
var errExternal = errors.New("the client's access token was refused: log in again")

// account gives credentials for the service behind the account.
type account struct {
	s *Service
	*auth.Source
}

func (a account) Current(ctx context.Context) (*auth.Auth, error) {
	if e := a.s.external(); e != nil {
		return e, nil
	}
	return a.Source.Current(ctx)
}

func (a account) Renew(ctx context.Context, refused *auth.Auth) (*auth.Auth, error) {
	if refused.External {
		return nil, errExternal
	}
	return a.Source.Renew(ctx, refused)
}
