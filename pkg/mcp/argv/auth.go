package argv

import (
	"maps"
	"slices"
	"strings"
)

// authStatus says how a server knows us: a word of list --json.
type authStatus string

const (
	authUnsupported authStatus = "unsupported"
	authNone        authStatus = "not_logged_in"
	authBearer      authStatus = "bearer_token"
	authOAuth       authStatus = "o_auth"
)

// title is the word for people.
func (a authStatus) title() string {
	switch a {
	case authNone:
		return "Not logged in"
	case authBearer:
		return "Bearer token"
	case authOAuth:
		return "OAuth"
	}
	return "Unsupported"
}

// auth is what the table of a server says by itself.
func (s server) auth() authStatus {
	isAuth := func(h string) bool { return strings.EqualFold(h, "authorization") }
	if s.command == nil && (s.bearerVar != nil || slices.ContainsFunc(slices.Collect(maps.Keys(s.headers)), isAuth) ||
		slices.ContainsFunc(slices.Collect(maps.Keys(s.envHeaders)), isAuth)) {
		return authBearer
	}
	return authUnsupported
}
