package login

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"codex/pkg/auth"
)

// authAPI is the service that knows personal access tokens; a variable names another one.
const (
	authAPI         = "https://auth.openai.com/api/accounts"
	authAPIVariable = "CODEX_AUTHAPI_BASE_URL"
)

// loginToken stores a personal access token that its service knows, or an agent's identity.
func (s *session) loginToken() error {
	if s.cfg.ForcedLoginMethod == "api" {
		return s.say("Access token login is disabled. Use API key login instead.")
	}
	token, err := s.secret("access token", "--with-access-token", auth.TokenVariable)
	if err != nil {
		return err
	}
	return s.report("Error logging in with access token: ", s.checkedToken(token))
}

func (s *session) checkedToken(token string) error {
	if !strings.HasPrefix(token, auth.PersonalPrefix) {
		return s.checkedIdentity(token)
	}
	text, err := auth.WithPersonal(token)
	if err != nil {
		return err
	}
	who, err := s.whoami(s.ctx, token)
	if err != nil {
		return err
	}
	if err := s.inWorkspace(who.AccountID); err != nil {
		return err
	}
	return s.keep(text)
}

// checkedIdentity stores the identity of an agent that its service has signed.
func (s *session) checkedIdentity(token string) error {
	a, err := auth.ParseIdentity(token)
	if err != nil {
		return err
	}
	if err := s.verify(token); err != nil {
		return err
	}
	if err := seed(a.Agent); err != nil {
		return err
	}
	if err := s.inWorkspace(a.AccountID); err != nil {
		return err
	}
	text, err := auth.WithIdentity(token)
	if err != nil {
		return err
	}
	return s.keep(text)
}

// inWorkspace holds forced_chatgpt_workspace_id.
func (s *session) inWorkspace(id string) error {
	allowed := s.cfg.ForcedWorkspaceIDs
	if len(allowed) == 0 || slices.Contains(allowed, id) {
		return nil
	}
	return fmt.Errorf("Login is restricted to workspace id(s) %s", strings.Join(allowed, ", "))
}

// whoami asks whose token it is.
func (s *session) whoami(ctx context.Context, token string) (auth.Claims, error) {
	base := cmp.Or(strings.TrimRight(s.Env.Get(authAPIVariable), "/"), authAPI)
	var who struct {
		Email     string `json:"email"`
		UserID    string `json:"chatgpt_user_id"`
		AccountID string `json:"chatgpt_account_id"`
		Plan      string `json:"chatgpt_plan_type"`
		FedRAMP   bool   `json:"chatgpt_account_is_fedramp"`
	}
	got, err := s.ask(ctx, http.MethodGet, base+"/v1/user-auth-credential/whoami", "", nil, "Authorization", "Bearer "+token)
	switch {
	case err != nil:
		return auth.Claims{}, fmt.Errorf("failed to request personal access token metadata: %w", err)
	case !got.ok():
		return auth.Claims{}, fmt.Errorf("personal access token metadata request failed with status %d %s", got.status, http.StatusText(got.status))
	}
	if err := json.Unmarshal(got.body, &who); err != nil {
		return auth.Claims{}, fmt.Errorf("failed to decode personal access token metadata: %w", err)
	}
	return auth.Claims{Email: who.Email, UserID: who.UserID, AccountID: who.AccountID, Plan: who.Plan, FedRAMP: who.FedRAMP}, nil
}
