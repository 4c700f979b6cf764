package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
)

// File is the store that is a file of the home folder.
type File struct{ Home string }

// Read gives the text, "" for none.
func (f File) Read() (string, error) {
	b, err := foreign.ReadFile(Path(f.Home), maxFile)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read auth.json: %w", err)
	}
	return string(b), nil
}

// Change replaces the text in one step, with mode 0600.
func (f File) Change(ctx context.Context, change func(old string) (string, error)) error {
	if err := config.Update(ctx, Path(f.Home), change); err != nil {
		return fmt.Errorf("write auth.json: %w", err)
	}
	return nil
}

// Remove deletes the credential; removed tells whether there was one.
func (f File) Remove() (removed bool, err error) {
	if _, err := os.Lstat(Path(f.Home)); errors.Is(err, os.ErrNotExist) {
		return false, nil // also where nothing can be removed
	}
	if err = os.Remove(Path(f.Home)); err != nil {
		return false, fmt.Errorf("remove auth.json: %w", err)
	}
	return true, nil
}

// WithAPIKey is the text that holds an API key and nothing else.
func WithAPIKey(key string) (string, error) {
	key, err := secret("API key", key)
	if err != nil {
		return "", err
	}
	mode := APIKey
	return text(file{Mode: &mode, APIKey: &key})
}

// WithPersonal is the text that holds a personal access token and nothing else. Like the
// original's it names no mode, so that older releases say that there are no tokens, and
// not that they cannot read the file.
func WithPersonal(token string) (string, error) {
	token, err := secret("access token", token)
	if err != nil {
		return "", err
	}
	return text(file{Personal: &token})
}

// secret is a credential without the blanks around it, which must be there.
func secret(what, s string) (string, error) {
	s, err := config.HeaderValue(what, s)
	if err == nil && s == "" {
		err = fmt.Errorf("%s is empty", what)
	}
	return s, err
}

// WithTokens is old with the tokens of a login or a renewal. An API key that it holds
// beside them stays; what cannot be read counts as nothing.
func WithTokens(old string, a *Auth) (string, error) {
	mode := ChatGPT
	if a.External {
		mode = "chatgptAuthTokens"
	}
	for _, t := range []struct{ name, token string }{{"id_token", a.IDToken}, {"access_token", a.AccessToken}, {"refresh_token", a.RefreshToken}} {
		if _, err := config.HeaderValue(t.name, t.token); err != nil {
			return "", err // it could not be read again
		}
	}
	var f file
	if json.Unmarshal([]byte(old), &f) != nil {
		f = file{}
	}
	f = file{Mode: &mode, APIKey: f.APIKey, AgentIdentity: f.AgentIdentity,
		Tokens: &tokens{IDToken: &a.IDToken, AccessToken: &a.AccessToken, RefreshToken: &a.RefreshToken}}
	if a.AccountID != "" {
		f.Tokens.AccountID = &a.AccountID
	}
	if !a.LastRefresh.IsZero() {
		at := a.LastRefresh.UTC().Format("2006-01-02T15:04:05.000000000Z")
		f.LastRefresh = &at
	}
	return text(f)
}

// text is the file as the original writes it.
func text(f file) (string, error) {
	b, err := jsonrpc.Marshal(f)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b, "", "  "); err != nil {
		return "", err
	}
	return out.String(), nil
}

// SaveAPIKey stores an API key in place of whatever was there.
func SaveAPIKey(ctx context.Context, home, key string) error {
	text, err := WithAPIKey(key)
	if err != nil {
		return err
	}
	return File{home}.Change(ctx, func(string) (string, error) { return text, nil })
}
