package backend

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"codex/pkg/auth"
)

// tokens are credentials of which the first is refused.
type tokens struct{ renewed int }

func (c *tokens) Current(context.Context) (*auth.Auth, error) {
	return &auth.Auth{Mode: auth.ChatGPT, AccessToken: "old", AccountID: "acc"}, nil
}

func (c *tokens) Renew(context.Context, *auth.Auth) (*auth.Auth, error) {
	c.renewed++
	return &auth.Auth{Mode: auth.ChatGPT, AccessToken: "new", AccountID: "acc"}, nil
}

func TestAddress(t *testing.T) {
	for base, want := range map[string]string{
		"https://chatgpt.com/backend-api/": "https://chatgpt.com/backend-api/wham/usage",
		"https://chatgpt.com":              "https://chatgpt.com/backend-api/wham/usage",
		"http://127.0.0.1:1/x/backend-api": "http://127.0.0.1:1/x/backend-api/wham/usage",
		"http://127.0.0.1:1/":              "http://127.0.0.1:1/api/codex/usage",
	} {
		if got := (&Client{Base: base}).address("usage"); got != want {
			t.Errorf("%s: %s", base, got)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		status  int
		body    string
		renewed int
		want    string // "" for none
	}{
		{200, `{"plan_type":"pro"}`, 0, ""},
		{200, `nonsense`, 0, "usage: read the answer: "},
		{401, `no`, 1, "usage: status 401 Unauthorized: no"},
		{500, "a\nb" + strings.Repeat("x", 1000), 0, "usage: status 500 Internal Server Error: a b"},
		{302, "", 0, "usage: status 302 Found"},
	} {
		var seen []string
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r.Header.Get("Authorization")+" "+r.Header.Get("chatgpt-account-id"))
			w.WriteHeader(tc.status)
			w.Write([]byte(tc.body))
		}))
		c := &tokens{}
		_, err := (&Client{Base: h.URL, Credentials: c, Getenv: func(string) string { return "" }}).Usage(t.Context())
		h.Close()
		if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) || c.renewed != tc.renewed {
			t.Errorf("%d: %v, renewed %d", tc.status, err, c.renewed)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%d: %d bytes", tc.status, len(err.Error()))
		}
		if seen[0] != "Bearer old acc" || tc.renewed > 0 && (len(seen) != 2 || seen[1] != "Bearer new acc") {
			t.Errorf("%q", seen)
		}
		var e *Error
		if tc.status != 200 && (!errors.As(err, &e) || e.Status != tc.status) {
			t.Errorf("%v", err)
		}
	}
}
