package oauth

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
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
// is asked.
func StatusOf(ctx context.Context, s config.MCPServer, store Store) (Status, error) {
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
	if (&Login{Server: s}).discoverable(ctx) {
		return NotLoggedIn, nil
	}
	return Unsupported, nil
}

func hasAuthorization(s config.MCPServer) bool {
	for name := range s.Headers {
		if strings.EqualFold(name, "authorization") {
			return true
		}
	}
	for name := range s.EnvHeaders {
		if strings.EqualFold(name, "authorization") {
			return true
		}
	}
	return false
}

// metadata is what somebody who gives tokens says of himself, as far as it is looked at here.
type metadata struct {
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Device        string   `json:"device_authorization_endpoint"`
	Registration  string   `json:"registration_endpoint"`
	Servers       []string `json:"authorization_servers"` // of a resource
	Resource      string   `json:"resource"`
	Scopes        []string `json:"scopes_supported"`
}

// discoverable says whether something at the known places names who gives tokens.
func (l *Login) discoverable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	u, err := url.Parse(l.Server.URL)
	if err != nil || u.Host == "" {
		return false
	}
	for _, place := range append(wellKnown(u, "oauth-authorization-server"), wellKnown(u, "oauth-protected-resource")...) {
		m, ok := l.fetch(ctx, place)
		if ok && (m.Authorization != "" && m.Token != "" || len(m.Servers) > 0) {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
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

// fetch reads a document about who gives tokens.
func (l *Login) fetch(ctx context.Context, address string) (m metadata, ok bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return m, false
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("MCP-Protocol-Version", "2025-11-25")
	resp, err := l.client().Do(req)
	if err != nil {
		return m, false
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !jsonrpc.Valid(text) || json.Unmarshal(text, &m) != nil {
		return m, false
	}
	return m, true
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
		if prm, ok := l.fetch(ctx, place); ok && len(prm.Servers) > 0 {
			issuers, scopes = prm.Servers[:1], prm.Scopes
			if prm.Resource != "" {
				resource = prm.Resource
			}
			break
		}
	}
	for _, issuer := range issuers {
		iu, err := url.Parse(issuer)
		if err != nil || iu.Host == "" {
			continue
		}
		for _, place := range slices.Concat(wellKnown(iu, "oauth-authorization-server"), wellKnown(iu, "openid-configuration")) {
			if m, ok := l.fetch(ctx, place); ok && m.Token != "" {
				if scopes != nil {
					m.Scopes = scopes
				}
				return m, resource, nil
			}
		}
	}
	return m, "", ErrUnsupported
}
