// Package rollout reads and writes session files: one JSON object a line,
// {"timestamp","type","payload"}, under CODEX_HOME/sessions/YYYY/MM/DD. The format is
// the original's, in both directions. A Writer appends and never
// rewrites; Load gives back what a resumed thread needs, reading the file from its end
// so that only what came after the last compaction is decoded.
//

// Ground layer; it imports the standard library, gjson, gofrs/flock and pkg/protocol.
package rollout

import (
	"encoding/json"
	"time"
)

// Line types.
const (
	TypeSessionMeta  = "session_meta"
	TypeTurnContext  = "turn_context"
	TypeResponseItem = "response_item"
	TypeEvent        = "event_msg"
	TypeCompacted    = "compacted"
)

// headLines is how many lines may stand before the first of a kind that every file has.
const headLines = 64

// line is one line of a session file.
type line struct {
	Timestamp string `json:"timestamp"`
	Type      string `json:"type"`
	Payload   any    `json:"payload"`
}

// Stamp formats a line's time: UTC with milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Meta is the payload of the first line.
type Meta struct {
	ID               string          `json:"id"`
	ForkedFromID     string          `json:"forked_from_id,omitempty"`
	Timestamp        string          `json:"timestamp"`
	Cwd              string          `json:"cwd"`
	Originator       string          `json:"originator"`
	CLIVersion       string          `json:"cli_version"`
	Source           json.RawMessage `json:"source"` // "exec", "cli", "vscode", {"subagent":…}
	ThreadSource     string          `json:"thread_source,omitempty"`
	AgentNickname    *string         `json:"agent_nickname,omitempty"`
	AgentRole        *string         `json:"agent_role,omitempty"`
	ModelProvider    string          `json:"model_provider"`
	BaseInstructions *Text           `json:"base_instructions"`
	DynamicTools     json.RawMessage `json:"dynamic_tools,omitempty"` // DynamicToolSpecs with every member
	MemoryMode       string          `json:"memory_mode,omitempty"`   // "" lets it feed memories
	Git              *Git            `json:"git,omitempty"`
}

// Text wraps the base instructions.
type Text struct {
	Text string `json:"text"`
}

// Git says where the work tree stood when the session began; empty in a repository
// without commits, left out outside one.
type Git struct {
	CommitHash    string `json:"commit_hash,omitempty"`
	Branch        string `json:"branch,omitempty"`
	RepositoryURL string `json:"repository_url,omitempty"`
}

// TurnContext records the settings a turn ran under; the next turn's context is sent
// as the difference to the last one.
type TurnContext struct {
	TurnID            string          `json:"turn_id"`
	Cwd               string          `json:"cwd"`
	CurrentDate       string          `json:"current_date"`
	Timezone          string          `json:"timezone"`
	ApprovalPolicy    json.RawMessage `json:"approval_policy"`
	SandboxPolicy     SandboxPolicy   `json:"sandbox_policy"`
	PermissionProfile json.RawMessage `json:"permission_profile,omitempty"`
	FileSystemSandbox json.RawMessage `json:"file_system_sandbox_policy,omitempty"`
	Model             string          `json:"model"`
	Personality       string          `json:"personality,omitempty"`
	CollaborationMode Collaboration   `json:"collaboration_mode"`
	RealtimeActive    bool            `json:"realtime_active"`
	Effort            string          `json:"effort,omitempty"`
	Summary           string          `json:"summary"`
	UserInstructions  string          `json:"user_instructions,omitempty"`
	DeveloperInstr    string          `json:"developer_instructions,omitempty"`
	FinalOutputSchema json.RawMessage `json:"final_output_json_schema,omitempty"`
}

// SandboxPolicy is the legacy form that the line carries beside the profile.
type SandboxPolicy struct {
	Type                string   `json:"type"` // read-only, workspace-write, danger-full-access, external-sandbox
	WritableRoots       []string `json:"-"`
	NetworkAccess       bool     `json:"-"`
	ExcludeTmpdirEnvVar bool     `json:"-"`
	ExcludeSlashTmp     bool     `json:"-"`
}

// MarshalJSON writes the fields that the type has.
func (p SandboxPolicy) MarshalJSON() ([]byte, error) {
	if p.Type != "workspace-write" {
		if p.Type == "read-only" && p.NetworkAccess {
			return []byte(`{"type":"read-only","network_access":true}`), nil
		}
		if p.Type == "external-sandbox" {
			if p.NetworkAccess {
				return []byte(`{"type":"external-sandbox","network_access":"enabled"}`), nil
			}
			return []byte(`{"type":"external-sandbox","network_access":"restricted"}`), nil
		}
		return json.Marshal(struct {
			Type string `json:"type"`
		}{p.Type})
	}
	roots := p.WritableRoots
	if roots == nil {
		roots = []string{}
	}
	return json.Marshal(struct {
		Type string   `json:"type"`
		W    []string `json:"writable_roots"`
		N    bool     `json:"network_access"`
		T    bool     `json:"exclude_tmpdir_env_var"`
		S    bool     `json:"exclude_slash_tmp"`
	}{p.Type, roots, p.NetworkAccess, p.ExcludeTmpdirEnvVar, p.ExcludeSlashTmp})
}

// UnmarshalJSON reads either form.
func (p *SandboxPolicy) UnmarshalJSON(b []byte) error {
	var v struct {
		Type string   `json:"type"`
		W    []string `json:"writable_roots"`
		N    any      `json:"network_access"` // a word for external-sandbox
		T    bool     `json:"exclude_tmpdir_env_var"`
		S    bool     `json:"exclude_slash_tmp"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*p = SandboxPolicy{v.Type, v.W, v.N == true || v.N == "enabled", v.T, v.S}
	return nil
}

// Collaboration is the mode a turn ran in; "default" here.
type Collaboration struct {
	Mode     string                `json:"mode"`
	Settings CollaborationSettings `json:"settings"`
}

// CollaborationSettings go with the mode.
type CollaborationSettings struct {
	Model                 string  `json:"model"`
	ReasoningEffort       *string `json:"reasoning_effort"`
	DeveloperInstructions *string `json:"developer_instructions"`
}

// Usage counts tokens.
type Usage struct {
	Input     int64 `json:"input_tokens"`
	Cached    int64 `json:"cached_input_tokens"`
	Output    int64 `json:"output_tokens"`
	Reasoning int64 `json:"reasoning_output_tokens"`
	Total     int64 `json:"total_tokens"`
	// Written is the part of the input that the provider's cache took, where it says that;
	// 0.133.0 does not keep it.
	Written int64 `json:"cache_write_input_tokens,omitempty"`
}

// Add sums two counts.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.Input + v.Input, u.Cached + v.Cached, u.Output + v.Output, u.Reasoning + v.Reasoning, u.Total + v.Total, u.Written + v.Written}
}

// TokenInfo is the info member of a token_count event.
type TokenInfo struct {
	Total  Usage  `json:"total_token_usage"`
	Last   Usage  `json:"last_token_usage"`
	Window *int64 `json:"model_context_window"`
}

// Compacted replaces all earlier history.
type Compacted struct {
	Message            string            `json:"message"`
	ReplacementHistory []json.RawMessage `json:"replacement_history"`
}
