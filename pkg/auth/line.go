package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"codex/pkg/jsonrpc"
)

// line is a credential as codex-login gives it to other programs: what a request needs,
// and not what a renewal needs.
type line struct {
	Mode      string `json:"mode"`
	Token     string `json:"token"`
	AccountID string `json:"accountId,omitempty"`
	Email     string `json:"email,omitempty"`
	Plan      string `json:"plan,omitempty"`
	UserID    string `json:"userId,omitempty"`
	FedRAMP   bool   `json:"fedramp,omitempty"`
	Refreshed string `json:"refreshed,omitempty"` // when the token was last renewed
	External  bool   `json:"external,omitempty"`
	// Of an agent.
	Runtime string `json:"runtime,omitempty"`
	Key     []byte `json:"key,omitempty"` // 32 bytes, of which it is made
	Task    string `json:"task,omitempty"`
}

// Line is the credential as one JSON object.
func (a *Auth) Line() ([]byte, error) {
	l := line{Mode: a.Mode, Token: a.Bearer(), AccountID: a.AccountID, External: a.External,
		Email: a.Claims.Email, Plan: a.Claims.Plan, UserID: a.Claims.UserID, FedRAMP: a.Claims.FedRAMP}
	if a.Agent != nil {
		l.Runtime, l.Key, l.Task = a.Agent.Runtime, a.Agent.Seed, a.Agent.Task
	}
	if !a.LastRefresh.IsZero() {
		l.Refreshed = a.LastRefresh.UTC().Format(time.RFC3339Nano)
	}
	return jsonrpc.Marshal(l)
}

// held stands for a refresh token that only codex-login has.
const held = "(held by codex-login)"

// ParseLine reads it.
func ParseLine(b []byte) (*Auth, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, fmt.Errorf("read the answer of codex-login: %w", err)
	}
	a := &Auth{Mode: l.Mode, External: l.External}
	switch l.Mode {
	case "":
		return a, nil
	case Agent:
		// Without either it is one that is stored, and no request can be made with it yet.
		if l.Task != "" && len(l.Key) != SeedSize || l.Task == "" && len(l.Key) > 0 {
			return nil, errors.New("read the answer of codex-login: an agent with only one of key and task")
		}
		a.Agent = &Identity{Runtime: l.Runtime, Seed: l.Key, Task: l.Task}
	case APIKey:
		a.APIKey = l.Token
		return a, nil
	case ChatGPT, Personal:
	default:
		return nil, fmt.Errorf("read the answer of codex-login: unknown mode %q", l.Mode)
	}
	a.AccessToken, a.AccountID = l.Token, l.AccountID
	a.Claims = Claims{Email: l.Email, Plan: l.Plan, UserID: l.UserID, AccountID: l.AccountID, FedRAMP: l.FedRAMP}
	if l.Mode == ChatGPT && !l.External {
		a.RefreshToken = held
	}
	if l.Refreshed != "" {
		at, err := time.Parse(time.RFC3339Nano, l.Refreshed)
		if err != nil {
			return nil, fmt.Errorf("read the answer of codex-login: %w", err)
		}
		a.LastRefresh = at
	}
	return a, nil
}
