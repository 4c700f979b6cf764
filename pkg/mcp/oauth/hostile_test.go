package oauth

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const asDocument = "/.well-known/oauth-authorization-server"

// TestHostile has who gives tokens lie at each step of a login: none ends with a token, sends a
// code or a token to somebody else, or takes long.
func TestHostile(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close) // not before the parallel tests, which come to nobody then
	set := func(document, name string, to any) func(*service) {
		return func(s *service) {
			s.twist = func(path string, m map[string]any) {
				if path == document {
					m[name] = to
				}
			}
		}
	}
	answer := func(document string, f http.HandlerFunc) func(*service) {
		return func(s *service) {
			s.stop = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == document {
					f(w, r)
				}
				return r.URL.Path == document
			}
		}
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		block := []byte(`{"a":"` + strings.Repeat("x", 1<<16))
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	moved := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}
	deep := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"issuer":` + strings.Repeat("[", 1<<20)))
	}
	back := func(name, to string) func(*service) {
		return func(s *service) { s.back = func(q url.Values) { q.Set(name, to) } }
	}
	for name, c := range map[string]struct {
		change  func(*service)
		browser bool // it is about the browser only
	}{
		"another issuer":              {set(asDocument, "issuer", other.URL), false},
		"no issuer":                   {set(asDocument, "issuer", ""), false},
		"issuer of another form":      {set(asDocument, "issuer", []string{"x"}), false},
		"sent back by another issuer": {back("iss", other.URL), true},
		"sent back by nobody":         {set(asDocument, "authorization_response_iss_parameter_supported", true), true},
		"no PKCE":                     {set(asDocument, "code_challenge_methods_supported", []string{}), true},
		"tokens in the clear":         {set(asDocument, "token_endpoint", "http://tokens.example/t"), false},
		"tokens from a file":          {set(asDocument, "token_endpoint", "file:///etc/shadow"), false},
		"registration in the clear":   {set(asDocument, "registration_endpoint", "http://tokens.example/r"), false},
		"a script to open":            {set(asDocument, "authorization_endpoint", "javascript:alert(1)"), true},
		"a file to open":              {set(asDocument, "authorization_endpoint", "file:///bin/sh"), true},
		"endless document":            {answer(asDocument, endless), false},
		"deep document":               {answer(asDocument, deep), false},
		"document elsewhere":          {answer(asDocument, moved), false},
		"registration elsewhere":      {answer("/register", moved), false},
		"endless registration":        {answer("/register", endless), false},
		"token elsewhere":             {answer("/token", moved), false},
		"endless token":               {answer("/token", endless), false},
		"token that is none":          {set("/token", "access_token", ""), false},
		"token with a line end":       {set("/token", "access_token", "a\r\nX-Evil: 1"), false},
	} {
		for _, device := range []bool{false, true} {
			if device && c.browser {
				continue
			}
			how := " by a browser"
			if device {
				how = " by a code"
			}
			t.Run(name+how, func(t *testing.T) {
				t.Parallel()
				s := start(t, c.change)
				l := s.login(t)
				l.ShowCode = func(string, string) {}
				do := l.Browser
				if device {
					do = l.Device
				}
				begun := time.Now()
				err := do(t.Context())
				e, ok, getErr := l.Store.Get(t.Context(), l.Server)
				if err == nil || ok || getErr != nil {
					t.Errorf("%v: %+v %v", err, e, getErr)
				}
				if took := time.Since(begun); took > 2*httpTime {
					t.Errorf("it took %v", took)
				}
				if err != nil && strings.Contains(err.Error(), "PLANTED") {
					t.Error(err)
				}
			})
		}
	}
	t.Cleanup(func() {
		if elsewhere.Load() != 0 {
			t.Error("another host was asked")
		}
	})
}

// TestTokensElsewhere: an issuer may have its tokens given at another place, as RFC 8414 lets it.
func TestTokensElsewhere(t *testing.T) {
	var asked atomic.Int64
	var s *service
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		s.serve(w, r)
	}))
	defer other.Close()
	s = start(t, func(s *service) {
		s.twist = func(document string, m map[string]any) {
			if document == asDocument {
				m["token_endpoint"] = other.URL + "/token"
			}
		}
	})
	l := s.login(t)
	l.ShowCode = func(string, string) {}
	for how, do := range map[string]func(context.Context) error{"by a browser": l.Browser, "by a code": l.Device} {
		asked.Store(0)
		if err := do(t.Context()); err != nil || asked.Load() == 0 {
			t.Errorf("%s: %v, asked %d times", how, err, asked.Load())
		}
		if e, ok, err := l.Store.Get(t.Context(), l.Server); !ok || err != nil || e.TokenEndpoint != other.URL+"/token" {
			t.Errorf("%s: %+v %v", how, e, err)
		}
	}
}

// TestRenewedInVain: tokens that were renewed and cannot be kept hold for this process, which
// says so.
func TestRenewedInVain(t *testing.T) {
	s := start(t)
	l := s.login(t)
	if err := l.Browser(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(l.Store.Home, ".credentials.json")
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s.stop = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" { // from now on nothing takes the place of the file
			_ = os.Remove(path)
			_ = os.MkdirAll(filepath.Join(path, "full"), 0o700)
		}
		return false
	}
	said := ""
	late := time.Now().Add(59*time.Minute + 40*time.Second)
	client := &http.Client{Transport: Authorize(l.Store, func() time.Time { return late }, func(line string) { said += line })(l.Server, http.DefaultTransport)}
	get := func() int {
		t.Helper()
		resp, err := client.Get(l.Server.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if status := get(); status != http.StatusOK || !strings.Contains(said, "cannot be kept") || strings.Contains(said, "refresh-") {
		t.Errorf("%d, %q", status, said)
	}
	if status := get(); status != http.StatusOK || s.tokens.Load() != 2 { // it was not renewed again
		t.Error(status, s.tokens.Load())
	}
	s.stop = nil
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, kept, 0o600); err != nil { // the store has what it had
		t.Fatal(err)
	}
	for range 2 { // and takes what is renewed from now on
		if status := get(); status != http.StatusOK {
			t.Error(status)
		}
	}
	if e, ok, err := l.Store.Get(t.Context(), l.Server); !ok || err != nil || e.AccessToken != "access-4" {
		t.Errorf("%+v %v", e, err)
	}
	if _, err := l.Store.Remove(t.Context(), l.Server); err != nil {
		t.Fatal(err)
	}
	if status := get(); status != http.StatusUnauthorized { // who logs out is out
		t.Error(status)
	}
}
