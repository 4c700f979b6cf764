package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"golang.org/x/oauth2"
)

// ErrNoDevice is who gives tokens to browsers only.
var ErrNoDevice = errors.New("the server's login has no codes for other machines; log in with a browser")

// Device logs in by a code that the user types into the browser of any machine, and keeps the
// tokens.
func (l *Login) Device(ctx context.Context) error {
	m, resource, err := l.who(ctx)
	if err != nil {
		return err
	}
	if m.Device == "" {
		return ErrNoDevice
	}
	resource = cmp.Or(l.Server.Resource, resource)
	as := &oauth2.Config{ClientID: l.Server.ClientID, ClientSecret: l.Secret, Scopes: l.scopes(m.Scopes),
		Endpoint: oauth2.Endpoint{DeviceAuthURL: m.Device, TokenURL: m.Token, AuthStyle: oauth2.AuthStyleInParams}}
	if as.ClientID == "" {
		if m.Registration == "" {
			return errors.New("the server's login knows no new clients; set [mcp_servers." + l.Server.Name + ".oauth] client_id")
		}
		r, err := oauthex.RegisterClient(ctx, m.Registration, registration("", "urn:ietf:params:oauth:grant-type:device_code"), l.client())
		if err != nil {
			return fmt.Errorf("register: %w", err)
		}
		as.ClientID, as.ClientSecret = r.ClientID, r.ClientSecret
	}
	ctx, cancel := context.WithTimeoutCause(context.WithValue(ctx, oauth2.HTTPClient, l.client()), 3*callbackTime, errors.New("nobody typed the code in time"))
	defer cancel()
	about := oauth2.SetAuthURLParam("resource", resource)
	code, err := as.DeviceAuth(ctx, about)
	if err != nil {
		return refused("ask for a code", err)
	}
	address := code.VerificationURI
	address = cmp.Or(code.VerificationURIComplete, address)
	l.ShowCode(address, code.UserCode)
	token, err := as.DeviceAccessToken(ctx, code, about)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return refused("wait for the code", err)
	}
	return l.keep(ctx, as, token, resource)
}

// refused leaves out what a server answered beside its words about the error: there may be
// secrets in it.
func refused(doing string, err error) error {
	var r *oauth2.RetrieveError
	switch {
	case !errors.As(err, &r):
		return fmt.Errorf("%s: %w", doing, err)
	case r.ErrorCode != "":
		return fmt.Errorf("%s: %w", doing, &RefusedError{r.ErrorCode, r.ErrorDescription})
	case r.Response != nil:
		return fmt.Errorf("%s: the server answered %d %s", doing, r.Response.StatusCode, http.StatusText(r.Response.StatusCode))
	}
	return fmt.Errorf("%s: the server refused", doing)
}
