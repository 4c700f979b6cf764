package appserver

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/gjson"
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
	return bearer(func(given string) error { return a.judge(given, secret, now(), skew) }), nil
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
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, path, fmt.Errorf("failed to read websocket auth secret %s: %v", path, ioError(err))
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

// judge checks a JSON web token signed with HS256: the signature first, for what is not
// signed is not looked at.
func (a SocketAuth) judge(token string, secret []byte, now time.Time, skew time.Duration) error {
	bad := errors.New("invalid websocket jwt")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return bad
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(parts[0] + "." + parts[1]))
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(sig, mac.Sum(nil)) {
		return bad
	}
	head, err1 := base64.RawURLEncoding.DecodeString(parts[0])
	body, err2 := base64.RawURLEncoding.DecodeString(parts[1])
	if err1 != nil || err2 != nil || gjson.GetBytes(head, "alg").Str != "HS256" || !gjson.ValidBytes(body) {
		return bad
	}
	c := gjson.ParseBytes(body)
	exp := c.Get("exp")
	switch {
	case exp.Type != gjson.Number:
		return bad
	case now.After(time.Unix(exp.Int(), 0).Add(skew)):
		return errors.New("expired websocket jwt")
	case c.Get("nbf").Exists() && now.Before(time.Unix(c.Get("nbf").Int(), 0).Add(-skew)):
		return errors.New("websocket jwt is not valid yet")
	case a.Issuer != "" && c.Get("iss").Str != a.Issuer:
		return errors.New("websocket jwt issuer mismatch")
	case a.Audience != "" && !audience(c.Get("aud"), a.Audience):
		return errors.New("websocket jwt audience mismatch")
	}
	return nil
}

func audience(v gjson.Result, want string) bool {
	for _, one := range v.Array() { // a string is an array of one
		if one.Str == want {
			return true
		}
	}
	return false
}
