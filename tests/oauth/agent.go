package oauth

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/nacl/box"
)

// Agent is an agent that the service knows: Key signs for it, the service signs Token.
type Agent struct {
	Token string
	Key   ed25519.PrivateKey
	Text  string // of the key, as the token holds it
	// Sealed has the service seal the names of tasks.
	Sealed bool

	signer *rsa.PrivateKey
	tasks  int
}

// AgentName is how the service calls it.
const AgentName = "agent-1"

// NewAgent makes the service know an agent. change may alter what its token says.
func (s *Server) NewAgent(t testing.TB, change func(claims map[string]any)) *Agent {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a := &Agent{Key: key, Text: base64.StdEncoding.EncodeToString(der)}
	if a.signer, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{"iss": "https://chatgpt.com/codex-backend/agent-identity", "aud": "codex-app-server",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "agent_runtime_id": AgentName, "agent_private_key": a.Text,
		"account_id": s.Account, "chatgpt_user_id": "user1", "email": "agent@example.com", "plan_type": "pro", "chatgpt_account_is_fedramp": false}
	change(claims)
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	e := base64.RawURLEncoding.EncodeToString
	head := e([]byte(`{"alg":"RS256","typ":"JWT","kid":"key1"}`)) + "." + e(body)
	sum := sha256.Sum256([]byte(head))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.signer, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	a.Token = head + "." + e(signature)
	s.Set(func(s *Server) { s.agent = a })
	return a
}

// keys are those that the service has published.
func (a *Agent) keys(w http.ResponseWriter) {
	e := base64.RawURLEncoding.EncodeToString
	answer(w, 200, map[string]any{"keys": []any{map[string]any{"kty": "EC", "kid": "key1"}, map[string]any{"kty": "RSA", "kid": "key1", "use": "sig", "alg": "RS256",
		"n": e(a.signer.N.Bytes()), "e": e(big.NewInt(int64(a.signer.E)).Bytes())}}})
}

// register begins a task, for who can sign.
func (a *Agent) register(w http.ResponseWriter, body []byte) {
	var in struct{ Timestamp, Signature string }
	json.Unmarshal(body, &in)
	if !a.signed(in.Timestamp, in.Signature) {
		answer(w, 401, map[string]any{"error": map[string]any{"message": "the signature is wrong"}})
		return
	}
	a.tasks++
	name := fmt.Sprintf("task-%d", a.tasks)
	if !a.Sealed {
		answer(w, 200, map[string]any{"task_id": name})
		return
	}
	sum := sha512.Sum512(a.Key.Seed())
	public, err := curve25519.X25519(sum[:32], curve25519.Basepoint)
	if err == nil {
		var sealed []byte
		if sealed, err = box.SealAnonymous(nil, []byte(name), (*[32]byte)(public), rand.Reader); err == nil {
			answer(w, 200, map[string]any{"encrypted_task_id": sealed})
			return
		}
	}
	answer(w, 500, map[string]any{"error": err.Error()})
}

func (a *Agent) signed(text, signature string) bool {
	sig, err := base64.StdEncoding.DecodeString(signature)
	return err == nil && ed25519.Verify(a.Key.Public().(ed25519.PublicKey), []byte(AgentName+":"+text), sig)
}

// Task is the task for which the authorization of a request is good, "" for none.
func (a *Agent) Task(authorization string) string {
	token, ok := strings.CutPrefix(authorization, "AgentAssertion ")
	b, err := base64.RawURLEncoding.DecodeString(token)
	var in struct {
		Runtime   string `json:"agent_runtime_id"`
		Signature string `json:"signature"`
		Task      string `json:"task_id"`
		Time      string `json:"timestamp"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if !ok || err != nil || d.Decode(&in) != nil || in.Runtime != AgentName || !a.signed(in.Task+":"+in.Time, in.Signature) {
		return ""
	}
	if at, err := time.Parse("2006-01-02T15:04:05Z", in.Time); err != nil || at.IsZero() {
		return ""
	}
	return in.Task
}
