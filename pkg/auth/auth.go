// Package auth reads and writes auth.json, the stored credential of a home
// folder, in the original's format.
//
// It is a ground package: it imports pkg/config for [config.Env] and for writing
// files, pkg/foreign and pkg/jsonrpc, and touches nothing but that one file. Tokens are read, never
// verified: that is the server's business. Nobody is contacted here.
package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
)

// Modes of a credential.
const (
	APIKey  = "apikey"
	ChatGPT = "chatgpt"
)

// Auth is the credential to use.
type Auth struct {
	// Mode is "apikey", "chatgpt" or "" for none. An auth.json that says
	// nothing counts as chatgpt, with empty tokens.
	Mode string
	// APIKey goes with mode apikey. FromEnv tells that it came from
	// CODEX_API_KEY and not from the file.
	APIKey  string
	FromEnv bool

	// The rest goes with mode chatgpt.
	AccessToken, RefreshToken, IDToken, AccountID string
	// External tokens belong to somebody else, who also renews them.
	External    bool
	LastRefresh time.Time
	Claims      Claims
}

// Bearer is what goes into the authorization header, "" for none.
func (a *Auth) Bearer() string {
	if a.Mode == APIKey {
		return a.APIKey
	}
	return a.AccessToken
}

// Stale tells whether the access token should be renewed before use: its time
// is over, or, when it does not say, the last renewal is older than 8 days
// .
func (a *Auth) Stale(now time.Time) bool {
	if a.Mode != ChatGPT || a.External || a.RefreshToken == "" {
		return false
	}
	if exp := expiry(a.AccessToken); !exp.IsZero() {
		return !now.Before(exp)
	}
	return !a.LastRefresh.IsZero() && now.Sub(a.LastRefresh) > 8*24*time.Hour
}

// file is auth.json; the order of the keys is the original's.
type file struct {
	Mode          *string         `json:"auth_mode,omitempty"`
	APIKey        *string         `json:"OPENAI_API_KEY"`
	Tokens        *tokens         `json:"tokens,omitempty"`
	LastRefresh   *string         `json:"last_refresh,omitempty"`
	AgentIdentity json.RawMessage `json:"agent_identity,omitempty"`
}

type tokens struct {
	IDToken      *string `json:"id_token"`
	AccessToken  *string `json:"access_token"`
	RefreshToken *string `json:"refresh_token"`
	AccountID    *string `json:"account_id"`
}

// KeyVariable is the environment variable with an API key that counts.
const KeyVariable = "CODEX_API_KEY"

// maxFile bounds auth.json.
const maxFile = 1 << 20

// Path is the file in a home folder.
func Path(home string) string { return filepath.Join(home, "auth.json") }

// Load finds the credential: CODEX_API_KEY when allowEnvKey says that this
// frontend honours it, else auth.json. No credential is not an error: the
// result then has mode "". A file that cannot be read is one, in words for the
// user. OPENAI_API_KEY in the environment means nothing here, as in the original.
func Load(home string, env config.Env, allowEnvKey bool) (*Auth, error) {
	if allowEnvKey && env.Get != nil {
		if k, err := config.HeaderValue(KeyVariable, env.Get(KeyVariable)); err != nil {
			return nil, err
		} else if k != "" {
			return &Auth{Mode: APIKey, APIKey: k, FromEnv: true}, nil
		}
	}
	b, err := foreign.ReadFile(Path(home), maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return &Auth{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read auth.json: %w", err)
	}
	a, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; log in again, or remove it", Path(home), err)
	}
	return a, nil
}

// Parse reads the text of an auth.json.
func Parse(b []byte) (*Auth, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, wording(b, err)
	}
	if t := strings.TrimSpace(string(b)); t == "null" {
		return nil, errors.New("invalid type: null, expected struct AuthDotJson at line 1 column 4")
	}
	a := &Auth{Mode: ChatGPT}
	switch {
	case f.Mode == nil:
		if f.APIKey != nil {
			a.Mode = APIKey
		}
	case *f.Mode == APIKey:
		a.Mode = APIKey
	case *f.Mode == ChatGPT || *f.Mode == "agentIdentity":
	case *f.Mode == "chatgptAuthTokens":
		a.External = true
	default:
		return nil, fmt.Errorf("unknown variant `%s`, expected one of `apikey`, `chatgpt`, `chatgptAuthTokens`, `agentIdentity`", *f.Mode)
	}
	if a.Mode == APIKey {
		if f.APIKey == nil {
			return nil, errors.New("API key auth is missing a key.")
		}
		var err error
		a.APIKey, err = config.HeaderValue("OPENAI_API_KEY in auth.json", *f.APIKey)
		if err == nil && a.APIKey == "" {
			err = errors.New("API key auth has an empty key")
		}
		return a, err
	}
	if f.LastRefresh != nil {
		t, err := time.Parse(time.RFC3339Nano, *f.LastRefresh)
		if err != nil {
			return nil, fmt.Errorf("last_refresh: %w", err)
		}
		a.LastRefresh = t
	}
	if t := f.Tokens; t != nil {
		for _, e := range []struct {
			from *string
			name string
			to   *string
		}{{t.IDToken, "id_token", &a.IDToken}, {t.AccessToken, "access_token", &a.AccessToken}, {t.RefreshToken, "refresh_token", &a.RefreshToken}} {
			if e.from == nil {
				return nil, fmt.Errorf("missing field `%s`", e.name)
			}
			var err error
			if *e.to, err = config.HeaderValue(e.name+" in auth.json", *e.from); err != nil {
				return nil, err
			}
		}
		var err error
		if a.Claims, err = ParseClaims(a.IDToken); err != nil {
			return nil, fmt.Errorf("id_token: %w", err)
		}
		a.AccountID = a.Claims.AccountID
		if t.AccountID != nil && *t.AccountID != "" {
			a.AccountID = *t.AccountID
		}
	}
	return a, nil
}

// wording puts the place of a JSON error behind its text.
func wording(b []byte, err error) error {
	off := int64(len(b))
	var se *json.SyntaxError
	var te *json.UnmarshalTypeError
	msg := err.Error()
	switch {
	case errors.As(err, &se):
		off, msg = se.Offset, se.Error()
	case errors.As(err, &te):
		off, msg = te.Offset, fmt.Sprintf("invalid type: %s, expected %s", te.Value, te.Type)
	}
	off = min(off, int64(len(b)))
	before := string(b[:off])
	line := strings.Count(before, "\n") + 1
	col := len(before) - strings.LastIndexByte(before, '\n') - 1
	return fmt.Errorf("%s at line %d column %d", msg, line, col)
}

// SaveAPIKey stores an API key in place of whatever was there. The file has
// mode 0600 and is replaced in one step.
func SaveAPIKey(ctx context.Context, home, key string) error {
	key, err := config.HeaderValue("API key", key)
	if err == nil && key == "" {
		err = errors.New("API key is empty")
	}
	if err != nil {
		return err
	}
	mode := APIKey
	return save(ctx, home, func(file) file { return file{Mode: &mode, APIKey: &key} })
}

// SaveTokens stores tokens after a login or a renewal. An API key that the
// file holds beside them stays.
func SaveTokens(ctx context.Context, home string, a *Auth) error {
	mode := ChatGPT
	if a.External {
		mode = "chatgptAuthTokens"
	}
	f := file{Mode: &mode, Tokens: &tokens{IDToken: &a.IDToken, AccessToken: &a.AccessToken, RefreshToken: &a.RefreshToken}}
	if a.AccountID != "" {
		f.Tokens.AccountID = &a.AccountID
	}
	if !a.LastRefresh.IsZero() {
		at := a.LastRefresh.UTC().Format("2006-01-02T15:04:05.000000000Z")
		f.LastRefresh = &at
	}
	return save(ctx, home, func(old file) file {
		f.APIKey, f.AgentIdentity = old.APIKey, old.AgentIdentity
		return f
	})
}

// save replaces what is stored; a broken file counts as an empty one.
func save(ctx context.Context, home string, change func(file) file) error {
	err := config.Update(ctx, Path(home), func(text string) (string, error) {
		var old file
		if json.Unmarshal([]byte(text), &old) != nil {
			old = file{}
		}
		b, err := jsonrpc.Marshal(change(old))
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = json.Indent(&out, b, "", "  ")
		return out.String(), err
	})
	if err != nil {
		return fmt.Errorf("write auth.json: %w", err)
	}
	return nil
}

// Remove deletes the stored credential; removed tells whether there was one.
func Remove(home string) (removed bool, err error) {
	err = os.Remove(Path(home))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("remove auth.json: %w", err)
	}
	return true, nil
}

// Mask shortens a key for display: the first 8 and the last 5 characters, or
// nothing of a short one.
func Mask(key string) string {
	if len(key) <= 13 {
		return "***"
	}
	return key[:8] + "***" + key[len(key)-5:]
}
