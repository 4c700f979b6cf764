package protocol

import "encoding/json"

// ThreadUnarchiveResponse is the result of thread/unarchive.
type ThreadUnarchiveResponse struct {
	Thread Thread `json:"thread"`
}

// ThreadUnsubscribeResponse is the result of thread/unsubscribe.
type ThreadUnsubscribeResponse struct {
	Status ThreadUnsubscribeStatus `json:"status"`
}

// ThreadUnsubscribeStatus says what a client was to the thread.
type ThreadUnsubscribeStatus string

// Words of ThreadUnsubscribeStatus.
const (
	ThreadUnsubscribeStatusNotLoaded     ThreadUnsubscribeStatus = "notLoaded"
	ThreadUnsubscribeStatusNotSubscribed ThreadUnsubscribeStatus = "notSubscribed"
	ThreadUnsubscribeStatusUnsubscribed  ThreadUnsubscribeStatus = "unsubscribed"
)

func (ThreadUnsubscribeStatus) Values() []string {
	return []string{"notLoaded", "notSubscribed", "unsubscribed"}
}

// ThreadSetNameParams holds the params of thread/name/set.
type ThreadSetNameParams struct {
	ThreadID string `json:"threadId"`
	Name     string `json:"name"`
}

// ThreadMetadataUpdateParams holds the params of thread/metadata/update.
type ThreadMetadataUpdateParams struct {
	ThreadID string                             `json:"threadId"`
	GitInfo  *ThreadMetadataGitInfoUpdateParams `json:"gitInfo,omitempty"`
}

// ThreadMetadataGitInfoUpdateParams changes facts about git; at least one must be set.
type ThreadMetadataGitInfoUpdateParams struct {
	Sha       Patch[string] `json:"sha,omitzero"`
	Branch    Patch[string] `json:"branch,omitzero"`
	OriginURL Patch[string] `json:"originUrl,omitzero"`
}

// ThreadMetadataUpdateResponse is the result of thread/metadata/update.
type ThreadMetadataUpdateResponse struct {
	Thread Thread `json:"thread"`
}

// ThreadSettingsUpdateParams holds the params of thread/settings/update, which is experimental.
type ThreadSettingsUpdateParams struct {
	ThreadID          string             `json:"threadId"`
	Cwd               *string            `json:"cwd,omitempty"`
	ApprovalPolicy    *AskForApproval    `json:"approvalPolicy,omitempty"`
	ApprovalsReviewer *ApprovalsReviewer `json:"approvalsReviewer,omitempty"`
	SandboxPolicy     *SandboxPolicy     `json:"sandboxPolicy,omitempty"`
	Permissions       *string            `json:"permissions,omitempty"`
	Model             *string            `json:"model,omitempty"`
	ServiceTier       Patch[string]      `json:"serviceTier,omitzero"`
	Effort            *ReasoningEffort   `json:"effort,omitempty"`
	Summary           *ReasoningSummary  `json:"summary,omitempty"`
	CollaborationMode *CollaborationMode `json:"collaborationMode,omitempty"`
	Personality       *Personality       `json:"personality,omitempty"`
}

// ThreadShellCommandParams holds the params of thread/shellCommand.
type ThreadShellCommandParams struct {
	ThreadID string `json:"threadId"`
	Command  string `json:"command"`
}

// ThreadRollbackParams holds the params of thread/rollback.
type ThreadRollbackParams struct {
	ThreadID string `json:"threadId"`
	NumTurns uint32 `json:"numTurns"`
}

// ThreadRollbackResponse is the result of thread/rollback.
type ThreadRollbackResponse struct {
	Thread Thread `json:"thread"`
}

// ThreadInjectItemsParams holds the params of thread/inject_items.
type ThreadInjectItemsParams struct {
	ThreadID string                `json:"threadId"`
	Items    List[json.RawMessage] `json:"items"`
}

// ThreadIncrementElicitationResponse is the result of thread/increment_elicitation, which is
// experimental.
type ThreadIncrementElicitationResponse struct {
	Count  uint64 `json:"count"`
	Paused bool   `json:"paused"`
}

// ThreadDecrementElicitationResponse is the result of thread/decrement_elicitation, which is
// experimental.
type ThreadDecrementElicitationResponse struct {
	Count  uint64 `json:"count"`
	Paused bool   `json:"paused"`
}

// ThreadMemoryModeSetParams holds the params of thread/memoryMode/set, which is experimental.
type ThreadMemoryModeSetParams struct {
	ThreadID string           `json:"threadId"`
	Mode     ThreadMemoryMode `json:"mode"`
}

// ThreadMemoryMode says whether a thread feeds memories.
type ThreadMemoryMode string

func (ThreadMemoryMode) Values() []string { return []string{"enabled", "disabled"} }
