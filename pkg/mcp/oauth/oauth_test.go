package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"codex/pkg/config"
)

// service is a server that wants a login, and who gives tokens for it.
type service struct {
	*httptest.Server
	codes                  sync.Map // code: challenge and redirect
	registered, tokens     atomic.Int64
	refused                atomic.Bool // refresh tokens are
	scope                  atomic.Value
	polls                  atomic.Int64
	noMetadata, denyScopes bool
	registration, resource atomic.Value

	twist func(document string, m map[string]any) // changes what it says of itself
	back  func(url.Values)                        // changes how it sends a browser back
	stop  func(w http.ResponseWriter, r *http.Request) bool
}

func start(t *testing.T, change ...func(*service)) *service {
	s := &service{}
	for _, f := range change {
		f(s)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	if s.stop != nil && s.stop(w, r) {
		return
	}
	say := func(v any) {
		if m, ok := v.(map[string]any); ok && s.twist != nil {
			s.twist(r.URL.Path, m)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	switch path := r.URL.Path; {
	case path == "/mcp":
		if r.Header.Get("Authorization") == fmt.Sprintf("Bearer access-%d", s.tokens.Load()) {
			fmt.Fprint(w, "in")
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+s.URL+`/.well-known/oauth-protected-resource/mcp"`)
		w.WriteHeader(http.StatusUnauthorized)
	case s.noMetadata:
		http.NotFound(w, r)
	case path == "/.well-known/oauth-protected-resource/mcp":
		say(map[string]any{"resource": s.URL + "/mcp", "authorization_servers": []string{s.URL}, "scopes_supported": []string{"read", " write ", "read"}})
	case path == "/.well-known/oauth-authorization-server":
		say(map[string]any{"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "registration_endpoint": s.URL + "/register",
			"device_authorization_endpoint": s.URL + "/device", "response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"}})
	case path == "/register":
		b, _ := io.ReadAll(r.Body)
		s.registration.Store(string(b))
		w.WriteHeader(http.StatusCreated)
		say(map[string]any{"client_id": fmt.Sprintf("client-%d", s.registered.Add(1)), "redirect_uris": []string{}, "token_endpoint_auth_method": "none"})
	case path == "/authorize":
		s.authorize(w, r)
	case path == "/device":
		say(map[string]any{"device_code": "D", "user_code": "ABCD-EFGH", "verification_uri": s.URL + "/activate", "expires_in": 60, "interval": 1})
	case path == "/token":
		s.token(w, r, say)
	default:
		http.NotFound(w, r)
	}
}

func (s *service) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	asked := strings.Fields(q.Get("scope"))
	slices.Sort(asked) // the library gives them in no order
	s.scope.Store(strings.Join(asked, " "))
	back := url.Values{"state": {q.Get("state")}}
	if s.denyScopes && q.Get("scope") != "" {
		back.Set("error", "invalid_scope")
	} else {
		back.Set("code", "code-1")
		s.codes.Store("code-1", q.Get("redirect_uri"))
	}
	if q.Get("code_challenge_method") != "S256" || q.Get("resource") == "" {
		back = url.Values{"state": {q.Get("state")}, "error": {"invalid_request"}}
	}
	s.resource.Store(q.Get("resource"))
	if s.back != nil {
		s.back(back)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (s *service) token(w http.ResponseWriter, r *http.Request, say func(any)) {
	_ = r.ParseForm()
	fail := func(code string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error":%q,"secret":"PLANTED"}`, code)
	}
	switch r.Form.Get("grant_type") {
	case "authorization_code":
		to, ok := s.codes.LoadAndDelete(r.Form.Get("code"))
		if !ok || to != r.Form.Get("redirect_uri") || r.Form.Get("code_verifier") == "" {
			fail("invalid_grant")
			return
		}
	case "refresh_token":
		if s.refused.Load() || r.Form.Get("refresh_token") != fmt.Sprintf("refresh-%d", s.tokens.Load()) {
			fail("invalid_grant")
			return
		}
	case "urn:ietf:params:oauth:grant-type:device_code":
		if s.polls.Add(1) == 1 {
			fail("authorization_pending")
			return
		}
	default:
		fail("unsupported_grant_type")
		return
	}
	n := s.tokens.Add(1)
	say(map[string]any{"access_token": fmt.Sprintf("access-%d", n), "refresh_token": fmt.Sprintf("refresh-%d", n), "token_type": "Bearer", "expires_in": 3600, "scope": "read"})
}

// login is one by a browser that goes where it is sent.
func (s *service) login(t *testing.T) *Login {
	return &Login{Server: config.MCPServer{Name: "srv", URL: s.URL + "/mcp", Enabled: true}, Store: Store{Home: t.TempDir()}, Show: func(address string) {
		go func() {
			if resp, err := http.Get(address); err == nil {
				resp.Body.Close()
			}
		}()
	}}
}

func TestBrowser(t *testing.T) {
	s := start(t)
	l := s.login(t)
	if err := l.Browser(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, ok, err := l.Store.Get(t.Context(), l.Server)
	if err != nil || !ok || e.AccessToken != "access-1" || e.RefreshToken == nil || *e.RefreshToken != "refresh-1" || e.ClientID != "client-1" ||
		e.ExpiresAt == nil || strings.Join(e.Scopes, " ") != "read" || e.TokenEndpoint != s.URL+"/token" || e.Resource != l.Server.URL {
		t.Errorf("%+v %v %v", e, ok, err)
	}
	if s.scope.Load() != "read write" {
		t.Errorf("asked for %q", s.scope.Load())
	}
	var reg map[string]any
	if err := json.Unmarshal([]byte(s.registration.Load().(string)), &reg); err != nil {
		t.Fatal(err)
	}
	if reg["client_name"] != "Codex" || reg["token_endpoint_auth_method"] != "none" || fmt.Sprint(reg["grant_types"]) != "[authorization_code refresh_token]" {
		t.Errorf("registered %v", reg)
	}
	st, err := os.Stat(filepath.Join(l.Store.Home, ".credentials.json"))
	if err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Error(st.Mode(), err)
	}
	if status, err := StatusOf(t.Context(), l.Server, l.Store); status != LoggedIn || err != nil {
		t.Error(status, err)
	}
	if removed, err := l.Store.Remove(t.Context(), l.Server); !removed || err != nil {
		t.Error(removed, err)
	}
	if _, err := os.Stat(filepath.Join(l.Store.Home, ".credentials.json")); !os.IsNotExist(err) {
		t.Error("the empty file is still there")
	}
	if status, err := StatusOf(t.Context(), l.Server, l.Store); status != NotLoggedIn || err != nil {
		t.Error(status, err)
	}
}

func TestScopes(t *testing.T) {
	none := []string{}
	for _, c := range []struct {
		name        string
		flag        []string
		settings    *[]string
		deny        bool
		asked, fail string
	}{
		{"of the command line", []string{"a", "b"}, &[]string{"c"}, false, "a b", ""},
		{"of the settings", nil, &[]string{"c"}, false, "c", ""},
		{"none by the settings", nil, &none, false, "", ""},
		{"discovered and refused", nil, nil, true, "", ""},
		{"asked for and refused", []string{"a"}, nil, true, "a", "invalid_scope"},
	} {
		s := start(t, func(s *service) { s.denyScopes = c.deny })
		l := s.login(t)
		l.Scopes, l.Server.Scopes = c.flag, c.settings
		err := l.Browser(t.Context())
		if c.fail == "" && err != nil || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) || s.scope.Load() != c.asked {
			t.Errorf("%s: %v, asked for %q", c.name, err, s.scope.Load())
		}
	}
}

func TestUnsupported(t *testing.T) {
	nothing := httptest.NewServer(http.NotFoundHandler())
	defer nothing.Close()
	l := &Login{Server: config.MCPServer{Name: "x", URL: nothing.URL + "/mcp"}, Store: Store{Home: t.TempDir()}, Show: func(string) { t.Error("shown") }}
	if err := l.Browser(t.Context()); err != ErrUnsupported {
		t.Error(err)
	}
	if err := l.Device(t.Context()); err != ErrUnsupported {
		t.Error(err)
	}
	l.Server.URL = "http://127.0.0.1:9/mcp"
	if err := l.Browser(t.Context()); err != ErrUnsupported {
		t.Error(err)
	}
}

// TestStranger holds that only who knows the state ends a login, and that its end is bounded.
func TestStranger(t *testing.T) {
	s := start(t)
	l := s.login(t)
	honest := l.Show
	l.Show = func(address string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Error(err)
		}
		to := u.Query().Get("redirect_uri")
		for _, q := range []string{"?code=evil&state=evil", "?code=evil", "", "/other?code=evil&state=" + u.Query().Get("state")} {
			resp, err := http.Get(to + q)
			if err != nil {
				t.Error(err)
				continue
			}
			b, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(b), "Invalid OAuth callback") {
				t.Errorf("%s: %d %s", q, resp.StatusCode, b)
			}
		}
		honest(address)
	}
	if err := l.Browser(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	l.Show = func(string) { cancel() }
	if err := l.Browser(ctx); err == nil {
		t.Error("it did not end")
	}
}

func TestDevice(t *testing.T) {
	s := start(t)
	l := s.login(t)
	shown := ""
	l.ShowCode = func(address, code string) { shown = address + " " + code }
	if err := l.Device(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e, ok, err := l.Store.Get(t.Context(), l.Server); !ok || err != nil || e.AccessToken != "access-1" || shown != s.URL+"/activate ABCD-EFGH" {
		t.Errorf("%+v %v %q", e, err, shown)
	}
}

// TestRenew holds that of many requests with an expired token one renews it.
func TestRenew(t *testing.T) {
	s := start(t)
	l := s.login(t)
	if err := l.Browser(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Now().Add(59*time.Minute + 40*time.Second) } // 20 s before the end
	var all sync.WaitGroup
	for range 8 {
		client := &http.Client{Transport: Authorize(l.Store, now, func(line string) { t.Error(line) })(l.Server, http.DefaultTransport)}
		all.Go(func() {
			resp, err := client.Get(l.Server.URL)
			if err != nil {
				t.Error(err)
				return
			}
			resp.Body.Close()
		})
	}
	all.Wait()
	if e, _, err := l.Store.Get(t.Context(), l.Server); err != nil || e.AccessToken == "access-1" {
		t.Errorf("%+v %v", e, err)
	}
}

// TestRefusedToken holds that a token that the server does not take is renewed once, with the
// body sent again, and that a login that cannot be renewed says so without secrets.
func TestRefusedToken(t *testing.T) {
	s := start(t)
	l := s.login(t)
	if err := l.Browser(t.Context()); err != nil {
		t.Fatal(err)
	}
	e, _, _ := l.Store.Get(t.Context(), l.Server)
	e.AccessToken = "stale"
	if err := l.Store.Put(t.Context(), l.Server, e); err != nil {
		t.Fatal(err)
	}
	logged := ""
	client := &http.Client{Transport: Authorize(l.Store, time.Now, func(line string) { logged += line })(l.Server, http.DefaultTransport)}
	resp, err := client.Post(l.Server.URL, "text/plain", strings.NewReader("body"))
	if err != nil || resp.StatusCode != 200 || logged != "" {
		t.Errorf("%v %v %s", resp, err, logged)
	}
	s.refused.Store(true)
	s.tokens.Add(1) // the token is good no more
	resp, err = client.Get(l.Server.URL)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || !strings.Contains(logged, "invalid_grant") || strings.Contains(logged, "PLANTED") {
		t.Errorf("%v %v %q", resp, err, logged)
	}
}

// TestKey holds the name of an entry against the original's.
func TestKey(t *testing.T) {
	b, err := os.ReadFile("testdata/credentials.json")
	if err != nil {
		t.Fatal(err)
	}
	e, ok, err := Store{}.pick(b, "conf", "http://localhost:43231/mcp")
	if err != nil {
		t.Fatal(err)
	}
	if key, _ := Key("conf", "http://localhost:43231/mcp"); !strings.Contains(string(b), key) || !ok {
		t.Errorf("%s %+v", key, e)
	}
}

func FuzzPick(f *testing.F) {
	f.Add([]byte(`{"a|0123":{"access_token":"x"}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, _, err := (Store{}).pick(text, "a", "http://h/"); err != nil && strings.Contains(err.Error(), "access_token") {
			t.Error(err)
		}
	})
}

// TestMoreScopes holds that a server that wants more says how to get it, in words that can be
// copied.
func TestMoreScopes(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="read write $(reboot)"`)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer s.Close()
	store, server := Store{Home: t.TempDir()}, config.MCPServer{Name: "srv", URL: s.URL}
	if err := store.Put(t.Context(), server, Entry{AccessToken: "t", Scopes: []string{"read"}}); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: Authorize(store, time.Now, func(string) {})(server, http.DefaultTransport)}
	_, err := client.Get(s.URL)
	if err == nil || !strings.Contains(err.Error(), "Run `codex mcp login srv --scopes read,write`.") {
		t.Error(err)
	}
}
