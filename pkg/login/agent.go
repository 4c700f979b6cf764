package login

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/nacl/box"

	"codex/pkg/auth"
	"codex/pkg/auth/sign"
	"codex/pkg/webclient"
)

// An agent's identity is a token whose signer publishes keys with the service of the account;
// tasks of the agent are registered with another service. Variables name others.
const (
	agentIssuer   = "https://chatgpt.com/codex-backend/agent-identity"
	agentAudience = "codex-app-server"
	agentVariable = "CODEX_AGENT_IDENTITY_AUTHAPI_BASE_URL"
	keysVariable  = "CODEX_AGENT_IDENTITY_JWKS_BASE_URL"
	leeway        = time.Minute // between two clocks
)

// registered is an agent with a new task, for the requests of one process.
func (s *session) registered(a *auth.Auth) (*auth.Auth, error) {
	if err := s.verify(a.Agent.Token); err != nil {
		return nil, err
	}
	if err := seed(a.Agent); err != nil {
		return nil, err
	}
	at := sign.Time(s.Now())
	got, err := s.postJSON(s.ctx, s.agentAPI()+"/v1/agent/"+url.PathEscape(a.Agent.Runtime)+"/task/register", struct {
		Time      string `json:"timestamp"`
		Signature string `json:"signature"`
	}{at, sign.Text(a.Agent, at)})
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to register agent task: %w", err)
	case !got.ok():
		return nil, fmt.Errorf("failed to register agent task: %s", got.describe())
	}
	if a.Agent.Task, err = task(got.body, a.Agent); err != nil {
		return nil, fmt.Errorf("failed to register agent task: %w", err)
	}
	return a, nil
}

// seed finds what an agent's key is made of.
func seed(agent *auth.Identity) error {
	key, err := x509.ParsePKCS8PrivateKey(agent.Key)
	private, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok { // what is wrong with a key may tell of it
		return errors.New("stored agent identity private key is not valid PKCS#8")
	}
	agent.Seed = private.Seed()
	return nil
}

func (s *session) agentAPI() string {
	return cmp.Or(strings.TrimRight(strings.TrimSpace(s.Env.Get(agentVariable)), "/"), authAPI)
}

// task is the name in an answer, which may be sealed for the agent.
func task(body []byte, agent *auth.Identity) (string, error) {
	var v struct {
		Task        string `json:"task_id"`
		TaskCamel   string `json:"taskId"`
		Sealed      []byte `json:"encrypted_task_id"`
		SealedCamel []byte `json:"encryptedTaskId"`
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if name := cmp.Or(v.Task, v.TaskCamel); name != "" {
		return name, nil
	}
	sealed := append(v.Sealed, v.SealedCamel...)
	if len(sealed) == 0 {
		return "", errors.New("the answer names no task")
	}
	// The key that opens is made of the one that signs, as Ed25519 makes its scalar.
	secret := sha512.Sum512(agent.Seed)
	private := [32]byte(secret[:32])
	public, err := curve25519.X25519(private[:], curve25519.Basepoint)
	if err != nil {
		return "", fmt.Errorf("decrypt the name of the task: %w", err)
	}
	name, ok := box.OpenAnonymous(nil, sealed, (*[32]byte)(public), &private)
	if !ok || len(name) == 0 {
		return "", errors.New("the name of the task cannot be decrypted")
	}
	return string(name), nil
}

// verify holds the token of an agent against the keys of its service.
func (s *session) verify(token string) error {
	rules := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(agentIssuer), jwt.WithAudience(agentAudience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(s.Now))
	_, err := rules.ParseWithClaims(token, &jwt.RegisteredClaims{}, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		if kid == "" {
			return nil, errors.New("it names no key")
		}
		return s.agentKey(kid)
	})
	if err != nil {
		return fmt.Errorf("failed to verify agent identity JWT: %w", err)
	}
	return nil
}

// agentKey fetches a key of the service.
func (s *session) agentKey(kid string) (*rsa.PublicKey, error) {
	const doing = "failed to fetch agent identity JWKS: "
	address := s.agentKeys()
	if u, err := url.Parse(address); err == nil && u.Scheme == "http" && !webclient.Loopback(u.Hostname()) {
		return nil, errors.New(doing + "keys that anybody on the way can change say nothing: the address wants https")
	}
	got, err := s.ask(s.ctx, http.MethodGet, address, "", nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf(doing+"%w", err)
	case !got.ok():
		return nil, errors.New(doing + got.describe())
	}
	var set struct {
		Keys []struct{ Kty, Kid, N, E string }
	}
	if err := json.Unmarshal(got.body, &set); err != nil {
		return nil, fmt.Errorf(doing+"%w", err)
	}
	for _, k := range set.Keys {
		if k.Kid != kid || k.Kty != "RSA" {
			continue
		}
		n, nerr := base64.RawURLEncoding.DecodeString(k.N)
		e, eerr := base64.RawURLEncoding.DecodeString(k.E)
		if nerr != nil || eerr != nil || len(e) > 4 {
			return nil, fmt.Errorf(doing+"key %s cannot be read", kid)
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
	}
	return nil, fmt.Errorf("agent identity JWT kid %s is not trusted", kid)
}

// agentKeys is where the keys are.
func (s *session) agentKeys() string {
	base := strings.TrimRight(cmp.Or(s.Env.Get(keysVariable), s.cfg.ChatGPTBaseURL), "/")
	switch {
	case strings.Contains(base, "/backend-api"):
		return base + "/wham/agent-identities/jwks"
	case strings.Contains(base, "/api/codex"):
		return base + "/agent-identities/jwks"
	}
	return base + "/api/codex/agent-identities/jwks"
}
