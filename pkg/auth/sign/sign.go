// Package sign signs requests of agents: who has an identity sends no token.
//
// Ground layer; it imports auth and jsonrpc. It is no part of auth, so that programs that only
// read credentials link no cryptography.
package sign

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"time"

	"codex/pkg/auth"
	"codex/pkg/jsonrpc"
)

// Authorization is the header of a request that is made now, "" for none.
func Authorization(a *auth.Auth, now time.Time) string {
	if a.Agent != nil && a.Agent.Task != "" {
		return assertion(a.Agent, now)
	}
	if token := a.Bearer(); token != "" {
		return "Bearer " + token
	}
	return ""
}

// assertion says for which task of which agent a request is.
func assertion(agent *auth.Identity, now time.Time) string {
	at := Time(now)
	b, err := jsonrpc.Marshal(struct {
		Runtime   string `json:"agent_runtime_id"`
		Signature string `json:"signature"`
		Task      string `json:"task_id"`
		Time      string `json:"timestamp"`
	}{agent.Runtime, Text(agent, agent.Task, at), agent.Task, at})
	if err != nil {
		return "" // texts can be encoded
	}
	return "AgentAssertion " + base64.RawURLEncoding.EncodeToString(b)
}

// Text signs what comes after the agent's name.
func Text(agent *auth.Identity, parts ...string) string {
	key := ed25519.NewKeyFromSeed(agent.Seed)
	return base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(agent.Runtime+":"+strings.Join(parts, ":"))))
}

// Time is the form of a time that is signed.
func Time(now time.Time) string { return now.UTC().Format(time.RFC3339) }
