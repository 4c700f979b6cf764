package login

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/cli/version"
)

// authAPI is the service that knows personal access tokens; a variable names another one.
const (
	authAPI         = "https://auth.openai.com/api/accounts"
	authAPIVariable = "CODEX_AUTHAPI_BASE_URL"
)

// loginToken stores a personal access token that its service knows.
func (s *session) loginToken() error {
	if s.cfg.ForcedLoginMethod == "api" {
		return s.say("Access token login is disabled. Use API key login instead.")
	}
	token, err := s.secret("access token", "--with-access-token", auth.TokenVariable)
	if err != nil {
		return err
	}
	if err := s.checkedToken(token); err != nil {
		return s.say("Error logging in with access token: %v", err)
	}
	s.tell("Successfully logged in")
	return nil
}

func (s *session) checkedToken(token string) error {
	if !strings.HasPrefix(token, auth.PersonalPrefix) {
		if strings.Count(token, ".") != 2 {
			return fmt.Errorf("invalid agent identity JWT format")
		}
		return fmt.Errorf("agent identity tokens are not part of this version; a personal access token begins with %s", auth.PersonalPrefix)
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
	base := authAPI
	if u := s.Env.Get(authAPIVariable); u != "" {
		base = strings.TrimRight(u, "/")
	}
	var who struct {
		Email     string `json:"email"`
		UserID    string `json:"chatgpt_user_id"`
		AccountID string `json:"chatgpt_account_id"`
		Plan      string `json:"chatgpt_plan_type"`
		FedRAMP   bool   `json:"chatgpt_account_is_fedramp"`
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1/user-auth-credential/whoami", nil)
	if err != nil {
		return auth.Claims{}, fmt.Errorf("failed to request personal access token metadata: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	status, body, err := s.ask(req)
	switch {
	case err != nil:
		return auth.Claims{}, fmt.Errorf("failed to request personal access token metadata: %w", err)
	case status/100 != 2:
		return auth.Claims{}, fmt.Errorf("personal access token metadata request failed with status %d %s", status, http.StatusText(status))
	}
	if err := json.Unmarshal(body, &who); err != nil {
		return auth.Claims{}, fmt.Errorf("failed to decode personal access token metadata: %w", err)
	}
	return auth.Claims{Email: who.Email, UserID: who.UserID, AccountID: who.AccountID, Plan: who.Plan, FedRAMP: who.FedRAMP}, nil
}

const (
	askTime   = 30 * time.Second // for one answer
	maxAnswer = 1 << 20
)

// ask sends a request that holds a secret: it follows no redirect. An error tells nothing
// that was sent.
func (s *session) ask(req *http.Request) (status int, body []byte, err error) {
	req.Header.Set("User-Agent", version.UserAgent("codex_cli_rs", s.Env.Get, "codex-login", version.Compat))
	req.Header.Set("originator", "codex_cli_rs")
	c := http.Client{Timeout: askTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer c.CloseIdleConnections()
	res, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("answer over %d bytes", maxAnswer)
	}
	return res.StatusCode, body, err
}
