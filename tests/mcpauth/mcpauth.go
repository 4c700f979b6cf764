// Package mcpauth is a server of the Model Context Protocol that wants a login and gives tokens
// itself, on loopback, for tests. It lets everybody in who asks for an authorization.
package mcpauth

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Start serves until the test ends, and gives the address: the server is at /mcp below it. Every
// token holds the word PLANTED.
func Start(t testing.TB) string {
	var url string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/oauth-authorization-server/mcp", "/.well-known/oauth-authorization-server":
			w.Write([]byte(`{"issuer":"` + url + `","authorization_endpoint":"` + url + `/authorize","token_endpoint":"` + url +
				`/token","registration_endpoint":"` + url + `/register","response_types_supported":["code"],"code_challenge_methods_supported":["S256"]}`))
		case "/register":
			w.WriteHeader(http.StatusCreated)
			w.Write([]byte(`{"client_id":"test-client-id","token_endpoint_auth_method":"none"}`))
		case "/authorize":
			q := r.URL.Query()
			http.Redirect(w, r, q.Get("redirect_uri")+"?code=test-auth-code&state="+q.Get("state"), http.StatusFound)
		case "/token":
			w.Write([]byte(`{"access_token":"PLANTED","token_type":"Bearer","expires_in":3600,"refresh_token":"PLANTED"}`))
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(s.Close)
	url = s.URL
	return url
}
