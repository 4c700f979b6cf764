package login

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"codex/pkg/auth"
	"codex/pkg/config"
	"codex/tests/oauth"
)

// desk is a person with a browser, who runs the program.
type desk struct {
	t      *testing.T
	home   string
	env    map[string]string
	server *oauth.Server
	browse func(address string)
	visits sync.WaitGroup
}

func newDesk(t *testing.T) *desk {
	s := oauth.Start(t)
	d := &desk{t: t, home: t.TempDir(), server: s, env: map[string]string{portVariable: "0",
		authAPIVariable: s.URL, renewVariable: s.URL + "/oauth/token", revokeVariable: s.URL + "/oauth/revoke"}}
	t.Cleanup(d.visits.Wait)
	return d
}

// visit is the browser going somewhere by itself.
func (d *desk) visit(address string) { d.visits.Go(func() { get(d.t, address) }) }

// run gives what the program said, and its status.
func (d *desk) run(ctx context.Context, stdin string, args ...string) (stdout, stderr string, status int) {
	if len(args) == 0 || strings.HasPrefix(args[0], "-") {
		args = append(args, "--experimental_issuer", d.server.URL)
	}
	var out, errs bytes.Buffer
	status = Main(ctx, Process{Args: args,
		Env: config.Env{Home: d.home, Cwd: d.home, Get: func(k string) string {
			if k == "CODEX_HOME" {
				return d.home
			}
			return d.env[k]
		}, SystemDir: filepath.Join(d.home, "none")},
		Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Now: time.Now, Open: d.browse})
	return out.String(), errs.String(), status
}

func (d *desk) stored() *auth.Auth {
	d.t.Helper()
	a, err := auth.LoadFile(d.home)
	if err != nil {
		d.t.Fatal(err)
	}
	return a
}

// get is a browser that follows redirects.
func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, string(b)
}

func TestBrowser(t *testing.T) {
	d := newDesk(t)
	d.browse = func(address string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		redirect, err := url.Parse(u.Query().Get("redirect_uri"))
		if err != nil || redirect.Hostname() != "localhost" || redirect.Path != "/auth/callback" {
			t.Errorf("redirect_uri %s, %v", redirect, err)
		}
		var names []string
		for p := range strings.SplitSeq(u.RawQuery, "&") {
			name, _, _ := strings.Cut(p, "=")
			names = append(names, name)
		}
		if got, want := strings.Join(names, " "), "response_type client_id redirect_uri scope code_challenge code_challenge_method "+
			"id_token_add_organizations codex_cli_simplified_flow state originator"; got != want {
			t.Errorf("parameters %s", got)
		}
		if !strings.Contains(u.RawQuery, "scope=openid%20profile%20email%20offline_access%20") {
			t.Errorf("scope in %s", u.RawQuery)
		}
		base := "http://" + redirect.Host
		// Somebody else's visit, and one to nowhere, end nothing.
		if status, body := get(t, base+"/auth/callback?code=x&state=wrong"); status != 400 || body != "State mismatch\n" {
			t.Errorf("%d %q", status, body)
		}
		if status, _ := get(t, base+"/other"); status != 404 {
			t.Errorf("other: %d", status)
		}
		d.visit(address)
	}
	out, errs, status := d.run(t.Context(), "")
	if status != 0 || out != "" || !strings.HasSuffix(errs, "Successfully logged in\n") || !strings.HasPrefix(errs, "Starting local login server on http://localhost:") {
		t.Fatalf("%d %q %q", status, out, errs)
	}
	a := d.stored()
	if a.Mode != auth.ChatGPT || a.AccountID != "acc1" || a.Claims.Email != "user@example.com" || !strings.HasPrefix(a.RefreshToken, "PLANTED-refresh-") {
		t.Fatalf("%+v", a)
	}
	if _, errs, status := d.run(t.Context(), "", "status"); status != 0 || errs != "Logged in using ChatGPT\n" {
		t.Fatal(status, errs)
	}
	if _, errs, status := d.run(t.Context(), "", "logout"); status != 0 || errs != "Successfully logged out\n" {
		t.Fatal(status, errs)
	}
	if got := d.server.Revoked(); len(got) != 1 || got[0] != a.RefreshToken {
		t.Errorf("revoked %q", got)
	}
}

// TestBrowserEnds holds how a browser login ends without a credential.
func TestBrowserEnds(t *testing.T) {
	for _, tc := range []struct{ name, query, want string }{
		{"cancel", "", "Login cancelled"},
		{"denied", "error=access_denied&error_description=not+today", "sign-in failed: not today"},
		{"no plan", "error=access_denied&error_description=missing_codex_entitlement", "ask its administrator"},
		{"no code", "x=y", "missing authorization code"},
		{"bad code", "code=unknown", "token exchange failed: the code is not good"},
		{"markup", "error=%3Cscript%3E", "sign-in failed: <script>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDesk(t)
			seen := make(chan string, 1)
			d.browse = func(address string) {
				u, _ := url.Parse(address)
				redirect, _ := url.Parse(u.Query().Get("redirect_uri"))
				to := redirect.String() + "?state=" + u.Query().Get("state") + "&" + tc.query
				if tc.query == "" {
					to = "http://" + redirect.Host + "/cancel"
				}
				go func() {
					notFromPages(t, "http://"+redirect.Host+"/cancel")
					_, body := get(t, to)
					seen <- body
				}()
			}
			_, errs, status := d.run(t.Context(), "")
			if status != 1 || !strings.Contains(errs, "Error logging in: ") || !strings.Contains(errs, tc.want) {
				t.Errorf("%d %s", status, errs)
			}
			if body := <-seen; strings.Contains(body, "<script>") {
				t.Errorf("page %s", body)
			}
			if d.stored().Mode != "" {
				t.Error("something is stored")
			}
		})
	}
}

// notFromPages holds that no page in a browser gets an answer from an address.
func notFromPages(t *testing.T, address string) {
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "null", "Referer": "https://example.com/"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set(name, value)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			continue
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", name, res.Status)
		}
	}
}

// TestTwoBrowsers holds that a second login calls the first one off.
func TestTwoBrowsers(t *testing.T) {
	first := newDesk(t)
	address := make(chan string, 1)
	first.browse = func(a string) { address <- a }
	ended := make(chan string, 1)
	go func() {
		_, errs, _ := first.run(context.Background(), "")
		ended <- errs
	}()
	u, _ := url.Parse(<-address)
	redirect, _ := url.Parse(u.Query().Get("redirect_uri"))
	second := newDesk(t)
	second.env[portVariable] = redirect.Port()
	second.browse = func(a string) { second.visit(a) }
	if _, errs, status := second.run(t.Context(), ""); status != 0 {
		t.Error(errs)
	}
	if errs := <-ended; !strings.Contains(errs, "Error logging in: Login cancelled") {
		t.Error(errs)
	}
}

func TestWorkspace(t *testing.T) {
	d := newDesk(t)
	d.browse = func(a string) {
		if !strings.HasSuffix(a, "&allowed_workspace_id=acc2") {
			t.Errorf("address %s", a)
		}
		d.visit(a)
	}
	only := `forced_chatgpt_workspace_id="acc2"`
	if _, errs, status := d.run(t.Context(), "", "-c", only); status != 1 || !strings.Contains(errs, "Login is restricted to workspace id(s) acc2") {
		t.Error(status, errs)
	}
	if _, errs, status := d.run(t.Context(), "at-good", "-c", only, "--with-access-token"); status != 1 || !strings.Contains(errs, "restricted to workspace") {
		t.Error(status, errs)
	}
	if _, errs, status := d.run(t.Context(), "", "-c", `forced_login_method="api"`); status != 1 || errs != "ChatGPT login is disabled. Use API key login instead.\n" {
		t.Error(status, errs)
	}
	if d.stored().Mode != "" {
		t.Error("something is stored")
	}
}

func TestDevice(t *testing.T) {
	d := newDesk(t)
	out, errs, status := d.run(t.Context(), "", "--device-auth")
	if status != 0 || !strings.Contains(out, d.server.URL+"/codex/device\n") || !strings.Contains(out, "ABCD-EFGH") || errs != "Successfully logged in\n" {
		t.Fatalf("%d %q %q", status, out, errs)
	}
	if n := len(d.server.Requests("/api/accounts/deviceauth/token")); n != 3 {
		t.Errorf("asked %d times", n)
	}
	if r := d.server.Requests("/oauth/token"); len(r) != 1 || !strings.Contains(r[0].Body, "redirect_uri="+url.QueryEscape(d.server.URL+"/deviceauth/callback")) {
		t.Errorf("%+v", r)
	}
	if a := d.stored(); a.AccountID != "acc1" {
		t.Errorf("%+v", a)
	}
}

// TestLines holds what a program sees that drives a login.
func TestLines(t *testing.T) {
	d := newDesk(t)
	r, w := io.Pipe()
	lines := json.NewDecoder(r)
	go func() {
		var first struct{ AuthURL string }
		if err := lines.Decode(&first); err != nil {
			t.Error(err)
		}
		get(t, first.AuthURL)
	}()
	stdin, ours := io.Pipe()
	status := Main(t.Context(), Process{Args: []string{"--json", "--experimental_issuer", d.server.URL}, Env: config.Env{Home: d.home, Cwd: d.home, Get: func(k string) string { return d.env[k] },
		SystemDir: filepath.Join(d.home, "none")}, Stdin: stdin, Stdout: &last{w: w}, Stderr: io.Discard, Now: time.Now})
	if status != 0 {
		t.Error(status)
	}
	ours.Close()
	// Whoever started it has gone.
	if out, _, status := d.run(t.Context(), "", "--json"); status != 1 || !strings.HasSuffix(out, `{"error":"Login cancelled","success":false}`+"\n") {
		t.Errorf("%d %s", status, out)
	}
	if out, _, status := d.run(t.Context(), "at-good", "--json", "--with-access-token"); status != 0 || out != `{"success":true}`+"\n" {
		t.Errorf("%d %s", status, out)
	}
	out, _, status := d.run(t.Context(), "", "--json", "-c", `forced_login_method="api"`)
	if status != 1 || out != `{"error":"ChatGPT login is disabled. Use API key login instead.","success":false}`+"\n" {
		t.Errorf("%d %s", status, out)
	}
}

// last lets the first line through, and keeps nobody waiting for the others.
type last struct {
	w    io.Writer
	once bool
}

func (l *last) Write(p []byte) (int, error) {
	if l.once {
		return len(p), nil
	}
	l.once = true
	return l.w.Write(p)
}

func TestPersonal(t *testing.T) {
	d := newDesk(t)
	if _, errs, status := d.run(t.Context(), "at-bad\n", "--with-access-token"); status != 1 || !strings.Contains(errs, "failed with status 401") || strings.Contains(errs, "at-bad") {
		t.Error(status, errs)
	}
	if _, errs, status := d.run(t.Context(), " at-good1\n", "--with-access-token"); status != 0 || errs != "Reading access token from stdin...\nSuccessfully logged in\n" {
		t.Error(status, errs)
	}
	b, err := os.ReadFile(auth.Path(d.home))
	if err != nil || string(b) != "{\n  \"OPENAI_API_KEY\": null,\n  \"personal_access_token\": \"at-good1\"\n}" {
		t.Errorf("%s, %v", b, err)
	}
	out, errs, status := d.run(t.Context(), "", "token")
	if status != 0 || out != `{"mode":"personalAccessToken","token":"at-good1","accountId":"acc1","email":"user@example.com","plan":"pro","userId":"user1"}`+"\n" {
		t.Error(status, out, errs)
	}
	if _, errs, status := d.run(t.Context(), strings.Repeat("x", maxSecret+1), "token", "--refused"); status != 1 || !strings.Contains(errs, "more than") {
		t.Error(status, errs)
	}
	if _, errs, status := d.run(t.Context(), "at-good1", "token", "--refused"); status != 1 || !strings.Contains(errs, "was refused: log in again") {
		t.Error(status, errs)
	}
	d.env["CODEX_ACCESS_TOKEN"] = "at-good2"
	if out, _, _ := d.run(t.Context(), "", "token"); !strings.Contains(out, "at-good2") {
		t.Error(out)
	}
}
