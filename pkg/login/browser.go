package login

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/oauth2"

	"codex/pkg/browser"
	"codex/pkg/cli/exit"
)

// Ports of the callback: the second when something else keeps the first.
const (
	callbackPort = 1455
	sparePort    = 1457
	portVariable = "CODEX_LOGIN_PORT" // another one
	cancelTries  = 10
	cancelEvery  = 200 * time.Millisecond
	lastPage     = 5 * time.Second // for the browser to fetch the page that says it is done
)

// errCancelled ends a login that somebody has called off.
var errCancelled = errors.New("Login cancelled")

// browserLogin is one login over a browser: a server on loopback that the service sends
// the browser back to.
type browserLogin struct {
	s        *session
	verifier string // of PKCE
	state    string
	redirect string
	done     chan error
	shown    chan struct{} // the last page was fetched
}

// loginBrowser logs in with a browser.
func (s *session) loginBrowser() error {
	if s.cfg.ForcedLoginMethod == "api" {
		return s.report("", errors.New("ChatGPT login is disabled. Use API key login instead."))
	}
	ln, err := s.listen(s.ctx)
	if err != nil {
		return s.report("Error logging in: ", err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	b := &browserLogin{s: s, verifier: oauth2.GenerateVerifier(), state: rand.Text(), redirect: fmt.Sprintf("http://localhost:%d/auth/callback", port),
		done: make(chan error, 1), shown: make(chan struct{}, 1)}
	return s.report("Error logging in: ", b.run(ln, port))
}

// run serves until the login is over.
func (b *browserLogin) run(ln net.Listener, port int) error {
	defer browser.Serve(ln, b.handler())()
	if err := b.announce(port); err != nil {
		return err
	}
	select {
	case err := <-b.done:
		select { // the page that says so
		case <-b.shown:
		case <-b.s.ctx.Done():
		case <-time.After(lastPage):
		}
		return err
	case <-b.s.ctx.Done():
		return errCancelled
	}
}

// announce says where to go, and sends the browser there.
func (b *browserLogin) announce(port int) error {
	s, address := b.s, b.address()
	if s.JSON {
		return s.line(map[string]string{"authUrl": address})
	}
	s.tell("Starting local login server on http://localhost:%d.", port)
	s.tell("Where no browser opens, go to this address to sign in:\n\n%s\n", address)
	s.tell("No browser on this machine? `codex login --device-auth` gives a code for another one.")
	if !s.NoBrowser {
		s.Open(address)
	}
	return nil
}

// address is where the browser goes; the order of the parameters is the original's.
func (b *browserLogin) address() string {
	params := []string{"response_type", "code", "client_id", b.s.clientID(), "redirect_uri", b.redirect,
		"scope", "openid profile email offline_access api.connectors.read api.connectors.invoke",
		"code_challenge", oauth2.S256ChallengeFromVerifier(b.verifier), "code_challenge_method", "S256",
		"id_token_add_organizations", "true", "codex_cli_simplified_flow", "true", "state", b.state, "originator", b.s.originator()}
	if ids := b.s.cfg.ForcedWorkspaceIDs; len(ids) > 0 {
		params = append(params, "allowed_workspace_id", strings.Join(ids, ","))
	}
	var q []string
	for i := 0; i < len(params); i += 2 {
		q = append(q, params[i]+"="+strings.ReplaceAll(url.QueryEscape(params[i+1]), "+", "%20"))
	}
	return b.s.issuer() + "/oauth/authorize?" + strings.Join(q, "&")
}

func (b *browserLogin) handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /auth/callback", b.callback)
	m.HandleFunc("GET /success", func(w http.ResponseWriter, _ *http.Request) {
		page(w, http.StatusOK, "Signed in to Codex", "You may close this page.")
		b.seen()
	})
	m.HandleFunc("GET /cancel", func(w http.ResponseWriter, r *http.Request) {
		if fromPage(r.Header) {
			http.Error(w, "Not for web pages", http.StatusForbidden)
			return
		}
		w.Write([]byte("Login cancelled"))
		b.end(errCancelled)
		b.seen()
	})
	return m
}

// fromPage says whether a browser asks for the sake of a web page; one that a person has typed
// the address into says none, and programs say nothing.
func fromPage(h http.Header) bool {
	site := h.Get("Sec-Fetch-Site")
	return site != "" && site != "none" || h.Get("Origin") != "" || h.Get("Referer") != ""
}

// callback is where the service sends the browser with a code.
func (b *browserLogin) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("state") != b.state { // somebody else's
		http.Error(w, "State mismatch", http.StatusBadRequest)
		return
	}
	err := b.take(b.s.ctx, q) // also for a browser that does not wait: a code is good once
	if err == nil {
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "/success", http.StatusFound)
		b.end(nil)
		return
	}
	page(w, http.StatusOK, "Not signed in to Codex", err.Error())
	b.end(err)
	b.seen()
}

// take makes a credential of what the service says.
func (b *browserLogin) take(ctx context.Context, q url.Values) error {
	switch code := q.Get("error"); {
	case code == "access_denied" && strings.Contains(q.Get("error_description"), "missing_codex_entitlement"):
		return errors.New("Codex is not enabled for your workspace: ask its administrator for access")
	case code != "":
		return fmt.Errorf("sign-in failed: %s", cmp.Or(q.Get("error_description"), code))
	case q.Get("code") == "":
		return errors.New("missing authorization code")
	}
	got, err := b.s.exchange(ctx, q.Get("code"), b.redirect, b.verifier)
	if err != nil {
		return err
	}
	return b.s.admit(got)
}

// end keeps the first outcome.
func (b *browserLogin) end(err error) {
	select {
	case b.done <- err:
	default:
	}
}

func (b *browserLogin) seen() {
	select {
	case b.shown <- struct{}{}:
	default:
	}
}

// listen takes the port of the callback. Another login that has it is called off.
func (s *session) listen(ctx context.Context) (net.Listener, error) {
	ports := []int{callbackPort, sparePort}
	if v := s.Env.Get(portVariable); v != "" {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", portVariable, err)
		}
		ports = []int{int(n)}
	}
	var lc net.ListenConfig
	try := func(port int) (net.Listener, error) {
		return lc.Listen(ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	}
	ln, err := try(ports[0])
	for n := 0; n < cancelTries && errors.Is(err, syscall.EADDRINUSE); n++ {
		if n == 0 {
			s.cancelOther(ctx, ports[0])
		}
		select {
		case <-time.After(cancelEvery):
		case <-ctx.Done():
			return nil, errCancelled
		}
		ln, err = try(ports[0])
	}
	if err != nil && len(ports) > 1 {
		ln, err = try(ports[1])
	}
	if err != nil {
		return nil, fmt.Errorf("listen for the browser: %w", err)
	}
	return ln, nil
}

// cancelOther asks whoever has the port to give its login up.
func (s *session) cancelOther(ctx context.Context, port int) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/cancel", port), nil)
	if err != nil {
		return
	}
	t := &http.Transport{DisableKeepAlives: true}
	if res, err := t.RoundTrip(req); err == nil {
		res.Body.Close()
	}
}

// report says how a login ended, in the form that was asked for.
func (s *session) report(before string, err error) error {
	s.ended(err)
	switch {
	case s.JSON && err != nil:
		if lost := s.line(map[string]any{"success": false, "error": err.Error()}); lost != nil {
			return fmt.Errorf("%s%w", before, err)
		}
		return exit.Silent(exit.Failed)
	case s.JSON:
		return s.line(map[string]any{"success": true})
	case err != nil:
		return s.say("%s%v", before, err)
	default:
		s.tell("Successfully logged in")
	}
	return nil
}
