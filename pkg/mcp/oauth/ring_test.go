package oauth

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/zalando/go-keyring"

	"codex/pkg/config"
)

// TestRing holds where a login is kept, and that it is found again, renewed and forgotten
// there. It is not parallel: the keyring is one for the process.
func TestRing(t *testing.T) {
	for _, tc := range []struct {
		logins     string
		broken     bool // no keyring
		file, ring bool // which has it
		fail, warn string
	}{
		{config.LoginsFile, false, true, false, "", ""},
		{config.LoginsRing, false, false, true, "", ""},
		{config.LoginsAuto, false, false, true, "", ""},
		{config.LoginsRing, true, true, false, "failed to write OAuth tokens to keyring: no bus", ""},
		{config.LoginsAuto, true, true, false, "", "failed to write OAuth tokens to keyring: no bus"},
	} {
		t.Run(tc.logins, func(t *testing.T) {
			keyring.MockInit()
			s := start(t)
			l := s.login(t)
			warned := ""
			l.Store.Warn = func(err error) { warned += err.Error() }
			key, err := Key(l.Server.Name, l.Server.URL)
			if err != nil {
				t.Fatal(err)
			}
			where := func() (file, ring bool) {
				b, _ := os.ReadFile(filepath.Join(l.Store.Home, ".credentials.json"))
				text, err := keyring.Get("Codex MCP Credentials", key)
				return strings.Contains(string(b), key), err == nil && gjson.Get(text, "token_response.access_token").Str != ""
			}
			// What was there before the setting was another goes where the setting says.
			l.Server.Logins = config.LoginsFile
			if err := l.Store.Put(t.Context(), l.Server, Entry{AccessToken: "before"}); err != nil {
				t.Fatal(err)
			}
			l.Server.Logins = tc.logins
			if tc.broken {
				keyring.MockInitWithError(errors.New("no bus"))
			}
			err = l.Browser(t.Context())
			if tc.fail == "" && err != nil || tc.fail != "" && (err == nil || !strings.Contains(err.Error(), tc.fail)) || !strings.Contains(warned, tc.warn) || tc.warn == "" && warned != "" {
				t.Fatalf("%v, warned %q", err, warned)
			}
			if file, ring := where(); file != tc.file || ring != tc.ring {
				t.Errorf("file %v, keyring %v", file, ring)
			}
			if tc.fail != "" {
				return
			}
			if status, err := StatusOf(t.Context(), l.Server, l.Store); status != LoggedIn || err != nil {
				t.Error(status, err)
			}
			late := func() time.Time { return time.Now().Add(59*time.Minute + 40*time.Second) }
			client := &http.Client{Transport: Authorize(l.Store, late, func(line string) { t.Error(line) })(l.Server, http.DefaultTransport)}
			for range 2 {
				resp, err := client.Get(l.Server.URL)
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Fatal(resp, err)
				}
				resp.Body.Close()
			}
			if e, ok, err := l.Store.Get(t.Context(), l.Server); !ok || err != nil || e.AccessToken == "access-1" || e.TokenEndpoint != s.URL+"/token" {
				t.Errorf("%+v %v", e, err)
			}
			if file, ring := where(); file != tc.file || ring != tc.ring {
				t.Errorf("renewed: file %v, keyring %v", file, ring)
			}
			removed, err := l.Store.Remove(t.Context(), l.Server)
			if file, ring := where(); !removed || err != nil || file || ring {
				t.Errorf("%v %v, file %v, keyring %v", removed, err, file, ring)
			}
		})
	}
}

// TestRingForm holds an entry against the original's, which reads what we write, and we what it writes.
func TestRingForm(t *testing.T) {
	keyring.MockInit()
	server := config.MCPServer{Name: "conf", URL: "http://localhost:43231/mcp", Logins: config.LoginsRing}
	store := Store{Home: t.TempDir()}
	theirs := `{"server_name":"conf","url":"http://localhost:43231/mcp","client_id":"c","token_response":{"access_token":"a","token_type":"bearer","expires_in":3599,"refresh_token":"r","scope":"x y"},"expires_at":4102444800000}`
	if err := keyring.Set("Codex MCP Credentials", "conf|2546337e162d9c9a", theirs); err != nil {
		t.Fatal(err)
	}
	e, ok, err := store.Get(t.Context(), server)
	if !ok || err != nil || e.AccessToken != "a" || *e.RefreshToken != "r" || e.ClientID != "c" || strings.Join(e.Scopes, " ") != "x y" || *e.ExpiresAt != 4102444800000 {
		t.Fatalf("%+v %v", e, err)
	}
	if err := store.Put(t.Context(), server, e); err != nil {
		t.Fatal(err)
	}
	text, err := keyring.Get("Codex MCP Credentials", "conf|2546337e162d9c9a")
	if err != nil {
		t.Fatal(err)
	}
	ours, want := gjson.Parse(text), gjson.Parse(theirs)
	for _, path := range []string{"server_name", "url", "client_id", "token_response.access_token", "token_response.token_type", "token_response.refresh_token", "token_response.scope", "expires_at"} {
		if ours.Get(path).Raw != want.Get(path).Raw {
			t.Errorf("%s: %s, not %s", path, ours.Get(path).Raw, want.Get(path).Raw)
		}
	}
	if n := ours.Get("token_response.expires_in"); n.Int() <= 0 || strings.Contains(n.Raw, ".") {
		t.Errorf("expires_in %s", n.Raw)
	}
	for _, broken := range []string{"", "[]", `{"token_response":1}`, "\x00"} {
		if err := keyring.Set("Codex MCP Credentials", "conf|2546337e162d9c9a", broken); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := store.Get(t.Context(), server); ok || err == nil || strings.Contains(err.Error(), "token_response") {
			t.Errorf("%q: %v %v", broken, ok, err)
		}
	}
}

// TestRingUnknown holds that nobody is told that a login is gone when a keyring may have it.
func TestRingUnknown(t *testing.T) {
	keyring.MockInitWithError(errors.New("locked"))
	server := config.MCPServer{Name: "s", URL: "http://localhost/mcp", Logins: config.LoginsAuto}
	if _, err := (Store{Home: t.TempDir()}).Remove(t.Context(), server); err == nil || !strings.Contains(err.Error(), "failed to delete OAuth tokens from keyring: locked") {
		t.Error(err)
	}
	if removed, err := (Store{Home: t.TempDir(), NoRing: errors.New("none")}).Remove(t.Context(), server); removed || err != nil {
		t.Error(removed, err)
	}
}

// TestRingSlow holds that nobody waits for a keyring longer than his request may take, and
// that what it says then is for all who wait.
func TestRingSlow(t *testing.T) {
	slow := &told{done: make(chan struct{})}
	r := &transport{server: config.MCPServer{Name: "s", URL: "http://localhost/mcp", Logins: config.LoginsRing}, store: Store{Home: t.TempDir()}, known: slow}
	late := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if _, ok, err := r.stored(ctx); ok || !errors.Is(err, late) {
		t.Error(ok, err)
	}
	got := make(chan string, 2)
	for range 2 {
		go func() {
			e, _, _ := r.stored(t.Context())
			got <- e.AccessToken
		}()
	}
	slow.entry, slow.ok, slow.until = Entry{AccessToken: "a"}, true, time.Now().Add(time.Hour)
	close(slow.done)
	for range 2 {
		if token := <-got; token != "a" {
			t.Errorf("%q", token)
		}
	}
}
