package oauth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/webclient"
)

// probeTime bounds a question to a server about who gives tokens for it.
const probeTime = 5 * time.Second

// Status says whether a server wants a login.
type Status string

// The words of Status: those of mcp list --json.
const (
	Unsupported Status = "unsupported"
	NotLoggedIn Status = "not_logged_in"
	BearerToken Status = "bearer_token"
	LoggedIn    Status = "o_auth"
)

// StatusOf finds it out. A server that is reached by HTTP and says nothing about credentials
// is asked; one that does not answer wants none.
func StatusOf(ctx context.Context, s config.MCPServer, store Store) (Status, error) {
	status, err := Ask(ctx, s, store)
	if errors.Is(err, ErrNoAnswer) {
		err = nil
	}
	return status, err
}

// ErrNoAnswer says that a server could not be asked.
var ErrNoAnswer = errors.New("no answer about logins")

// Ask is StatusOf where it matters that the server did not answer: the error is ErrNoAnswer.
func Ask(ctx context.Context, s config.MCPServer, store Store) (Status, error) {
	switch {
	case s.URL == "" || s.Command != "" || !s.Enabled:
		return Unsupported, nil
	case s.BearerTokenVar != "" || hasAuthorization(s):
		return BearerToken, nil
	}
	_, ok, err := store.Get(ctx, s)
	switch {
	case err != nil:
		return Unsupported, err
	case ok:
		return LoggedIn, nil
	}
	ok, err = (&Login{Server: s}).discoverable(ctx)
	if ok {
		return NotLoggedIn, nil
	}
	return Unsupported, err
}

func hasAuthorization(s config.MCPServer) bool {
	names := slices.AppendSeq(slices.Collect(maps.Keys(s.Headers)), maps.Keys(s.EnvHeaders))
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, "authorization") })
}

// metadata is what somebody who gives tokens says of himself, as far as it is looked at here.
type metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Device        string   `json:"device_authorization_endpoint"`
	Registration  string   `json:"registration_endpoint"`
	Servers       []string `json:"authorization_servers"` // of a resource
	Resource      string   `json:"resource"`
	Scopes        []string `json:"scopes_supported"`
}

// sound says whether tokens may be asked for where the document says: no secret of ours goes
// over a network in the clear.
func (m *metadata) sound() bool {
	for _, endpoint := range []string{m.Token, m.Device, m.Registration} {
		u, err := url.Parse(endpoint)
		if err != nil || endpoint != "" && u.Scheme != "https" && !(u.Scheme == "http" && webclient.Loopback(u.Hostname())) {
			return false
		}
	}
	return m.Token != ""
}

// discoverable says whether something at the known places names who gives tokens. The error is
// ErrNoAnswer where none is found and a place did not answer.
func (l *Login) discoverable(ctx context.Context) (found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	u, bad := url.Parse(l.Server.URL)
	if bad != nil || u.Host == "" {
		return false, ErrNoAnswer
	}
	for _, place := range append(wellKnown(u, "oauth-authorization-server"), wellKnown(u, "oauth-protected-resource")...) {
		m, failed := l.fetch(ctx, place)
		switch {
		case failed == nil && (m.Authorization != "" && m.Token != "" || len(m.Servers) > 0):
			return true, nil
		case errors.Is(failed, ErrNoAnswer):
			err = ErrNoAnswer
		}
		if ctx.Err() != nil {
			break
		}
	}
	return false, err
}

// wellKnown are the places where a document about an address may be.
func wellKnown(u *url.URL, name string) []string {
	at := func(path string) string {
		return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}).String()
	}
	path := strings.Trim(u.Path, "/")
	l := []string{}
	if path != "" {
		l = append(l, at("/.well-known/"+name+"/"+path), at("/"+path+"/.well-known/"+name))
	}
	return append(l, at("/.well-known/"+name))
}

// errNoDocument is an answer that says nothing about who gives tokens.
var errNoDocument = errors.New("no document about who gives tokens")

// fetch reads a document about who gives tokens. The error is errNoDocument or ErrNoAnswer.
func (l *Login) fetch(ctx context.Context, address string) (m metadata, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return m, errNoDocument
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("MCP-Protocol-Version", "2025-11-25")
	resp, err := l.client().Do(req)
	if err != nil {
		return m, ErrNoAnswer
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusInternalServerError {
		return m, ErrNoAnswer
	}
	if resp.StatusCode != http.StatusOK || !jsonrpc.Valid(text) || json.Unmarshal(text, &m) != nil {
		return m, errNoDocument
	}
	return m, nil
}

// who finds the document of who gives tokens for the server, for a login by a code.
func (l *Login) who(ctx context.Context) (m metadata, resource string, err error) {
	u, err := url.Parse(l.Server.URL)
	if err != nil || u.Host == "" {
		return m, "", ErrUnsupported
	}
	issuers := []string{(&url.URL{Scheme: u.Scheme, Host: u.Host}).String()}
	resource = l.Server.URL
	var scopes []string
	for _, place := range wellKnown(u, "oauth-protected-resource") {
		if prm, err := l.fetch(ctx, place); err == nil && len(prm.Servers) > 0 {
			issuers, scopes = prm.Servers[:1], prm.Scopes
			resource = cmp.Or(prm.Resource, resource)
			break
		}
	}
	for _, issuer := range issuers {
		iu, err := url.Parse(issuer)
		if err != nil || iu.Host == "" {
			continue
		}
		for _, place := range slices.Concat(wellKnown(iu, "oauth-authorization-server"), wellKnown(iu, "openid-configuration")) {
			// Who says that he is somebody else would get what is meant for that one.
			if m, err := l.fetch(ctx, place); err == nil && m.sound() && strings.TrimSuffix(m.Issuer, "/") == strings.TrimSuffix(issuer, "/") {
				if scopes != nil {
					m.Scopes = scopes
				}
				return m, resource, nil
			}
		}
	}
	return m, "", ErrUnsupported
}
