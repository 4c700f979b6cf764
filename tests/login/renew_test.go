package login

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"codex/tests/oauth"
)

// TestTen holds that of ten processes that want new tokens at once, one asks the service:
// the refresh token is good once.
func TestTen(t *testing.T) {
	d := newDesk(t)
	d.service.Set(func(s *oauth.Server) { s.Life = -time.Minute })
	d.write("auth.json", d.service.AuthJSON())
	old := d.read("auth.json")
	d.service.Set(func(s *oauth.Server) { s.Life = time.Hour })
	var wg sync.WaitGroup
	tokens := make([]string, 10)
	for i := range tokens {
		wg.Go(func() {
			cmd := d.command("", "codex-login", "token")
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%v: %s", err, errs.String())
			}
			tokens[i] = gjson.GetBytes(out, "token").Str
		})
	}
	wg.Wait()
	stored := gjson.Get(d.read("auth.json"), "tokens.access_token").Str
	for i, token := range tokens {
		if token == "" || token != stored {
			t.Errorf("process %d has %q, stored is %q", i, token, stored)
		}
	}
	r := d.service.Requests("/oauth/token")
	if len(r) != 1 {
		t.Fatalf("%d renewals", len(r))
	}
	if want := fmt.Sprintf(`{"client_id":"app_EMoamEEZ73f0CkXaXp7hrann","grant_type":"refresh_token","refresh_token":%q}`, gjson.Get(old, "tokens.refresh_token").Str); r[0].Body != want {
		t.Errorf("asked %s", r[0].Body)
	}
	if fi, err := os.Stat(filepath.Join(d.home, "auth.json")); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi, err)
	}
	d.noSecrets()
}

// TestRenewalsRefused holds the words for what cannot be mended, and that the login stays.
func TestRenewalsRefused(t *testing.T) {
	d := newDesk(t)
	d.service.Set(func(s *oauth.Server) { s.Life = -time.Minute })
	text := d.service.AuthJSON()
	d.write("auth.json", text)
	d.service.Set(func(s *oauth.Server) { s.Life = time.Hour })
	if _, errs, status := d.run("", "codex-login", "token"); status != 0 {
		t.Fatal(errs)
	}
	for _, tc := range []struct{ text, want string }{
		{text, "because your refresh token was already used. Please log out and sign in again."},
		{strings.Replace(text, "PLANTED-refresh", "PLANTED-unknown", 1), "because your refresh token was revoked. Please log out and sign in again."},
	} {
		d.write("auth.json", tc.text)
		out, errs, status := d.run("", "codex-login", "token")
		if status != 1 || out != "" || !strings.Contains(errs, "Your access token could not be refreshed "+tc.want) {
			t.Errorf("%d %q %q", status, out, errs)
		}
		if d.read("auth.json") != tc.text {
			t.Error("auth.json is another one")
		}
	}
	if out, _, status := d.run("", "codex-login", "-c", `cli_auth_credentials_store="ephemeral"`, "token"); status != 1 || out != `{"mode":"","token":""}`+"\n" {
		t.Errorf("%d %s", status, out)
	}
}

// TestOddTokens holds that a renewal whose ID token cannot be read loses no login, its refresh
// token being good once, and that a token that could not be read again is not stored.
func TestOddTokens(t *testing.T) {
	d := newDesk(t)
	d.service.Set(func(s *oauth.Server) { s.Life = -time.Minute })
	d.write("auth.json", d.service.AuthJSON())
	odd := func(name, value string) {
		d.service.Set(func(s *oauth.Server) {
			s.Odd = func(tokens map[string]any) { tokens[name] = value }
		})
	}
	odd("id_token", "none")
	for range 2 { // the second one with what the first one was given
		if out, errs, status := d.run("", "codex-login", "token"); status != 0 || gjson.Get(out, "email").Str != "user@example.com" {
			t.Fatalf("%d %q %s", status, out, errs)
		}
	}
	before := d.read("auth.json")
	odd("access_token", "a\r\nb")
	if _, errs, status := d.run("", "codex-login", "token"); status != 1 || !strings.Contains(errs, "access_token: character 2 is U+000D, which cannot be sent in a header") {
		t.Errorf("%d %s", status, errs)
	}
	if d.read("auth.json") != before {
		t.Error("auth.json is another one")
	}
	d.noSecrets()
}

// TestMeanwhile holds that who logs out, or in to another account, while tokens are renewed,
// stays so.
func TestMeanwhile(t *testing.T) {
	for name, text := range map[string]string{"out": "", "key": `{"auth_mode":"apikey","OPENAI_API_KEY":"sk-other"}`} {
		d := newDesk(t)
		d.service.Set(func(s *oauth.Server) { s.Life = -time.Minute })
		d.write("auth.json", d.service.AuthJSON())
		d.service.Set(func(s *oauth.Server) { s.Life = time.Hour })
		renewing := func() {
			if text == "" {
				os.Remove(filepath.Join(d.home, "auth.json"))
			} else {
				d.write("auth.json", text)
			}
		}
		d.service.Set(func(s *oauth.Server) { s.Renewing = renewing })
		d.run("", "codex-login", "token")
		b, err := os.ReadFile(filepath.Join(d.home, "auth.json"))
		if text == "" && err == nil || text != string(b) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
	}
}

// TestReadOnly holds that nobody is asked for tokens that could not be kept.
func TestReadOnly(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("this user may write everywhere")
	}
	d := newDesk(t)
	d.service.Set(func(s *oauth.Server) { s.Life = -time.Minute })
	d.write("auth.json", d.service.AuthJSON())
	if err := os.Chmod(d.home, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(d.home, 0o700)
	if _, errs, status := d.run("", "codex-login", "token"); status != 1 || !strings.Contains(errs, "auth.renewal.lock") {
		t.Errorf("%d %s", status, errs)
	}
	if n := len(d.service.Requests("/oauth/token")); n != 0 {
		t.Errorf("%d renewals", n)
	}
}

// TestTurn holds how a turn comes by a token that is good.
func TestTurn(t *testing.T) {
	for _, tc := range []struct {
		name     string
		life     time.Duration // of the stored token
		good     func(d *desk) func(token string) bool
		requests int
		renewals int
		want     string // "" for a turn that ends well
	}{
		{"good", time.Hour, nil, 1, 0, ""},
		{"its time is over", -time.Minute, nil, 1, 1, ""},
		{"refused", time.Hour, func(d *desk) func(string) bool {
			old := gjson.Get(d.read("auth.json"), "tokens.access_token").Str
			return func(token string) bool { return token != old }
		}, 2, 1, ""},
		{"refused again and again", time.Hour, func(*desk) func(string) bool { return func(string) bool { return false } }, 3, 2, "token is not good"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDesk(t)
			d.service.Set(func(s *oauth.Server) { s.Life = tc.life })
			d.write("auth.json", d.service.AuthJSON())
			d.service.Set(func(s *oauth.Server) { s.Life = time.Hour })
			if tc.good != nil {
				d.model.accept(tc.good(d))
			}
			out, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "hi")
			if tc.want == "" && (status != 0 || out != "hello\n") || tc.want != "" && (status != 1 || !strings.Contains(errs, tc.want)) {
				t.Errorf("%d %q %s", status, out, errs)
			}
			r := d.model.requests()
			if len(r) != tc.requests || len(d.service.Requests("/oauth/token")) != tc.renewals {
				t.Errorf("%d requests, %d renewals", len(r), len(d.service.Requests("/oauth/token")))
			}
			if got, want := r[len(r)-1], gjson.Get(d.read("auth.json"), "tokens.access_token").Str+" acc1"; got != want {
				t.Errorf("asked with %s, stored is %s", got, want)
			}
			d.noSecrets()
		})
	}
}

// TestTurnElsewhere holds that a token which another process has stored meanwhile is used
// before the service is asked for one.
func TestTurnElsewhere(t *testing.T) {
	d := newDesk(t)
	d.write("auth.json", d.service.AuthJSON())
	fresh := d.service.AuthJSON()
	good := gjson.Get(fresh, "tokens.access_token").Str
	d.model.accept(func(token string) bool {
		if token != good {
			d.write("auth.json", fresh) // the other process
		}
		return token == good
	})
	if out, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "hi"); status != 0 || out != "hello\n" {
		t.Errorf("%d %s", status, errs)
	}
	if n := len(d.service.Requests("/oauth/token")); n != 0 {
		t.Errorf("%d renewals", n)
	}

	// Somebody has logged in to another account: that one was not asked for.
	d.service.Set(func(s *oauth.Server) { s.Account = "acc2" })
	other := d.service.AuthJSON()
	d.model.accept(func(string) bool { d.write("auth.json", other); return false })
	if _, errs, status := d.run("", "codex-exec", "--skip-git-repo-check", "hi"); status != 1 || !strings.Contains(errs, "signed in to another account") {
		t.Errorf("%d %s", status, errs)
	}
}

// TestTurnCredentials holds which credential a turn takes, and which it must not.
func TestTurnCredentials(t *testing.T) {
	d := newDesk(t)
	d.write("auth.json", d.service.AuthJSON())
	exec := func(want string, args ...string) {
		t.Helper()
		before := len(d.model.requests())
		_, errs, status := d.run("", "codex-exec", append([]string{"--skip-git-repo-check", "hi"}, args...)...)
		r := d.model.requests()
		switch {
		case len(r) == before && (status == 0 || !strings.Contains(errs, want)):
			t.Errorf("%q: %d %s", args, status, errs)
		case len(r) > before && r[len(r)-1] != want:
			t.Errorf("%q: asked with %s, want %s", args, r[len(r)-1], want)
		}
	}
	exec("API key login is required, but ChatGPT is currently being used.", "-c", `forced_login_method="api"`)
	exec("Login is restricted to workspace(s) other, but current credentials belong to acc1.", "-c", `forced_chatgpt_workspace_id="other"`)
	if d.read("auth.json") == "" {
		t.Error("logged out")
	}
	d.extra = []string{"CODEX_ACCESS_TOKEN=at-good"}
	exec("at-good acc1")
	d.extra = append(d.extra, "CODEX_API_KEY=sk-PLANTED")
	exec("sk-PLANTED ")
	exec("ChatGPT login is required, but an API key is currently being used.", "-c", `forced_login_method="chatgpt"`)
	d.extra = []string{"CODEX_ACCESS_TOKEN=at-bad"}
	exec("personal access token metadata request failed with status 401")
	d.noSecrets()
}
