package auth

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"codex/pkg/jsonrpc"
)

// Identity is an agent's: it sends no token, but signs each request, as part of a task that
// its service has registered.
type Identity struct {
	Token   string // whole, as it is stored
	Runtime string
	Key     ed25519.PrivateKey
	Task    string // "" as long as none is registered
}

// ParseIdentity reads a token of an agent's identity without verifying it.
func ParseIdentity(token string) (*Auth, error) {
	if parts := strings.Split(token, "."); len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return nil, errors.New("invalid agent identity JWT format")
	}
	var p struct {
		Runtime   string `json:"agent_runtime_id"`
		Key       []byte `json:"agent_private_key"`
		AccountID string `json:"account_id"`
		UserID    string `json:"chatgpt_user_id"`
		Email     string `json:"email"`
		Plan      string `json:"plan_type"`
		FedRAMP   bool   `json:"chatgpt_account_is_fedramp"`
	}
	if err := payload(token, &p); err != nil {
		return nil, fmt.Errorf("read agent identity JWT: %w", err)
	}
	if p.Runtime == "" || p.AccountID == "" {
		return nil, errors.New("agent identity JWT names no agent or no account")
	}
	key, err := x509.ParsePKCS8PrivateKey(p.Key)
	signs, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok { // what is wrong with a key may tell of it
		return nil, errors.New("stored agent identity private key is not valid PKCS#8")
	}
	return &Auth{Mode: Agent, AccountID: p.AccountID, Agent: &Identity{Token: token, Runtime: p.Runtime, Key: signs},
		Claims: Claims{Email: p.Email, UserID: p.UserID, AccountID: p.AccountID, Plan: p.Plan, FedRAMP: p.FedRAMP}}, nil
}

// Sign signs what comes after the agent's name.
func (i *Identity) Sign(parts ...string) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(i.Key, []byte(i.Runtime+":"+strings.Join(parts, ":"))))
}

// Time is the form of a time that is signed.
func (i *Identity) Time(now time.Time) string { return now.UTC().Format(time.RFC3339) }

// assertion is the authorization of a request that is made now.
func (i *Identity) assertion(now time.Time) string {
	at := i.Time(now)
	b, err := jsonrpc.Marshal(struct {
		Runtime   string `json:"agent_runtime_id"`
		Signature string `json:"signature"`
		Task      string `json:"task_id"`
		Time      string `json:"timestamp"`
	}{i.Runtime, i.Sign(i.Task, at), i.Task, at})
	if err != nil {
		return "" // texts can be encoded
	}
	return "AgentAssertion " + base64.RawURLEncoding.EncodeToString(b)
}

// Authorization is the header of a request that is made now, "" for none.
func (a *Auth) Authorization(now time.Time) string {
	if a.Agent != nil && a.Agent.Task != "" {
		return a.Agent.assertion(now)
	}
	if token := a.Bearer(); token != "" {
		return "Bearer " + token
	}
	return ""
}

// WithIdentity is the text that holds a token of an agent's identity and nothing else.
func WithIdentity(token string) (string, error) {
	token, err := secret("access token", token)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(token)
	if err != nil {
		return "", err
	}
	mode := Agent
	return text(file{Mode: &mode, AgentIdentity: raw})
}
