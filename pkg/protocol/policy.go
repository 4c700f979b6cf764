package protocol

import (
	"encoding/json"
	"fmt"

	"codex/pkg/jsonrpc"
)

// AskForApproval says when the user is asked before a command runs: a word, or a
// granular choice.
type AskForApproval struct {
	// Mode is one of the Approval constants, empty when Granular is set.
	Mode     string            `schema:"words=untrusted|on-failure|on-request|never"`
	Granular *GranularApproval `json:"granular"`
}

// GranularApproval switches each kind of question on (asked) or off (refused unasked).
type GranularApproval struct {
	SandboxApproval    bool `json:"sandbox_approval"`
	Rules              bool `json:"rules"`
	SkillApproval      bool `json:"skill_approval" schema:"opt"`
	RequestPermissions bool `json:"request_permissions" schema:"opt"`
	McpElicitations    bool `json:"mcp_elicitations"`
}

// Words of AskForApproval.Mode.
const (
	ApprovalOnRequest = "on-request"
	ApprovalNever     = "never"
)

// MarshalJSON writes the word, or {"granular":{…}}.
func (a AskForApproval) MarshalJSON() ([]byte, error) { return marshalExternal(a) }

func (a *AskForApproval) UnmarshalJSON(raw []byte) error { return unmarshalExternal(raw, a) }

// SandboxPolicy says what commands of a turn may do. Only the fields of its Type are
// written: readOnly has networkAccess, workspaceWrite everything, dangerFullAccess
// nothing, and externalSandbox networkAccess as the word "enabled" or "restricted".
type SandboxPolicy struct {
	// Type is one of the SandboxPolicy constants.
	Type                string
	WritableRoots       []string
	NetworkAccess       bool
	ExcludeTmpdirEnvVar bool
	ExcludeSlashTmp     bool
}

// Variants of SandboxPolicy.
const (
	SandboxPolicyDangerFullAccess = "dangerFullAccess"
	SandboxPolicyReadOnly         = "readOnly"
	SandboxPolicyExternalSandbox  = "externalSandbox"
	SandboxPolicyWorkspaceWrite   = "workspaceWrite"
)

type (
	dangerFullAccess struct {
		Type string `json:"type" schema:"const=dangerFullAccess"`
	}
	readOnly struct {
		Type          string `json:"type" schema:"const=readOnly"`
		NetworkAccess bool   `json:"networkAccess" schema:"opt"`
	}
	externalSandbox struct {
		Type          string        `json:"type" schema:"const=externalSandbox"`
		NetworkAccess NetworkAccess `json:"networkAccess" schema:"opt,default=restricted"`
	}
	workspaceWrite struct {
		Type                string       `json:"type" schema:"const=workspaceWrite"`
		WritableRoots       List[string] `json:"writableRoots" schema:"opt"`
		NetworkAccess       bool         `json:"networkAccess" schema:"opt"`
		ExcludeTmpdirEnvVar bool         `json:"excludeTmpdirEnvVar" schema:"opt"`
		ExcludeSlashTmp     bool         `json:"excludeSlashTmp" schema:"opt"`
	}
)

// Variants gives one value for each shape on the wire, for the schema generator.
func (SandboxPolicy) Variants() []any {
	return []any{dangerFullAccess{}, readOnly{}, externalSandbox{}, workspaceWrite{}}
}

// MarshalJSON writes the variant. An unknown Type is an error: a policy that the reader
// cannot understand must not look like one that it can.
func (p SandboxPolicy) MarshalJSON() ([]byte, error) {
	switch p.Type {
	case SandboxPolicyDangerFullAccess:
		return jsonrpc.Marshal(dangerFullAccess{p.Type})
	case SandboxPolicyReadOnly:
		return jsonrpc.Marshal(readOnly{p.Type, p.NetworkAccess})
	case SandboxPolicyExternalSandbox:
		net := NetworkAccessRestricted
		if p.NetworkAccess {
			net = NetworkAccessEnabled
		}
		return jsonrpc.Marshal(externalSandbox{p.Type, net})
	case SandboxPolicyWorkspaceWrite:
		return jsonrpc.Marshal(workspaceWrite{p.Type, p.WritableRoots, p.NetworkAccess, p.ExcludeTmpdirEnvVar, p.ExcludeSlashTmp})
	}
	return nil, fmt.Errorf("sandbox policy has unknown type %q", p.Type)
}

// UnmarshalJSON reads the variant. An unknown type or a networkAccess that is neither a
// bool nor one of its words is an error.
func (p *SandboxPolicy) UnmarshalJSON(raw []byte) error {
	var w struct {
		Type                string          `json:"type"`
		WritableRoots       []string        `json:"writableRoots"`
		NetworkAccess       json.RawMessage `json:"networkAccess"`
		ExcludeTmpdirEnvVar bool            `json:"excludeTmpdirEnvVar"`
		ExcludeSlashTmp     bool            `json:"excludeSlashTmp"`
	}
	if err := json.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("decode sandbox policy: %w", err)
	}
	net := false
	switch s := string(w.NetworkAccess); {
	case w.Type == SandboxPolicyDangerFullAccess, s == "", s == "null":
	case w.Type == SandboxPolicyExternalSandbox:
		var word NetworkAccess
		if err := json.Unmarshal(w.NetworkAccess, &word); err != nil {
			return fmt.Errorf("decode sandbox policy: %w", err)
		}
		if word != NetworkAccessEnabled && word != NetworkAccessRestricted {
			return fmt.Errorf("decode sandbox policy: unknown networkAccess %q", word)
		}
		net = word == NetworkAccessEnabled
	default:
		if err := json.Unmarshal(w.NetworkAccess, &net); err != nil {
			return fmt.Errorf("decode sandbox policy: %w", err)
		}
	}
	switch w.Type {
	case SandboxPolicyDangerFullAccess, SandboxPolicyReadOnly, SandboxPolicyExternalSandbox, SandboxPolicyWorkspaceWrite:
	default:
		return fmt.Errorf("decode sandbox policy: unknown type %q", w.Type)
	}
	*p = SandboxPolicy{w.Type, w.WritableRoots, net, w.ExcludeTmpdirEnvVar, w.ExcludeSlashTmp}
	return nil
}
