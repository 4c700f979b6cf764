package login

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/cli/version"
	"codex/pkg/responses"
)

// The service that gives tokens, and who we are to it. Variables name other addresses for
// renewals and revocations, as in the original.
const (
	defaultIssuer   = "https://auth.openai.com"
	defaultClientID = "app_EMoamEEZ73f0CkXaXp7hrann"
	renewVariable   = "CODEX_REFRESH_TOKEN_URL_OVERRIDE"
	revokeVariable  = "CODEX_REVOKE_TOKEN_URL_OVERRIDE"
)

const (
	askTime    = 30 * time.Second // for one answer
	revokeTime = 10 * time.Second
	maxAnswer  = 1 << 20
)

// answer is what a service said.
type answer struct {
	status int
	body   []byte
}

func (a answer) ok() bool { return a.status/100 == 2 }

// describe is the error that the service tells, in one line: an OAuth error, or that of the
// API.
func (a answer) describe() string {
	code, text := a.fault()
	switch {
	case text != "":
		return strings.Join(strings.Fields(text), " ")
	case code != "":
		return code
	}
	return fmt.Sprintf("status %d %s", a.status, http.StatusText(a.status))
}

// fault reads the code and the words of an error.
func (a answer) fault() (code, text string) {
	var e struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
		Code        string          `json:"code"`
	}
	if json.Unmarshal(a.body, &e) != nil {
		return "", ""
	}
	var nested struct{ Code, Message string }
	if json.Unmarshal(e.Error, &nested) == nil {
		return nested.Code, nested.Message
	}
	if json.Unmarshal(e.Error, &code) != nil {
		code = e.Code
	}
	return code, e.Description
}

// ask sends a request that holds a secret. An error tells nothing of what was sent.
func (s *session) ask(ctx context.Context, method, address, mime string, body []byte, header ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	c, err := responses.HTTPClient(address, s.Env.Get)
	if err != nil {
		return answer{}, err
	}
	defer c.CloseIdleConnections()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	req.Header.Set("User-Agent", version.UserAgent(s.originator(), s.Env.Get, "codex-login", version.Compat))
	req.Header.Set("originator", s.originator())
	if mime != "" {
		req.Header.Set("Content-Type", mime)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		err = fmt.Errorf("answer over %d bytes", maxAnswer)
	}
	return answer{res.StatusCode, b}, err
}

// originator is who signs in: this program, or the client that has started it.
func (s *session) originator() string {
	return cmp.Or(s.Env.Get("CODEX_INTERNAL_ORIGINATOR_OVERRIDE"), "codex_cli_rs")
}

// postJSON asks with an object.
func (s *session) postJSON(ctx context.Context, address string, v any) (answer, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return answer{}, err
	}
	return s.ask(ctx, http.MethodPost, address, "application/json", b)
}

// granted are the tokens that the service gives; a renewal need not give all.
type granted struct {
	IDToken      string `json:"id_token"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// exchange gets the tokens for the code of a login.
func (s *session) exchange(ctx context.Context, code, redirect, verifier string) (granted, error) {
	var g granted
	form := strings.Join([]string{"grant_type=authorization_code", "code=" + url.QueryEscape(code), "redirect_uri=" + url.QueryEscape(redirect),
		"client_id=" + url.QueryEscape(s.clientID()), "code_verifier=" + url.QueryEscape(verifier)}, "&")
	a, err := s.ask(ctx, http.MethodPost, s.issuer()+"/oauth/token", "application/x-www-form-urlencoded", []byte(form))
	switch {
	case err != nil:
		return g, fmt.Errorf("token exchange failed: %w", err)
	case !a.ok():
		return g, fmt.Errorf("token exchange failed: %s", a.describe())
	}
	if err := json.Unmarshal(a.body, &g); err != nil {
		return g, fmt.Errorf("token exchange failed: %w", err)
	}
	if g.IDToken == "" || g.AccessToken == "" || g.RefreshToken == "" {
		return g, errors.New("token exchange failed: a token is missing in the answer")
	}
	return g, nil
}

// admit stores the tokens of a login, when the account may be used here.
func (s *session) admit(g granted) error {
	a := &auth.Auth{Mode: auth.ChatGPT, IDToken: g.IDToken, AccessToken: g.AccessToken, RefreshToken: g.RefreshToken, LastRefresh: s.Now()}
	var err error
	if a.Claims, err = auth.ParseClaims(g.IDToken); err != nil {
		return fmt.Errorf("read id token: %w", err)
	}
	if err := s.inWorkspace(a.Claims.AccountID); err != nil {
		return err
	}
	a.AccountID = a.Claims.AccountID
	return s.store.Change(s.ctx, func(string) (string, error) { return auth.WithTokens("", a) })
}

func (s *session) issuer() string {
	return strings.TrimRight(cmp.Or(s.Issuer, defaultIssuer), "/")
}

func (s *session) clientID() string {
	return cmp.Or(s.ClientID, defaultClientID)
}

// revoke tells the service that tokens are not used any more. Whether it hears, changes
// nothing here.
func (s *session) revoke(a *auth.Auth) {
	if a.Mode != auth.ChatGPT || a.External || a.RefreshToken == "" {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, revokeTime)
	defer cancel()
	got, err := s.postJSON(ctx, cmp.Or(s.Env.Get(revokeVariable), defaultIssuer+"/oauth/revoke"), struct {
		Token  string `json:"token"`
		Hint   string `json:"token_type_hint"`
		Client string `json:"client_id"`
	}{a.RefreshToken, "refresh_token", s.clientID()})
	if err == nil && !got.ok() {
		err = errors.New(got.describe())
	}
	if err != nil {
		s.tell("codex-login: warning: the tokens could not be revoked: %v", err)
	}
}
