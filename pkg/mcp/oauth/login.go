package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"golang.org/x/oauth2"

	"codex/pkg/config"
	"codex/pkg/mcp"
	"codex/pkg/webclient"
)

const (
	httpTime     = 30 * time.Second
	maxAnswer    = 4 << 20
	callbackTime = 300 * time.Second
)

// ErrUnsupported is a server that names nobody who gives tokens for it.
var ErrUnsupported = errors.New("No authorization support detected")

// Login is one login.
type Login struct {
	Server config.MCPServer
	Store  Store
	// Scopes are those of the command line, nil for none: then those of the settings, then
	// those that the server names.
	Scopes []string
	// Secret is that of a client that somebody has registered by hand, "" for none.
	Secret string
	// Port and URL of the callback are settings; 0 is any port, "" an address of this machine.
	Port uint16
	URL  string
	// Show tells the user the address to open.
	Show func(address string)
	// ShowCode tells the user the address to open anywhere, and the code to type there.
	ShowCode func(address, code string)
	// Options are for the connection by which the server is asked who gives tokens.
	Options mcp.Options
	// Client makes requests; nil is one with bounds.
	Client *http.Client
}

// boundedClient is for requests to servers that nobody knows: it waits so long, reads so much
// and follows no redirect to another place.
func boundedClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes, t.Proxy = 1<<20, webclient.Proxy
	return &http.Client{Timeout: httpTime, Transport: bounded{t}, CheckRedirect: webclient.Refuse}
}

type bounded struct{ next http.RoundTripper }

// RoundTrip bounds the answer.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

func (l *Login) client() *http.Client {
	if l.Client == nil {
		l.Client = boundedClient()
	}
	return l.Client
}

// Browser logs in with the user's browser, and keeps the tokens.
func (l *Login) Browser(ctx context.Context) error {
	challenge, err := l.challenge(ctx)
	if err != nil {
		return err
	}
	err = l.authorize(ctx, challenge, l.scopes)
	var refused *RefusedError
	if errors.As(err, &refused) && l.Scopes == nil && l.Server.Scopes == nil && refused.Code == "invalid_scope" {
		// The server names scopes that its authorization server does not have.
		err = l.authorize(ctx, challenge, func([]string) []string { return nil })
	}
	return err
}

// scopes are those to ask for, of which the server has named some.
func (l *Login) scopes(discovered []string) []string {
	switch {
	case l.Scopes != nil:
		return l.Scopes
	case l.Server.Scopes != nil:
		return *l.Server.Scopes
	}
	var out []string
	for _, s := range discovered {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// authorize goes through the library's flow once.
func (l *Login) authorize(ctx context.Context, challenge *http.Response, scopes func([]string) []string) error {
	cb, err := listen(ctx, l.Port, l.URL, l.Server.ClientID != "")
	if err != nil {
		return err
	}
	defer cb.close()
	var granted *oauth2.Token
	var as *oauth2.Config
	resource := l.Server.Resource
	c := &auth.AuthorizationCodeHandlerConfig{
		RedirectURL: cb.url, Client: l.client(), RequestRefreshToken: true, AcceptUnadvertisedIss: true, ScopeFilter: scopes,
		AuthorizationCodeFetcher: func(ctx context.Context, a *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
			address, err := url.Parse(a.URL)
			if err != nil || address.Scheme != "https" && address.Scheme != "http" {
				return nil, errors.New("the authorization endpoint is no address of the web")
			}
			q := address.Query()
			if resource == "" {
				resource = q.Get("resource")
			} else {
				q.Set("resource", resource)
				address.RawQuery = q.Encode()
			}
			return cb.wait(ctx, q.Get("state"), func() { l.Show(address.String()) })
		},
		NewTokenSource: func(_ context.Context, c *oauth2.Config, t *oauth2.Token) (oauth2.TokenSource, error) {
			as, granted = c, t
			return oauth2.StaticTokenSource(t), nil
		},
	}
	switch {
	case Document(l.Server.ClientID):
		c.ClientIDMetadataDocumentConfig = &auth.ClientIDMetadataDocumentConfig{URL: l.Server.ClientID}
		c.DynamicClientRegistrationConfig = &auth.DynamicClientRegistrationConfig{Metadata: registration(cb.url, "authorization_code")}
	case l.Server.ClientID != "":
		c.PreregisteredClient = &oauthex.ClientCredentials{ClientID: l.Server.ClientID}
		if l.Secret != "" {
			c.PreregisteredClient.ClientSecretAuth = &oauthex.ClientSecretAuth{ClientSecret: l.Secret}
		}
	default:
		c.DynamicClientRegistrationConfig = &auth.DynamicClientRegistrationConfig{Metadata: registration(cb.url, "authorization_code")}
	}
	h, err := auth.NewAuthorizationCodeHandler(c)
	if err != nil {
		return fmt.Errorf("log in at %s: %w", l.Server.Name, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.Server.URL, nil)
	if err != nil {
		return fmt.Errorf("log in at %s: %w", l.Server.Name, err)
	}
	if err := h.Authorize(ctx, req, challenge); err != nil {
		return refused("log in", err)
	}
	if granted == nil {
		return errors.New("the server gave no token")
	}
	return l.keep(ctx, as, granted, resource)
}

// Document says whether a client's id is the address of what is to know about the client, for
// authorization servers that read such.
func Document(id string) bool {
	u, err := url.Parse(id)
	return err == nil && u.Scheme == "https" && strings.Trim(u.Path, "/") != ""
}

// registration is what an authorization server is told about us.
func registration(redirect string, grant string) *oauthex.ClientRegistrationMetadata {
	m := &oauthex.ClientRegistrationMetadata{ClientName: "Codex", TokenEndpointAuthMethod: "none", GrantTypes: []string{grant, "refresh_token"}}
	if redirect != "" {
		m.RedirectURIs, m.ResponseTypes = []string{redirect}, []string{"code"}
	}
	return m
}

// keep stores what was granted.
func (l *Login) keep(ctx context.Context, as *oauth2.Config, t *oauth2.Token, resource string) error {
	e := Entry{ClientID: as.ClientID, Scopes: as.Scopes, found: found{ClientSecret: as.ClientSecret, TokenEndpoint: as.Endpoint.TokenURL, Resource: resource}}
	if err := e.take(t); err != nil {
		return err
	}
	return l.Store.Put(ctx, l.Server, e)
}

// take takes the tokens over. A refresh token that is not renewed stays.
func (e *Entry) take(t *oauth2.Token) error {
	if t.AccessToken == "" || strings.ContainsFunc(t.AccessToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("the server gave a token that cannot be sent")
	}
	e.AccessToken, e.ExpiresAt = t.AccessToken, nil
	if t.RefreshToken != "" {
		e.RefreshToken = &t.RefreshToken
	}
	if !t.Expiry.IsZero() {
		ms := t.Expiry.UnixMilli()
		e.ExpiresAt = &ms
	}
	if s, ok := t.Extra("scope").(string); ok && s != "" {
		e.Scopes = strings.Fields(s)
	}
	return nil
}

// challenge has the server say who gives tokens, by speaking to it as far as it lets somebody
// unknown. A server that says nothing may still have that written at a known place.
func (l *Login) challenge(ctx context.Context) (*http.Response, error) {
	heard := &challenges{}
	server := l.Server
	server.Startup, server.Call = httpTime, httpTime
	o := l.Options
	o.Authorize = func(_ config.MCPServer, next http.RoundTripper) http.RoundTripper {
		heard.next = next
		return heard
	}
	c, err := mcp.Connect(ctx, server, o)
	if err == nil {
		for range c.Tools(ctx) { // some let everybody in, and want a login then
			break
		}
		c.Close()
	}
	if h := heard.header(); h != nil {
		return &http.Response{StatusCode: http.StatusUnauthorized, Header: h, Body: http.NoBody}, nil
	}
	if found, _ := l.discoverable(ctx); found { // that it did not answer was seen above
		return &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}, Body: http.NoBody}, nil
	}
	return nil, ErrUnsupported
}

// challenges keeps the first one that a server answers.
type challenges struct {
	next  http.RoundTripper
	mu    sync.Mutex
	first http.Header
}

// RoundTrip implements http.RoundTripper.
func (c *challenges) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.first == nil {
			c.first = resp.Header
		}
	}
	return resp, err
}

func (c *challenges) header() http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first
}
