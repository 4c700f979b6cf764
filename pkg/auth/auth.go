// Package auth reads and writes auth.json, the stored credential of a home
// folder, in the original's format.
//
// It is a ground package: it imports pkg/config for [config.Env] and for writing
// files, pkg/foreign and pkg/jsonrpc, and touches nothing but that one file. Tokens are read, never
// verified: that is the server's business. Nobody is contacted here, and no other store is
// known: that is codex-login's.
package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"codex/pkg/config"
)

// Modes of a credential.
const (
	APIKey  = "apikey"
	ChatGPT = "chatgpt"
	// Personal is a personal access token of a ChatGPT account.
	Personal = "personalAccessToken"
	// Agent is an agent's identity, which signs requests.
	Agent = "agentIdentity"
)

// PersonalPrefix is how every personal access token begins.
const PersonalPrefix = "at-"

// Auth is the credential to use.
type Auth struct {
	// Mode is one of the above, or "" for none. An auth.json that says
	// nothing counts as chatgpt, with empty tokens.
	Mode string
	// APIKey goes with mode apikey. FromEnv tells that the credential came from
	// a variable and not from the file.
	APIKey  string
	FromEnv bool

	// The rest goes with mode chatgpt; personalAccessToken has AccessToken only.
	AccessToken, RefreshToken, IDToken, AccountID string
	// External tokens belong to somebody else, who also renews them.
	External    bool
	LastRefresh time.Time
	Claims      Claims

	// Agent goes with mode agentIdentity, as AccountID does.
	Agent *Identity
}

// Bearer is what goes into the authorization header, "" for none.
func (a *Auth) Bearer() string {
	if a.Mode == APIKey {
		return a.APIKey
	}
	return a.AccessToken
}

// Renewable tells whether codex-login can get another access token.
func (a *Auth) Renewable() bool {
	return a.Mode == ChatGPT && !a.External && a.RefreshToken != ""
}

// early is how long before its end an access token is renewed: a request must not arrive
// after it.
const early = time.Minute

// Stale tells whether the access token should be renewed before use: its time
// is over, or, when it does not say, the last renewal is older than 8 days.
func (a *Auth) Stale(now time.Time) bool {
	if !a.Renewable() {
		return false
	}
	if exp := expiry(a.AccessToken); !exp.IsZero() {
		return !now.Add(early).Before(exp)
	}
	return !a.LastRefresh.IsZero() && now.Sub(a.LastRefresh) > 8*24*time.Hour
}

// Expired tells whether the access token says that its time is over.
func (a *Auth) Expired(now time.Time) bool {
	exp := expiry(a.AccessToken)
	return !exp.IsZero() && !now.Before(exp)
}

// Account tells whether the credential is a ChatGPT account's, of whatever kind.
func (a *Auth) Account() bool { return a.Mode == ChatGPT || a.Mode == Personal || a.Mode == Agent }

// file is auth.json; the order of the keys is the original's.
type file struct {
	Mode          *string         `json:"auth_mode,omitempty"`
	APIKey        *string         `json:"OPENAI_API_KEY"`
	Tokens        *tokens         `json:"tokens,omitempty"`
	LastRefresh   *string         `json:"last_refresh,omitempty"`
	AgentIdentity json.RawMessage `json:"agent_identity,omitempty"`
	Personal      *string         `json:"personal_access_token,omitempty"`
}

type tokens struct {
	IDToken      *string `json:"id_token"`
	AccessToken  *string `json:"access_token"`
	RefreshToken *string `json:"refresh_token"`
	AccountID    *string `json:"account_id"`
}

// KeyVariable is the environment variable with an API key that counts, TokenVariable the
// one with a personal access token, or the token of an agent's identity.
const (
	KeyVariable   = "CODEX_API_KEY"
	TokenVariable = "CODEX_ACCESS_TOKEN"
)

// maxFile bounds auth.json.
const maxFile = 1 << 20

// Path is the file in a home folder.
func Path(home string) string { return filepath.Join(home, "auth.json") }

// LoadFile reads auth.json. No credential is not an error: the result then has mode "". A
// file that cannot be read is one, in words for the user.
func LoadFile(home string) (*Auth, error) {
	text, err := File{home}.Read()
	if err != nil {
		return nil, err
	}
	if text == "" {
		return &Auth{}, nil
	}
	a, err := Parse([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; log in again, or remove it", Path(home), err)
	}
	return a, nil
}

// FromEnv gives the credential that a variable holds, nil for none.
func FromEnv(env config.Env, allowKey bool) (*Auth, error) {
	if env.Get == nil {
		return nil, nil
	}
	if allowKey {
		k, err := config.HeaderValue(KeyVariable, env.Get(KeyVariable))
		if err != nil {
			return nil, err
		}
		if k != "" {
			return &Auth{Mode: APIKey, APIKey: k, FromEnv: true}, nil
		}
	}
	token, err := config.HeaderValue(TokenVariable, env.Get(TokenVariable))
	if err != nil || token == "" {
		return nil, err
	}
	if strings.HasPrefix(token, PersonalPrefix) {
		return &Auth{Mode: Personal, AccessToken: token, FromEnv: true}, nil
	}
	a, err := ParseIdentity(token)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", TokenVariable, err)
	}
	a.FromEnv = true
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
	a := &Auth{Mode: f.mode()}
	switch a.Mode {
	case APIKey:
		return a, header(f.APIKey, "OPENAI_API_KEY", "API key auth", "key", &a.APIKey)
	case Personal:
		return a, header(f.Personal, "personal_access_token", "personal access token auth", "personal access token", &a.AccessToken)
	case Agent:
		var token string
		if err := json.Unmarshal(f.AgentIdentity, &token); err != nil {
			return nil, errors.New("agent identity auth is missing an agent identity token")
		}
		return ParseIdentity(token)
	case ChatGPT:
	case "chatgptAuthTokens":
		a.Mode, a.External = ChatGPT, true
	default:
		return nil, fmt.Errorf("unknown variant `%s`, expected one of `apikey`, `chatgpt`, `chatgptAuthTokens`, `agentIdentity`, `personalAccessToken`", a.Mode)
	}
	if f.LastRefresh != nil {
		t, err := time.Parse(time.RFC3339Nano, *f.LastRefresh)
		if err != nil {
			return nil, fmt.Errorf("last_refresh: %w", err)
		}
		a.LastRefresh = t
	}
	return a, a.take(f.Tokens)
}

// mode is what the file says, or else what it holds.
func (f *file) mode() string {
	switch {
	case f.Mode != nil:
		return *f.Mode
	case f.Personal != nil:
		return Personal
	case f.APIKey != nil:
		return APIKey
	}
	return ChatGPT
}

// header reads a credential that goes into a header.
func header(from *string, member, kind, name string, to *string) error {
	if from == nil {
		return fmt.Errorf("%s is missing a %s.", kind, name)
	}
	v, err := config.HeaderValue(member+" in auth.json", *from)
	if err == nil && v == "" {
		err = fmt.Errorf("%s has an empty %s", kind, name)
	}
	*to = v
	return err
}

// take reads the tokens of an account.
func (a *Auth) take(t *tokens) error {
	if t == nil {
		return nil
	}
	for _, e := range []struct {
		from *string
		name string
		to   *string
	}{{t.IDToken, "id_token", &a.IDToken}, {t.AccessToken, "access_token", &a.AccessToken}, {t.RefreshToken, "refresh_token", &a.RefreshToken}} {
		if e.from == nil {
			return fmt.Errorf("missing field `%s`", e.name)
		}
		var err error
		if *e.to, err = config.HeaderValue(e.name+" in auth.json", *e.from); err != nil {
			return err
		}
	}
	var err error
	if a.Claims, err = ParseClaims(a.IDToken); err != nil {
		return fmt.Errorf("id_token: %w", err)
	}
	a.AccountID = a.Claims.AccountID
	if t.AccountID != nil && *t.AccountID != "" {
		a.AccountID = *t.AccountID
	}
	return nil
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
		wanted := te.Type.String()
		if te.Type.Kind() == reflect.Struct { // whose name is the program's own
			wanted = "object"
		}
		off, msg = te.Offset, fmt.Sprintf("invalid type: %s, expected %s", te.Value, wanted)
	}
	off = min(off, int64(len(b)))
	before := string(b[:off])
	line := strings.Count(before, "\n") + 1
	col := len(before) - strings.LastIndexByte(before, '\n') - 1
	return fmt.Errorf("%s at line %d column %d", msg, line, col)
}

// Mask shortens a key for display: the first 8 and the last 5 characters, or
// nothing of a short one.
func Mask(key string) string {
	if len(key) <= 13 {
		return "***"
	}
	return key[:8] + "***" + key[len(key)-5:]
}
