//go:build linux

package tui

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codex/pkg/clock"
	"codex/tests/oauth"
)

// browse is this program as the user's browser: it goes where it is sent.
func browse(address string) int {
	res, err := http.Get(address)
	if err != nil {
		return 1
	}
	res.Body.Close()
	return 0
}

// startService starts a service with the clock of the programs.
func startService(t *testing.T) *oauth.Server {
	t.Helper()
	now, err := clock.New(os.Getenv(clock.Variable))
	if err != nil {
		t.Fatal(err)
	}
	service := oauth.Start(t)
	service.Set(func(s *oauth.Server) { s.Now = now })
	return service
}

// signedOut starts a session whose provider wants an account that is not there.
func signedOut(t *testing.T, o options) (*session, *oauth.Server) {
	t.Helper()
	service := startService(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	o.args = append(o.args, "-c", "model_providers.m.requires_openai_auth=true")
	o.env = append([]string{"CODEX_APP_SERVER_LOGIN_ISSUER=" + service.URL, "CODEX_LOGIN_PORT=0", "TEST_BROWSER=1", "BROWSER=" + self}, o.env...)
	return start(t, o), service
}

// stored waits for nothing: it gives what is in auth.json.
func (s *session) stored() string {
	b, _ := os.ReadFile(filepath.Join(s.home, "auth.json")) // "" when there is none
	return string(b)
}

func TestSignInKey(t *testing.T) {
	s, _ := signedOut(t, options{})
	s.see("Codex, not signed in yet")
	s.send("3")
	s.see("API key")
	s.send("\r")
	s.see("a key is wanted")
	s.send("\x1b[200~sk-PLANTED\x1b[201~")
	s.see("› ••••••••••")
	s.send("\r")
	s.see("Signed in.")
	s.ready()
	s.ask("hello", "• yes")
	s.leave()
	if got := s.stored(); !strings.Contains(got, "sk-PLANTED") {
		t.Errorf("auth.json: %s", got)
	}
	if all := strings.Join(s.all(), "\n"); strings.Contains(all, "PLANTED") {
		t.Errorf("the key is on the screen:\n%s", all)
	}
	again := s.again("-c", "model_providers.m.requires_openai_auth=true")
	again.ready()
	again.leave()
}

// TestSignInKeyOfTheEnvironment holds that the key of the variable is offered.
func TestSignInKeyOfTheEnvironment(t *testing.T) {
	s, _ := signedOut(t, options{env: []string{"OPENAI_API_KEY=sk-PLANTED"}})
	s.see("not signed in yet")
	s.send("3")
	s.see("the one of OPENAI_API_KEY")
	s.send("\r")
	s.ready()
	s.leave()
	if !strings.Contains(s.stored(), "sk-PLANTED") {
		t.Error(s.stored())
	}
}

func TestSignInBrowser(t *testing.T) {
	s, service := signedOut(t, options{distrusted: true})
	s.see("not signed in yet")
	s.send("\r")
	s.see("Do you trust") // the browser came back at once
	s.send("y")
	s.ready()
	s.leave()
	if !strings.Contains(s.stored(), "refresh_token") || len(service.Requests("/oauth/token")) != 1 {
		t.Error(s.stored())
	}
}

// TestSignInCalledOff holds that Esc ends a login that nobody finishes, and that one can go
// on without.
func TestSignInCalledOff(t *testing.T) {
	s, service := signedOut(t, options{env: []string{"BROWSER=true"}})
	s.see("not signed in yet")
	s.send("1")
	s.see("Sign in with the browser")
	s.see(service.URL + "/oauth/authorize?")
	s.see("Copy the address")
	s.send("\x1b")
	s.see("not signed in yet")
	s.gone("Copy the address")
	s.send("4")
	s.ready()
	s.leave()
	if s.stored() != "" {
		t.Error(s.stored())
	}
}

func TestSignInCode(t *testing.T) {
	s, service := signedOut(t, options{})
	service.Set(func(o *oauth.Server) { o.Held = true })
	s.see("not signed in yet")
	s.send("2")
	s.see("ABCD-EFGH")
	s.see(service.URL + "/codex/device")
	service.Set(func(o *oauth.Server) { o.Held = false })
	s.see("Signed in.")
	s.ready()
	s.leave()
	if !strings.Contains(s.stored(), "refresh_token") {
		t.Error(s.stored())
	}
}

// TestSignInFailed holds that a service that is not there is told, and asked again.
func TestSignInFailed(t *testing.T) {
	s, _ := signedOut(t, options{env: []string{"CODEX_APP_SERVER_LOGIN_ISSUER=http://127.0.0.1:1"}})
	s.see("not signed in yet")
	s.send("2")
	s.see("connection refused")
	s.see("3. An API key")
	s.send("\x03")
	s.ends(0)
}

// TestSignInForced holds that ways that a setting forbids are not offered.
func TestSignInForced(t *testing.T) {
	s, _ := signedOut(t, options{config: "forced_login_method = \"chatgpt\"\n"})
	s.see("2. ChatGPT, with a code")
	s.see("3. Not now")
	s.send("\x04")
	s.ends(0)
}

// TestSignInPlain holds the page on a terminal that takes lines.
func TestSignInPlain(t *testing.T) {
	s, service := signedOut(t, options{args: []string{"--plain"}, env: []string{"BROWSER=true"}})
	s.see("not signed in yet")
	s.line("A number", "3")
	s.see("codex login --with-api-key")
	s.line("A number", "1")
	s.see("Copy the address")
	s.line("A number", "esc")
	s.line("A number", "2")
	s.see("Signed in.")
	s.line(">", "hello")
	s.see("• yes")
	s.prompt(">")
	s.send("\x04")
	s.ends(0)
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range bytes.Lines(s.raw.Bytes()) {
		if bytes.HasPrefix(line, []byte(service.URL+"/oauth/authorize?")) && bytes.Contains(line, []byte("originator=codex-tui")) {
			return
		}
	}
	t.Error("the address is not on one line")
}

// TestSignInRemote holds that with an app-server it is the server that signs in.
func TestSignInRemote(t *testing.T) {
	s := start(t, options{args: []string{"--version"}})
	s.see("codex-cli")
	service := startService(t)
	config := filepath.Join(s.home, "config.toml")
	b, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, config, strings.Replace(string(b), "wire_api", "requires_openai_auth = true\nwire_api", 1))
	sock := s.appServer("CODEX_APP_SERVER_LOGIN_ISSUER="+service.URL, "CODEX_LOGIN_PORT=0")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	far := func(browser string) *session {
		return start(t, options{home: t.TempDir(), work: s.work, args: []string{"--remote", "unix://" + sock}, env: []string{"TEST_BROWSER=1", "BROWSER=" + browser}})
	}
	one := far("true")
	one.see("not signed in yet")
	one.send("1")
	one.see("Copy the address")
	one.send("\x1b")
	one.gone("Copy the address")
	one.send("2")
	one.see("Signed in.")
	one.ready()
	one.ask("hello", "• yes")
	one.leave()
	if !strings.Contains(s.stored(), "refresh_token") {
		t.Error(s.stored())
	}
	write(t, filepath.Join(s.home, "auth.json"), "{}")
	two := far(self)
	two.see("not signed in yet")
	two.send("\r")
	two.see("Signed in.")
	two.ready()
	two.leave()
}
