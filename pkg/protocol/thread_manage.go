package protocol

import "encoding/json"

// ThreadArchiveParams holds the params of thread/archive.
type ThreadArchiveParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadArchiveResponse is the result of thread/archive.
type ThreadArchiveResponse struct{}

// ThreadUnarchiveParams holds the params of thread/unarchive.
type ThreadUnarchiveParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadUnarchiveResponse is the result of thread/unarchive.
type ThreadUnarchiveResponse struct {
	Thread Thread `json:"thread"`
}

// ThreadUnsubscribeParams holds the params of thread/unsubscribe.
type ThreadUnsubscribeParams struct {
	ThreadID string `json:"threadId"`
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

// Values lists every word of the type, in the order of the schema.
func (ThreadUnsubscribeStatus) Values() []string {
	return []string{"notLoaded", "notSubscribed", "unsubscribed"}
}

// ThreadSetNameParams holds the params of thread/name/set.
type ThreadSetNameParams struct {
	ThreadID string `json:"threadId"`
	Name     string `json:"name"`
}

// ThreadSetNameResponse is the result of thread/name/set.
type ThreadSetNameResponse struct{}

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

// ThreadSettingsUpdateParams holds the params of thread/settings/update. It is
// experimental.
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

// ThreadSettingsUpdateResponse is the result of thread/settings/update. It is
// experimental.
type ThreadSettingsUpdateResponse struct{}

// ThreadCompactStartParams holds the params of thread/compact/start.
type ThreadCompactStartParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadCompactStartResponse is the result of thread/compact/start.
type ThreadCompactStartResponse struct{}

// ThreadShellCommandParams holds the params of thread/shellCommand.
type ThreadShellCommandParams struct {
	ThreadID string `json:"threadId"`
	Command  string `json:"command"`
}

// ThreadShellCommandResponse is the result of thread/shellCommand.
type ThreadShellCommandResponse struct{}

// ThreadBackgroundTerminalsCleanParams holds the params of
// thread/backgroundTerminals/clean. It is experimental.
type ThreadBackgroundTerminalsCleanParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadBackgroundTerminalsCleanResponse is the result of
// thread/backgroundTerminals/clean. It is experimental.
type ThreadBackgroundTerminalsCleanResponse struct{}

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

// ThreadInjectItemsResponse is the result of thread/inject_items.
type ThreadInjectItemsResponse struct{}

// ThreadIncrementElicitationParams holds the params of thread/increment_elicitation. It
// is experimental.
type ThreadIncrementElicitationParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadIncrementElicitationResponse is the result of thread/increment_elicitation. It
// is experimental.
type ThreadIncrementElicitationResponse struct {
	Count  uint64 `json:"count"`
	Paused bool   `json:"paused"`
}

// ThreadDecrementElicitationParams holds the params of thread/decrement_elicitation. It
// is experimental.
type ThreadDecrementElicitationParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadDecrementElicitationResponse is the result of thread/decrement_elicitation. It
// is experimental.
type ThreadDecrementElicitationResponse struct {
	Count  uint64 `json:"count"`
	Paused bool   `json:"paused"`
}

// ThreadMemoryModeSetParams holds the params of thread/memoryMode/set. It is
// experimental.
type ThreadMemoryModeSetParams struct {
	ThreadID string           `json:"threadId"`
	Mode     ThreadMemoryMode `json:"mode"`
}

// ThreadMemoryMode says whether a thread feeds memories.
type ThreadMemoryMode string

// Values lists every word of the type, in the order of the schema.
func (ThreadMemoryMode) Values() []string {
	return []string{"enabled", "disabled"}
}

// ThreadMemoryModeSetResponse is the result of thread/memoryMode/set. It is
// experimental.
type ThreadMemoryModeSetResponse struct{}

// MemoryResetResponse is the result of memory/reset. It is experimental.
type MemoryResetResponse struct{}
