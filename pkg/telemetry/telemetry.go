// Package telemetry has the lines that an engine writes to the program that exports what
// happens in a session, codex-otel(1): messages in the envelope of all pipes here, without
// an answer. The first is Start; each has the time when it happened.
//
// They are facts; what OpenTelemetry calls them is that program's business.
package telemetry

import (
	"encoding/json"
	"fmt"
	"time"

	"codex/pkg/config"
	"codex/pkg/jsonrpc"
)

// The methods of the lines.
const (
	MethodStart       = "telemetry/start"
	MethodPrompt      = "telemetry/prompt"
	MethodTurnStarted = "telemetry/turn/started"
	MethodTurnEnded   = "telemetry/turn/ended"
	MethodRequest     = "telemetry/request"
	MethodEvent       = "telemetry/event"
	MethodDeltas      = "telemetry/deltas"
	MethodUsage       = "telemetry/usage"
	MethodDecision    = "telemetry/decision"
	MethodResult      = "telemetry/result"
)

// When is when something happened, in microseconds since 1970.
type When struct {
	At int64 `json:"at"`
}

// Stamp is the time of a line.
func Stamp(t time.Time) When { return When{t.UnixMicro()} }

// Time is the same as a time.
func (w When) Time() time.Time { return time.UnixMicro(w.At) }

// Start is the first line: a session begins, and everything goes there.
type Start struct {
	When
	Settings *config.Otel `json:"settings"`
	Session  Session      `json:"session"`
}

// Session says what the session is.
type Session struct {
	ThreadID         string   `json:"threadId"`
	Version          string   `json:"version"`
	Originator       string   `json:"originator"`
	Source           string   `json:"source"`
	Terminal         string   `json:"terminal"`
	Host             string   `json:"host,omitempty"`
	Provider         string   `json:"provider"`
	Model            string   `json:"model"`
	Effort           string   `json:"effort,omitempty"`
	Summary          string   `json:"summary"`
	ContextWindow    int64    `json:"contextWindow,omitempty"`
	AutoCompactLimit int64    `json:"autoCompactLimit,omitempty"`
	Approval         string   `json:"approval"`
	Sandbox          string   `json:"sandbox"`
	Servers          []string `json:"servers,omitempty"`
	Git              bool     `json:"git,omitempty"`
	Auth             Auth     `json:"auth"`
}

// Auth says what kind of credential there is, and what of those that might be is there. It
// has no secrets.
type Auth struct {
	Mode       string `json:"mode,omitempty"`
	AccountID  string `json:"accountId,omitempty"`
	Email      string `json:"email,omitempty"`
	OpenAIKey  bool   `json:"openaiKey,omitempty"` // variables that are set
	CodexKey   bool   `json:"codexKey,omitempty"`
	RefreshURL bool   `json:"refreshUrl,omitempty"`
	KeyName    string `json:"keyName,omitempty"` // the provider's
	KeySet     bool   `json:"keySet,omitempty"`
}

// Prompt is what a user wrote; its text only where log_user_prompt says so.
type Prompt struct {
	When
	Length      int    `json:"length"` // characters
	Text        string `json:"text,omitempty"`
	Texts       int    `json:"texts"`
	Images      int    `json:"images"`
	LocalImages int    `json:"localImages"`
}

// TurnStarted begins a turn.
type TurnStarted struct {
	When
	TurnID string `json:"turnId"`
	Model  string `json:"model"`
	Effort string `json:"effort,omitempty"`
}

// TurnEnded ends it.
type TurnEnded struct {
	When
	TurnID string `json:"turnId"`
	Status string `json:"status"`
	TookMs int64  `json:"tookMs"`
	// FirstMs is when the model wrote its first.
	FirstMs *int64 `json:"firstMs,omitempty"`
	Tools   int    `json:"tools"`
	Usage   Usage  `json:"usage"`
}

// Request is an attempt to ask the model: the time until its answer began.
type Request struct {
	When
	Endpoint string `json:"endpoint"`
	Attempt  int    `json:"attempt"`
	TookMs   int64  `json:"tookMs"`
	Status   int    `json:"status,omitempty"` // 0 when there was none
	Error    string `json:"error,omitempty"`
	// Command says that a command was asked: it has no status.
	Command   bool   `json:"command,omitempty"`
	Header    string `json:"header,omitempty"` // name of the one with the credential
	RequestID string `json:"requestId,omitempty"`
	Ray       string `json:"ray,omitempty"`
}

// Event is one of the answer's, those with pieces of text left out.
type Event struct {
	When
	Kind   string `json:"kind"`
	TookMs int64  `json:"tookMs"` // since the one before
	Error  string `json:"error,omitempty"`
}

// Deltas counts the events with pieces of text of one answer.
type Deltas struct {
	When
	Kinds map[string]int `json:"kinds"`
}

// Usage counts tokens.
type Usage struct {
	Input     int64 `json:"input"`
	Cached    int64 `json:"cached"`
	Output    int64 `json:"output"`
	Reasoning int64 `json:"reasoning"`
	Total     int64 `json:"total"`
}

// ResponseUsage is that of one answer.
type ResponseUsage struct {
	When
	Usage
}

// Who decides about a call.
const (
	ByConfig = "Config"
	ByUser   = "User"
)

// Decision is about a call that had to be allowed.
type Decision struct {
	When
	Tool     string `json:"tool"`
	CallID   string `json:"callId"`
	Decision string `json:"decision"`
	Source   string `json:"source"`
}

// Result is what came of a call, and when. Arguments and output are cut.
type Result struct {
	When
	Tool          string `json:"tool"`
	CallID        string `json:"callId"`
	Server        string `json:"server,omitempty"` // of the Model Context Protocol
	Arguments     string `json:"arguments"`
	ArgumentBytes int    `json:"argumentBytes"` // of all of them
	Output        string `json:"output"`
	Bytes         int    `json:"bytes"` // of the whole output
	Lines         int    `json:"lines"`
	TookMs        int64  `json:"tookMs"`
	Success       bool   `json:"success"`
}

// Line encodes a message, with its newline.
func Line(method string, params any) ([]byte, error) {
	b, err := jsonrpc.Marshal(struct {
		Method string `json:"method"`
		Params any    `json:"params"`
	}{method, params})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", method, err)
	}
	return append(b, '\n'), nil
}

// Decode reads the params of a line.
func Decode[T any](params []byte) (v T, err error) {
	err = json.Unmarshal(params, &v)
	return v, err
}
