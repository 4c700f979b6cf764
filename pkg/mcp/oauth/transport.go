package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"golang.org/x/oauth2"

	"codex/pkg/config"
	"codex/pkg/mcp"
)

const (
	renewEarly = 30 * time.Second
	// renewTime bounds a renewal: others wait for the lock meanwhile, and not longer than 10 s.
	renewTime = 8 * time.Second
)

// ringFresh is how long it counts what a keyring has said: it may be asked for every request,
// and is slower than the file.
const ringFresh = 5 * time.Second

// Authorize gives what puts the tokens of a store into requests to a server. Without tokens
// requests go as they are.
func Authorize(store Store, now func() time.Time, log func(line string)) func(s config.MCPServer, next http.RoundTripper) http.RoundTripper {
	return func(s config.MCPServer, next http.RoundTripper) http.RoundTripper {
		return &transport{server: s, store: store, next: next, now: now, log: log}
	}
}

type transport struct {
	server config.MCPServer
	store  Store
	next   http.RoundTripper
	now    func() time.Time
	log    func(string)

	mu    sync.Mutex
	known *told  // by a keyring, or soon; nil: it has not been asked
	held  *Entry // renewed, and not to be kept: it holds for this process
	from  string // access token that the store still has instead
}

// told is what the store has said, once done is closed.
type told struct {
	done  chan struct{}
	entry Entry
	ok    bool
	err   error
	until time.Time // of the clock that nobody sets
}

// stale says whether the store has to be asked anew.
func (a *told) stale() bool {
	select {
	case <-a.done:
		return time.Now().After(a.until)
	default:
		return false
	}
}

// current is what holds: what the store has, unless that could not take what was renewed.
func (t *transport) current(e Entry, ok bool, err error) (Entry, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.held != nil && (err != nil || ok && e.AccessToken == t.from) {
		return *t.held, true, nil
	}
	return e, ok, err
}

// stored asks the store, a keyring not for each request: it may take long, and who comes
// meanwhile waits for the same answer, no longer than his own request may take.
func (t *transport) stored(ctx context.Context) (Entry, bool, error) {
	if _, ring, _ := t.store.ring(t.server); !ring {
		return t.current(t.store.Get(ctx, t.server))
	}
	a := t.told(ctx)
	select {
	case <-a.done:
		return t.current(a.entry, a.ok, a.err)
	case <-ctx.Done():
		return Entry{}, false, context.Cause(ctx)
	}
}

// told is what the store says for now. The question outlives the request that puts it; the
// keyring's time bounds it.
func (t *transport) told(ctx context.Context) *told {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known != nil && !t.known.stale() {
		return t.known
	}
	a := &told{done: make(chan struct{})}
	t.known = a
	go func() {
		defer close(a.done)
		a.entry, a.ok, a.err = t.store.Get(context.WithoutCancel(ctx), t.server)
		a.until = time.Now().Add(ringFresh)
	}()
	return a
}

// forget has the store asked anew.
func (t *transport) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = nil
}

// RoundTrip sends a request with a token; a token that is refused is renewed, once.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	e, ok := t.entry(r.Context())
	if !ok {
		return t.next.RoundTrip(r)
	}
	resp, err := t.send(r, e)
	if err == nil && resp.StatusCode == http.StatusForbidden {
		return t.forbidden(resp, e)
	}
	if err != nil || resp.StatusCode != http.StatusUnauthorized || e.RefreshToken == nil || r.Body != nil && r.GetBody == nil {
		return resp, err
	}
	fresh, err := t.renew(r.Context(), func(now Entry) bool { return now.AccessToken != e.AccessToken })
	if err != nil {
		t.log("MCP server " + t.server.Name + ": " + err.Error())
		return resp, nil
	}
	resp.Body.Close()
	return t.send(r, fresh)
}

// forbidden tells how to get the scopes that a server misses, if that is why it refuses.
func (t *transport) forbidden(resp *http.Response, e Entry) (*http.Response, error) {
	challenges, err := oauthex.ParseWWWAuthenticate(resp.Header.Values("WWW-Authenticate"))
	if err != nil {
		return resp, nil // it is no challenge
	}
	for _, c := range challenges {
		if c.Params["error"] != "insufficient_scope" {
			continue
		}
		scopes := slices.Clone(e.Scopes)
		for _, s := range strings.Fields(c.Params["scope"]) {
			if plain(s) && !slices.Contains(scopes, s) {
				scopes = append(scopes, s)
			}
		}
		resp.Body.Close()
		return nil, &mcp.LoginError{Server: t.server.Name, Scopes: scopes}
	}
	return resp, nil
}

// plain says whether a scope may stand in a command that people copy.
func plain(scope string) bool {
	return !strings.ContainsFunc(scope, func(r rune) bool {
		return !(r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune(":._-/", r))
	})
}

func (t *transport) send(r *http.Request, e Entry) (*http.Response, error) {
	again := r.Clone(r.Context())
	if r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	again.Header.Set("Authorization", "Bearer "+e.AccessToken)
	return t.next.RoundTrip(again)
}

// entry gives the login, renewed if it is about to expire.
func (t *transport) entry(ctx context.Context) (Entry, bool) {
	e, ok, err := t.stored(ctx)
	if err != nil && ctx.Err() == nil {
		t.log("MCP server " + t.server.Name + ": " + err.Error())
	}
	if !ok || !e.expired(t.now().Add(renewEarly)) || e.RefreshToken == nil {
		return e, ok
	}
	fresh, err := t.renew(ctx, func(now Entry) bool { return !now.expired(t.now().Add(renewEarly)) })
	if err != nil {
		t.log("MCP server " + t.server.Name + ": " + err.Error())
		return e, true
	}
	return fresh, true
}

// renew gets new tokens under the lock of the file: of many processes one does it, and the
// others find, by good, that it is done. What cannot be kept then is said, and holds for this
// process: the tokens before are worth nothing any more.
func (t *transport) renew(ctx context.Context, good func(Entry) bool) (Entry, error) {
	defer t.forget()
	var e Entry
	var before string
	renewed := false
	err := t.store.change(ctx, func(all map[string]json.RawMessage) error {
		stored, ok, err := t.store.Get(ctx, t.server)
		before = stored.AccessToken
		if e, ok, err = t.current(stored, ok, err); err != nil {
			return err
		}
		if !ok {
			return errGone
		}
		if good(e) {
			return nil
		}
		if err := t.ask(ctx, &e); err != nil {
			return err
		}
		renewed = true
		return t.store.put(ctx, t.server, all, e)
	})
	if err == nil || !renewed {
		return e, err
	}
	t.log("MCP server " + t.server.Name + ": the login was renewed and cannot be kept, so that the next run needs another one: " + err.Error())
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held, t.from = &e, before
	return e, nil
}

var errGone = &RefusedError{Code: "logged_out", Text: "there is no login any more"}

// ask asks for new tokens.
func (t *transport) ask(ctx context.Context, e *Entry) error {
	ctx, cancel := context.WithTimeout(ctx, renewTime)
	defer cancel()
	l := &Login{Server: t.server}
	if e.RefreshToken == nil {
		return &RefusedError{Code: "no_refresh_token", Text: "log in again"}
	}
	if e.TokenEndpoint == "" { // the original has written the entry
		m, resource, err := l.who(ctx)
		if err != nil {
			return err
		}
		e.TokenEndpoint, e.Resource = m.Token, resource
	}
	as := &oauth2.Config{ClientID: e.ClientID, ClientSecret: e.ClientSecret, Endpoint: oauth2.Endpoint{TokenURL: e.TokenEndpoint}}
	if e.ClientSecret == "" {
		as.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	token, err := as.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, l.client()), &oauth2.Token{RefreshToken: *e.RefreshToken}).Token()
	if err != nil {
		return refused("renew the login", err)
	}
	return e.take(token)
}
