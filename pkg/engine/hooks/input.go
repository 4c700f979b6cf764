package hooks

import (
	"encoding/json"

	"codex/pkg/hooks"
)

// Common is what every event tells its hooks. The order of members is the original's.
type Common struct {
	SessionID  string      `json:"session_id"`
	TurnID     string      `json:"turn_id,omitempty"` // not of SessionStart
	Transcript *string     `json:"transcript_path"`
	Cwd        string      `json:"cwd"`
	Event      hooks.Event `json:"hook_event_name"`
	Model      string      `json:"model"`
	Permission string      `json:"permission_mode,omitempty"` // not of compactions
}

// SessionStart is the input of a session that begins: startup, resume or clear.
type SessionStart struct {
	Common
	Source string `json:"source"`
}

// SubagentStart is the input of an agent of another session that begins.
type SubagentStart struct {
	Common
	AgentID   string `json:"agent_id"`
	AgentType string `json:"agent_type"`
}

// SubagentStop is the input of the turn of such an agent that would end. Its members stand in
// another order.
type SubagentStop struct {
	SessionID  string      `json:"session_id"`
	TurnID     string      `json:"turn_id"`
	Transcript *string     `json:"transcript_path"` // of the session
	Agent      *string     `json:"agent_transcript_path"`
	Cwd        string      `json:"cwd"`
	Event      hooks.Event `json:"hook_event_name"`
	Model      string      `json:"model"`
	Permission string      `json:"permission_mode"`
	Active     bool        `json:"stop_hook_active"`
	AgentID    string      `json:"agent_id"`
	AgentType  string      `json:"agent_type"`
	Last       *string     `json:"last_assistant_message"`
}

// Prompt is the input of a prompt.
type Prompt struct {
	Common
	Prompt string `json:"prompt"`
}

// Tool is the input of a tool that is about to run, or has.
type Tool struct {
	Common
	Name     string          `json:"tool_name"`
	Input    json.RawMessage `json:"tool_input"`
	Response json.RawMessage `json:"tool_response,omitempty"`
	UseID    string          `json:"tool_use_id,omitempty"` // not of questions
}

// Compact is the input of a compaction: manual or auto.
type Compact struct {
	Common
	Trigger string `json:"trigger"`
}

// Stop is the input of a turn that would end.
type Stop struct {
	Common
	Active bool    `json:"stop_hook_active"`
	Last   *string `json:"last_assistant_message"`
}
