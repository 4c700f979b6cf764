package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Identity is an agent's: it sends no token, but signs each request, as part of a task that
// its service has registered.
type Identity struct {
	Token   string // whole, as it is stored
	Runtime string
	// Key is the private one, a PKCS#8 document, as the token has it. Seed is what it is made
	// of, and Task whom requests are for: what codex-login gives to others.
	Key  []byte
	Seed []byte
	Task string
}

// SeedSize is that of a key for Ed25519.
const SeedSize = 32

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
	return &Auth{Mode: Agent, AccountID: p.AccountID, Agent: &Identity{Token: token, Runtime: p.Runtime, Key: p.Key},
		Claims: Claims{Email: p.Email, UserID: p.UserID, AccountID: p.AccountID, Plan: p.Plan, FedRAMP: p.FedRAMP}}, nil
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
