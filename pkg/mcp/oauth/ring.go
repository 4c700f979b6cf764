package oauth

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/keyring"
)

// ringService is the name under which the original keeps its entries.
const ringService = "Codex MCP Credentials"

// ringEntry is a login as it is kept in a keyring. The first members are the original's.
type ringEntry struct {
	ServerName string    `json:"server_name"`
	URL        string    `json:"url"`
	ClientID   string    `json:"client_id"`
	Token      ringToken `json:"token_response"`
	ExpiresAt  *int64    `json:"expires_at"` // milliseconds since 1970
	found
}

// ringToken is the answer of who gives tokens.
type ringToken struct {
	AccessToken  string  `json:"access_token"`
	Type         string  `json:"token_type"`
	ExpiresIn    *int64  `json:"expires_in,omitempty"` // seconds
	RefreshToken *string `json:"refresh_token,omitempty"`
	Scope        string  `json:"scope,omitempty"`
}

func (e Entry) ring() ringEntry {
	r := ringEntry{ServerName: e.ServerName, URL: e.ServerURL, ClientID: e.ClientID, ExpiresAt: e.ExpiresAt, found: e.found,
		Token: ringToken{AccessToken: e.AccessToken, Type: "bearer", RefreshToken: e.RefreshToken, Scope: strings.Join(e.Scopes, " ")}}
	if e.ExpiresAt != nil {
		left := max(0, (*e.ExpiresAt-time.Now().UnixMilli())/1000)
		r.Token.ExpiresIn = &left
	}
	return r
}

func (r ringEntry) entry() Entry {
	return Entry{ServerName: r.ServerName, ServerURL: r.URL, ClientID: r.ClientID, AccessToken: r.Token.AccessToken, ExpiresAt: r.ExpiresAt,
		RefreshToken: r.Token.RefreshToken, Scopes: strings.Fields(r.Token.Scope), found: r.found}
}

// ring is the entry of a server in the keyring; ok is false where none may be used.
func (s Store) ring(server config.MCPServer) (e keyring.Entry, ok bool, err error) {
	switch server.Logins {
	case config.LoginsRing:
	case config.LoginsAuto:
		if s.NoRing != nil {
			return e, false, nil
		}
	default:
		return e, false, nil
	}
	key, err := Key(server.Name, server.URL)
	return keyring.Entry{Service: ringService, Account: key, Absent: s.NoRing}, err == nil, err
}

// ringGet reads the login from the keyring. In auto a keyring that fails has none.
func (s Store) ringGet(ctx context.Context, server config.MCPServer) (e Entry, ok bool, err error) {
	ring, ok, err := s.ring(server)
	if !ok {
		return e, false, err
	}
	text, ok, err := ring.Get(ctx)
	var r ringEntry
	switch {
	case err != nil:
		err = fmt.Errorf("failed to read OAuth tokens from keyring: %w", err)
	case ok && (!jsonrpc.Valid([]byte(text)) || json.Unmarshal([]byte(text), &r) != nil):
		err = fmt.Errorf("failed to read OAuth tokens from keyring: the login at %s is broken", server.Name)
	default:
		return r.entry(), ok && r.Token.AccessToken != "", nil
	}
	if server.Logins == config.LoginsAuto {
		s.warn(err)
		return e, false, nil
	}
	return e, false, err
}

// ringPut keeps a login in the keyring; false where the file has to.
func (s Store) ringPut(ctx context.Context, server config.MCPServer, e Entry) (bool, error) {
	ring, ok, err := s.ring(server)
	if !ok {
		return false, err
	}
	text, err := jsonrpc.Marshal(e.ring())
	if err != nil {
		return false, err
	}
	err = ring.Set(ctx, string(text))
	if err == nil {
		return true, nil
	}
	err = fmt.Errorf("failed to write OAuth tokens to keyring: %w", err)
	if server.Logins == config.LoginsRing {
		return false, err
	}
	s.warn(err)
	// An older entry that the keyring still gives would count before the file.
	if _, there, err := ring.Get(ctx); err == nil && there {
		if _, err := ring.Delete(ctx); err != nil {
			return false, fmt.Errorf("failed to delete OAuth tokens from keyring: %w", err)
		}
	}
	return false, nil
}

// ringRemove forgets the login in the keyring.
func (s Store) ringRemove(ctx context.Context, server config.MCPServer) (removed bool, err error) {
	ring, ok, err := s.ring(server)
	if !ok {
		return false, err
	}
	if removed, err = ring.Delete(ctx); err != nil {
		return false, fmt.Errorf("failed to delete OAuth tokens from keyring: %w", err)
	}
	return removed, nil
}

func (s Store) warn(err error) {
	if s.Warn != nil {
		s.Warn(err)
	}
}
