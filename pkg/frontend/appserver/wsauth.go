package appserver

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"codex/pkg/foreign"
	"codex/pkg/ostext"
)

// SocketAuth are the --ws-* options.
type SocketAuth struct {
	Mode, TokenFile, TokenSHA256, SecretFile, Issuer, Audience string
	Skew                                                       time.Duration // negative: not given
}

// defaultSkew is what clocks may differ by.
const defaultSkew = 30 * time.Second

// minSecret is the shortest secret that tokens may be signed with.
const minSecret = 32

// Check gives the judge of authorization headers, nil when no authentication is asked
// for. Relative names start at cwd.
func (a SocketAuth) Check(cwd string, now func() time.Time) (func([]string) error, error) {
	token := a.TokenFile != "" || a.TokenSHA256 != ""
	signed := a.SecretFile != "" || a.Issuer != "" || a.Audience != "" || a.Skew >= 0
	switch a.Mode {
	case "":
		if token || signed {
			return nil, errors.New("websocket auth flags require `--ws-auth capability-token` or `--ws-auth signed-bearer-token`")
		}
		return nil, nil
	case "capability-token":
		switch {
		case signed:
			return nil, errors.New("`--ws-shared-secret-file`, `--ws-issuer`, `--ws-audience`, and `--ws-max-clock-skew-seconds` require `--ws-auth signed-bearer-token`")
		case !token:
			return nil, errors.New("`--ws-token-file` or `--ws-token-sha256` is required when `--ws-auth capability-token` is set")
		case a.TokenFile != "" && a.TokenSHA256 != "":
			return nil, errors.New("`--ws-token-file` and `--ws-token-sha256` are mutually exclusive")
		}
		want, err := a.digest(cwd)
		if err != nil {
			return nil, err
		}
		return bearer(func(given string) error {
			got := sha256.Sum256([]byte(given))
			if subtle.ConstantTimeCompare(got[:], want) != 1 {
				return errors.New("invalid websocket bearer token")
			}
			return nil
		}), nil
	}
	switch {
	case token:
		return nil, errors.New("`--ws-token-file` and `--ws-token-sha256` require `--ws-auth capability-token`")
	case a.SecretFile == "":
		return nil, errors.New("`--ws-shared-secret-file` is required when `--ws-auth signed-bearer-token` is set")
	}
	secret, path, err := readSecret(cwd, a.SecretFile)
	if err != nil {
		return nil, err
	}
	if len(secret) < minSecret {
		return nil, fmt.Errorf("signed websocket bearer secret %s must be at least %d bytes", path, minSecret)
	}
	skew := a.Skew
	if skew < 0 {
		skew = defaultSkew
	}
	return bearer(func(given string) error { return a.judge(given, secret, now, skew) }), nil
}

func (a SocketAuth) digest(cwd string) ([]byte, error) {
	if a.TokenSHA256 != "" {
		want, err := hex.DecodeString(a.TokenSHA256)
		if err != nil || len(want) != sha256.Size {
			return nil, errors.New("--ws-token-sha256 must be a 64-character hex SHA-256 digest")
		}
		return want, nil
	}
	secret, path, err := readSecret(cwd, a.TokenFile)
	if err != nil {
		return nil, err
	}
	if len(secret) == 0 {
		return nil, fmt.Errorf("websocket auth secret %s must not be empty", path)
	}
	sum := sha256.Sum256(secret)
	return sum[:], nil
}

func readSecret(cwd, path string) ([]byte, string, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(cwd, path)
	}
	b, err := foreign.ReadFile(path, 64<<10)
	if err != nil {
		return nil, path, fmt.Errorf("failed to read websocket auth secret %s: %v", path, ostext.Of(err))
	}
	return bytes.TrimSpace(b), path, nil
}

// bearer takes the token out of the header.
func bearer(judge func(string) error) func([]string) error {
	return func(headers []string) error {
		if len(headers) == 0 {
			return errors.New("missing websocket bearer token")
		}
		scheme, token, ok := strings.Cut(headers[0], " ")
		token = strings.TrimSpace(token)
		if len(headers) > 1 || !ok || !strings.EqualFold(scheme, "bearer") || token == "" {
			return errors.New("invalid authorization header")
		}
		return judge(token)
	}
}

// judge checks a JSON web token signed with HS256. What is not signed is not looked at.
func (a SocketAuth) judge(token string, secret []byte, now func() time.Time, skew time.Duration) error {
	rules := []jwt.ParserOption{jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithLeeway(skew), jwt.WithTimeFunc(now)}
	if a.Issuer != "" {
		rules = append(rules, jwt.WithIssuer(a.Issuer))
	}
	if a.Audience != "" {
		rules = append(rules, jwt.WithAudience(a.Audience))
	}
	_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return secret, nil }, rules...)
	for _, known := range []struct{ is, says error }{
		{jwt.ErrTokenExpired, errors.New("expired websocket jwt")},
		{jwt.ErrTokenNotValidYet, errors.New("websocket jwt is not valid yet")},
		{jwt.ErrTokenInvalidIssuer, errors.New("websocket jwt issuer mismatch")},
		{jwt.ErrTokenInvalidAudience, errors.New("websocket jwt audience mismatch")},
	} {
		if errors.Is(err, known.is) {
			return known.says
		}
	}
	if err != nil {
		return errors.New("invalid websocket jwt")
	}
	return nil
}
