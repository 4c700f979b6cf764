package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
)

// Store holds the logins of a home folder: in a file, or, as the settings of a server say, in
// the keyring of the desktop.
type Store struct {
	Home string
	// NoRing is why there can be no keyring, nil where there may be one.
	NoRing error
	// Warn takes what is wrong with a keyring where the file will do; nil for nobody.
	Warn func(error)
}

const maxFile = 16 << 20

// Entry is what is known of one login. The first members are the original's; it drops the
// others when it writes the file, and then discovery finds them again.
type Entry struct {
	ServerName   string   `json:"server_name"`
	ServerURL    string   `json:"server_url"`
	ClientID     string   `json:"client_id"`
	AccessToken  string   `json:"access_token"`
	ExpiresAt    *int64   `json:"expires_at"` // milliseconds since 1970
	RefreshToken *string  `json:"refresh_token"`
	Scopes       []string `json:"scopes"`
	found
}

// found is what of a login the original does not keep.
type found struct {
	ClientSecret  string `json:"client_secret,omitempty"`
	TokenEndpoint string `json:"token_endpoint,omitempty"`
	Resource      string `json:"resource,omitempty"`
}

// expires says whether the token is of no use at a time.
func (e Entry) expired(at time.Time) bool {
	return e.ExpiresAt != nil && at.UnixMilli() >= *e.ExpiresAt
}

// Key is the name of an entry, as the original makes it.
func Key(name, url string) (string, error) {
	text, err := jsonrpc.Marshal(struct {
		Type    string   `json:"type"`
		URL     string   `json:"url"`
		Headers struct{} `json:"headers"`
	}{Type: "http", URL: url})
	if err != nil {
		return "", fmt.Errorf("name the login: %w", err)
	}
	sum := sha256.Sum256(text)
	return name + "|" + hex.EncodeToString(sum[:])[:16], nil
}

func (s Store) path() string { return filepath.Join(s.Home, ".credentials.json") }

// decode reads the file's text. Entries stay as they are until they are asked for.
func decode(text []byte) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if len(strings.TrimSpace(string(text))) == 0 {
		return all, nil
	}
	if err := jsonrpc.Check(text); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, errors.New("it is no object of logins") // the library's words quote what is in it
	}
	return all, nil
}

// Get gives the login at a server; ok is false without one.
func (s Store) Get(ctx context.Context, server config.MCPServer) (e Entry, ok bool, err error) {
	if e, ok, err := s.ringGet(ctx, server); ok || err != nil || server.Logins == config.LoginsRing {
		return e, ok, err
	}
	text, err := foreign.ReadFile(s.path(), maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return e, false, nil
	}
	if err != nil {
		return e, false, fmt.Errorf("read %s: %w", s.path(), err)
	}
	return s.pick(text, server.Name, server.URL)
}

func (s Store) pick(text []byte, name, url string) (e Entry, ok bool, err error) {
	key, err := Key(name, url)
	if err != nil {
		return e, false, err
	}
	all, err := decode(text)
	if err != nil {
		return e, false, fmt.Errorf("read %s: %w", s.path(), err)
	}
	raw, ok := all[key]
	if !ok {
		return e, false, nil
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return e, false, fmt.Errorf("read %s: the login at %s is broken", s.path(), name)
	}
	return e, e.AccessToken != "", nil
}

// Put keeps a login.
func (s Store) Put(ctx context.Context, server config.MCPServer, e Entry) error {
	e.ServerName, e.ServerURL = server.Name, server.URL
	err := s.change(ctx, func(all map[string]json.RawMessage) error { return s.put(ctx, server, all, e) })
	s.mark(server)
	return err
}

// put keeps a login in the keyring, else in the file: one of them has it then.
func (s Store) put(ctx context.Context, server config.MCPServer, all map[string]json.RawMessage, e Entry) error {
	key, err := Key(server.Name, server.URL)
	if err != nil {
		return err
	}
	if kept, err := s.ringPut(ctx, server, e); kept || err != nil {
		if kept {
			delete(all, key)
		}
		return err
	}
	if e.Scopes == nil {
		e.Scopes = []string{}
	}
	raw, err := jsonrpc.Marshal(e)
	if err != nil {
		return err
	}
	all[key] = raw
	return nil
}

// Remove forgets the login at a server; removed says whether there was one. A keyring that
// does not answer is no matter where the file had the login.
func (s Store) Remove(ctx context.Context, server config.MCPServer) (removed bool, err error) {
	key, err := Key(server.Name, server.URL)
	if err != nil {
		return false, err
	}
	inRing, ringErr := s.ringRemove(ctx, server)
	err = s.change(ctx, func(all map[string]json.RawMessage) error {
		_, removed = all[key]
		delete(all, key)
		return nil
	})
	s.mark(server)
	if err == nil && (!removed || server.Logins == config.LoginsRing) {
		err = ringErr
	}
	return removed || inRing, err
}

// mark changes the time of the lock when a keyring was changed: that is what others can see
// of it, who keep what a server offers to somebody logged in.
func (s Store) mark(server config.MCPServer) {
	if _, ok, _ := s.ring(server); ok {
		now := time.Now()
		_ = os.Chtimes(s.path()+".lock", now, now) // else they see it at the next call
	}
}

// change changes the file under its lock; without entries it goes.
func (s Store) change(ctx context.Context, change func(map[string]json.RawMessage) error) error {
	return config.Update(ctx, s.path(), func(old string) (string, error) {
		all, err := decode([]byte(old))
		if err != nil {
			return "", err
		}
		before := maps.Clone(all)
		if err := change(all); err != nil {
			return "", err
		}
		if maps.EqualFunc(before, all, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			return old, nil
		}
		if len(all) == 0 {
			if err := os.Remove(s.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
				return "", fmt.Errorf("remove %s: %w", s.path(), err)
			}
			return old, nil // nothing is written
		}
		text, err := jsonrpc.Marshal(all)
		return string(text), err
	})
}
