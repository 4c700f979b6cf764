package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"

	"codex/pkg/jsonrpc"
)

// RequestID is a raw request id, a string or an integer, echoed with its type.
type RequestID = json.RawMessage

// CodexErrorInfo classifies a TurnError: a word, or an object that also carries a number.
type CodexErrorInfo struct {
	// Kind is one of the ErrorInfo constants, empty when a field below is set.
	Kind                           string                  `schema:"words=contextWindowExceeded|usageLimitExceeded|serverOverloaded|cyberPolicy|internalServerError|unauthorized|badRequest|threadRollbackFailed|sandboxError|other"`
	HTTPConnectionFailed           *HTTPStatusInfo         `json:"httpConnectionFailed"`
	ResponseStreamConnectionFailed *HTTPStatusInfo         `json:"responseStreamConnectionFailed"`
	ResponseStreamDisconnected     *HTTPStatusInfo         `json:"responseStreamDisconnected"`
	ResponseTooManyFailedAttempts  *HTTPStatusInfo         `json:"responseTooManyFailedAttempts"`
	ActiveTurnNotSteerable         *ActiveTurnNotSteerable `json:"activeTurnNotSteerable"`
}

// HTTPStatusInfo carries the HTTP status of a failed request, if there was one.
type HTTPStatusInfo struct {
	HTTPStatusCode *uint16 `json:"httpStatusCode"`
}

// ActiveTurnNotSteerable says what kind of turn refused turn/steer.
type ActiveTurnNotSteerable struct {
	TurnKind NonSteerableTurnKind `json:"turnKind"`
}

// NonSteerableTurnKind is a kind of turn that takes no further input.
type NonSteerableTurnKind string

// Words of NonSteerableTurnKind.
const (
	NonSteerableTurnKindReview  NonSteerableTurnKind = "review"
	NonSteerableTurnKindCompact NonSteerableTurnKind = "compact"
)

func (NonSteerableTurnKind) Values() []string { return []string{"review", "compact"} }

// Words of CodexErrorInfo.Kind.
const (
	ErrorInfoSandboxError = "sandboxError"
	ErrorInfoOther        = "other"
)

func (e CodexErrorInfo) MarshalJSON() ([]byte, error) { return marshalExternal(e) }

func (e *CodexErrorInfo) UnmarshalJSON(raw []byte) error { return unmarshalExternal(raw, e) }

// SessionSource says which program started a thread: a word, {"custom":name} or
// {"subAgent":…}.
type SessionSource struct {
	// Name is one of the Source constants, empty when a field below is set.
	Name     string          `schema:"words=cli|vscode|exec|appServer|unknown"`
	Custom   *string         `json:"custom"`
	SubAgent *SubAgentSource `json:"subAgent"`
}

// Words of SessionSource.Name.
const (
	SourceCli    = "cli"
	SourceVscode = "vscode"
	SourceExec   = "exec"
)

func (s SessionSource) MarshalJSON() ([]byte, error) { return marshalExternal(s) }

func (s *SessionSource) UnmarshalJSON(raw []byte) error { return unmarshalExternal(raw, s) }

// SubAgentSource says why a sub-agent's thread exists: review, compact,
// memory_consolidation, {"thread_spawn":…} or {"other":why}.
type SubAgentSource struct {
	Name        string             `schema:"words=review|compact|memory_consolidation"`
	ThreadSpawn *ThreadSpawnSource `json:"thread_spawn"`
	Other       *string            `json:"other"`
}

// ThreadSpawnSource names the thread that spawned a sub-agent.
type ThreadSpawnSource struct {
	ParentThreadID string  `json:"parent_thread_id"`
	Depth          int32   `json:"depth"`
	AgentPath      *string `json:"agent_path"`
	AgentNickname  *string `json:"agent_nickname"`
	AgentRole      *string `json:"agent_role"`
}

func (s SubAgentSource) MarshalJSON() ([]byte, error) { return marshalExternal(s) }

func (s *SubAgentSource) UnmarshalJSON(raw []byte) error { return unmarshalExternal(raw, s) }

// CommandExecutionApprovalDecision is the answer to a command approval: a word, or a
// grant that also changes a rule.
type CommandExecutionApprovalDecision struct {
	// Word is one of the Decision constants, empty when a field below is set.
	Word                          string                         `schema:"words=accept|acceptForSession|decline|cancel"`
	AcceptWithExecpolicyAmendment *AcceptWithExecpolicyAmendment `json:"acceptWithExecpolicyAmendment"`
	ApplyNetworkPolicyAmendment   *ApplyNetworkPolicyAmendment   `json:"applyNetworkPolicyAmendment"`
}

// AcceptWithExecpolicyAmendment accepts and allows commands that start with these words.
type AcceptWithExecpolicyAmendment struct {
	ExecpolicyAmendment List[string] `json:"execpolicy_amendment"`
}

// ApplyNetworkPolicyAmendment accepts and keeps a rule for the host.
type ApplyNetworkPolicyAmendment struct {
	NetworkPolicyAmendment NetworkPolicyAmendment `json:"network_policy_amendment"`
}

// Words of CommandExecutionApprovalDecision.Word and of FileChangeApprovalDecision.
const (
	DecisionAccept           = "accept"
	DecisionAcceptForSession = "acceptForSession"
	DecisionDecline          = "decline"
	DecisionCancel           = "cancel"
)

func (d CommandExecutionApprovalDecision) MarshalJSON() ([]byte, error) { return marshalExternal(d) }

func (d *CommandExecutionApprovalDecision) UnmarshalJSON(raw []byte) error {
	return unmarshalExternal(raw, d)
}

// ReviewDecision is the answer to the two legacy approval requests.
type ReviewDecision struct {
	Word                        string                       `schema:"words=approved|approved_for_session|denied|timed_out|abort"`
	ApprovedExecpolicyAmendment *ApprovedExecpolicyAmendment `json:"approved_execpolicy_amendment"`
	NetworkPolicyAmendment      *ApplyNetworkPolicyAmendment `json:"network_policy_amendment"`
}

// ApprovedExecpolicyAmendment accepts and allows commands that start with these words.
type ApprovedExecpolicyAmendment struct {
	ProposedExecpolicyAmendment List[string] `json:"proposed_execpolicy_amendment"`
}

func (d ReviewDecision) MarshalJSON() ([]byte, error) { return marshalExternal(d) }

func (d *ReviewDecision) UnmarshalJSON(raw []byte) error { return unmarshalExternal(raw, d) }

// OneOrMany is a string or an array of strings. One string is written as a string.
type OneOrMany []string

// ThreadListCwdFilter keeps threads of one folder or of several.
type ThreadListCwdFilter = OneOrMany

// ForcedChatgptWorkspaceIds is one workspace id or several.
type ForcedChatgptWorkspaceIds = OneOrMany

// MarshalJSON writes one string bare.
func (o OneOrMany) MarshalJSON() ([]byte, error) {
	if len(o) == 1 {
		return jsonrpc.Marshal(o[0])
	}
	return jsonrpc.Marshal(List[string](o))
}

func (o *OneOrMany) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("decode string or strings: %w", err)
		}
		*o = OneOrMany{s}
		return nil
	}
	var l []string
	if err := json.Unmarshal(raw, &l); err != nil {
		return fmt.Errorf("decode string or strings: %w", err)
	}
	*o = l
	return nil
}
