// Package oauth is a service that gives tokens, on loopback, for tests: it does what the
// real one does as far as clients can tell. A code goes with its PKCE challenge and is good
// once, and so is a refresh token: who uses one twice is refused for good.
package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// ClientID is the one of the original.
const ClientID = "app_EMoamEEZ73f0CkXaXp7hrann"

// Server is the service.
type Server struct {
	URL string

	// Account is whose tokens it gives, "acc1" at first; Life is how long an access token
	// is good, an hour at first; Now is its clock.
	Account string
	Life    time.Duration
	Now     func() time.Time
	// Renewing is called while a renewal is under way.
	Renewing func()
	// Odd changes an answer with tokens.
	Odd func(tokens map[string]any)
	// Held says that nobody types a device's code in.
	Held bool

	mu       sync.Mutex
	n        int               // tokens given
	codes    map[string]string // code: challenge
	refresh  map[string]bool   // refresh tokens: not used yet
	requests []Request
	asked    int // times a device's code was asked about
	revoked  []string
	agent    *Agent
}

// Request is what somebody asked.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// Start serves until the test ends.
func Start(t testing.TB) *Server {
	s := &Server{Account: "acc1", Life: time.Hour, Now: time.Now, codes: map[string]string{}, refresh: map[string]bool{}}
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// Set changes what the next answers are made of.
func (s *Server) Set(change func(*Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// JWT is an unsigned token with these claims.
func JWT(claims any) string {
	b, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(`{"alg":"none"}`)) + "." + e(b) + "." + e([]byte("signature"))
}

// Tokens are new ones, as the service gives them: every token holds the word PLANTED, for
// tests that look for secrets where none belong.
func (s *Server) Tokens() (id, access, refresh string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens()
}

func (s *Server) tokens() (id, access, refresh string) {
	s.n++
	id = JWT(map[string]any{"email": "user@example.com", "https://api.openai.com/auth": map[string]any{
		"chatgpt_account_id": s.Account, "chatgpt_plan_type": "pro", "chatgpt_user_id": "user1"}})
	access = JWT(map[string]any{"exp": s.Now().Add(s.Life).Unix(), "n": s.n, "x": "PLANTED"})
	refresh = fmt.Sprintf("PLANTED-refresh-%d", s.n)
	s.refresh[refresh] = true
	return id, access, refresh
}

// AuthJSON is an auth.json with new tokens.
func (s *Server) AuthJSON() string {
	id, access, refresh := s.Tokens()
	b, err := json.MarshalIndent(map[string]any{"auth_mode": "chatgpt", "OPENAI_API_KEY": nil,
		"tokens": map[string]string{"id_token": id, "access_token": access, "refresh_token": refresh, "account_id": s.Account}, "last_refresh": s.Now().UTC().Format(time.RFC3339Nano)}, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Requests are those of a path so far.
func (s *Server) Requests(path string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Request
	for _, r := range s.requests {
		if r.Path == path {
			out = append(out, r)
		}
	}
	return out
}

// Revoked are the tokens that nobody shall use any more.
func (s *Server) Revoked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.revoked)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{r.Method, r.URL.Path, r.Header.Clone(), string(body)})
	switch request := r.Method + " " + r.URL.Path; {
	case s.agent != nil && request == "GET /backend-api/wham/agent-identities/jwks":
		s.agent.keys(w)
		return
	case s.agent != nil && request == "POST /v1/agent/"+AgentName+"/task/register":
		s.agent.register(w, body)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /oauth/authorize":
		s.authorize(w, r)
	case "POST /oauth/token":
		s.token(w, r.Header.Get("Content-Type"), body)
	case "POST /oauth/revoke":
		var in struct{ Token string }
		json.Unmarshal(body, &in)
		delete(s.refresh, in.Token)
		s.revoked = append(s.revoked, in.Token)
		answer(w, 200, map[string]any{})
	case "POST /api/accounts/deviceauth/usercode":
		answer(w, 200, map[string]any{"device_auth_id": "dev1", "user_code": "ABCD-EFGH", "interval": "0.02"})
	case "POST /api/accounts/deviceauth/token":
		s.device(w, body)
	case "GET /v1/user-auth-credential/whoami":
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer at-good") {
			answer(w, 401, map[string]any{"error": map[string]any{"code": "invalid_token", "message": "no"}})
			return
		}
		answer(w, 200, map[string]any{"email": "user@example.com", "chatgpt_user_id": "user1", "chatgpt_account_id": s.Account,
			"chatgpt_plan_type": "pro", "chatgpt_account_is_fedramp": false})
	default:
		answer(w, 404, map[string]any{})
	}
}

// authorize is the page where a person says yes, which happens at once.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != ClientID || q.Get("code_challenge_method") != "S256" || q.Get("response_type") != "code" {
		http.Error(w, "bad request", 400)
		return
	}
	s.n++
	code := fmt.Sprintf("PLANTED-code-%d", s.n)
	s.codes[code] = q.Get("code_challenge")
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
}

// token gives tokens for a code (a form) or for a refresh token (an object).
func (s *Server) token(w http.ResponseWriter, mime string, body []byte) {
	in := map[string]string{}
	if strings.HasPrefix(mime, "application/json") {
		json.Unmarshal(body, &in)
	} else if q, err := url.ParseQuery(string(body)); err == nil {
		for k := range q {
			in[k] = q.Get(k)
		}
	}
	if in["client_id"] != ClientID {
		answer(w, 400, map[string]any{"error": "invalid_client"})
		return
	}
	switch in["grant_type"] {
	case "authorization_code":
		sum := sha256.Sum256([]byte(in["code_verifier"]))
		challenge, ok := s.codes[in["code"]]
		delete(s.codes, in["code"])
		if !ok || challenge != base64.RawURLEncoding.EncodeToString(sum[:]) {
			answer(w, 400, map[string]any{"error": "invalid_grant", "error_description": "the code is not good"})
			return
		}
	case "refresh_token":
		fresh, known := s.refresh[in["refresh_token"]]
		if !fresh {
			code := map[bool]string{true: "refresh_token_reused", false: "refresh_token_invalidated"}[known]
			answer(w, 401, map[string]any{"error": map[string]any{"code": code, "message": "no"}})
			return
		}
		s.refresh[in["refresh_token"]] = false
		if s.Renewing != nil {
			s.Renewing()
		}
	default:
		answer(w, 400, map[string]any{"error": "unsupported_grant_type"})
		return
	}
	id, access, refresh := s.tokens()
	tokens := map[string]any{"id_token": id, "access_token": access, "refresh_token": refresh}
	if s.Odd != nil {
		s.Odd(tokens)
	}
	answer(w, 200, tokens)
}

// device says twice that the person has not typed the code in yet.
func (s *Server) device(w http.ResponseWriter, body []byte) {
	var in struct {
		ID   string `json:"device_auth_id"`
		Code string `json:"user_code"`
	}
	json.Unmarshal(body, &in)
	if s.asked++; s.Held || s.asked < 3 || in.ID != "dev1" || in.Code != "ABCD-EFGH" {
		answer(w, 403, map[string]any{})
		return
	}
	const verifier = "PLANTED-verifier"
	sum := sha256.Sum256([]byte(verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	s.codes["PLANTED-device-code"] = challenge
	answer(w, 200, map[string]any{"authorization_code": "PLANTED-device-code", "code_challenge": challenge, "code_verifier": verifier})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}
