package protocol

// ThreadStartedNotification holds the params of thread/started.
type ThreadStartedNotification struct {
	Thread Thread `json:"thread"`
}

// ThreadStatusChangedNotification holds the params of thread/status/changed.
type ThreadStatusChangedNotification struct {
	ThreadID string       `json:"threadId"`
	Status   ThreadStatus `json:"status"`
}

// ThreadTokenUsageUpdatedNotification holds the params of thread/tokenUsage/updated.
type ThreadTokenUsageUpdatedNotification struct {
	ThreadID   string           `json:"threadId"`
	TurnID     string           `json:"turnId"`
	TokenUsage ThreadTokenUsage `json:"tokenUsage"`
}

// ThreadTokenUsage counts tokens: over the whole thread, and of the last request.
type ThreadTokenUsage struct {
	Total              TokenUsageBreakdown `json:"total"`
	Last               TokenUsageBreakdown `json:"last"`
	ModelContextWindow *int64              `json:"modelContextWindow"`
}

// TokenUsageBreakdown counts tokens by kind. Cached tokens are part of the input,
// reasoning tokens part of the output.
type TokenUsageBreakdown struct {
	TotalTokens           int64 `json:"totalTokens"`
	InputTokens           int64 `json:"inputTokens"`
	CachedInputTokens     int64 `json:"cachedInputTokens"`
	OutputTokens          int64 `json:"outputTokens"`
	ReasoningOutputTokens int64 `json:"reasoningOutputTokens"`
	CacheWriteInputTokens int64 `json:"cacheWriteInputTokens" schema:"later"`
}

// ThreadSettingsUpdatedNotification holds the params of thread/settings/updated.
type ThreadSettingsUpdatedNotification struct {
	ThreadID       string         `json:"threadId"`
	ThreadSettings ThreadSettings `json:"threadSettings"`
}

// ThreadSettings are the settings a thread has from now on.
type ThreadSettings struct {
	Cwd                     string                   `json:"cwd"`
	ApprovalPolicy          AskForApproval           `json:"approvalPolicy"`
	ApprovalsReviewer       ApprovalsReviewer        `json:"approvalsReviewer"`
	SandboxPolicy           SandboxPolicy            `json:"sandboxPolicy"`
	ActivePermissionProfile *ActivePermissionProfile `json:"activePermissionProfile"`
	Model                   string                   `json:"model"`
	ModelProvider           string                   `json:"modelProvider"`
	ServiceTier             *string                  `json:"serviceTier"`
	Effort                  *ReasoningEffort         `json:"effort"`
	Summary                 *ReasoningSummary        `json:"summary"`
	CollaborationMode       CollaborationMode        `json:"collaborationMode"`
	Personality             *Personality             `json:"personality"`
	DisabledPluginIDs       List[string]             `json:"disabledPluginIds" schema:"later"`
	Environments            Null                     `json:"environments" schema:"later"`
	MultiAgentMode          MultiAgentMode           `json:"multiAgentMode" schema:"later"`
}

// ThreadNameUpdatedNotification holds the params of thread/name/updated.
type ThreadNameUpdatedNotification struct {
	ThreadID   string  `json:"threadId"`
	ThreadName *string `json:"threadName,omitempty"`
}

// ContextCompactedNotification holds the params of thread/compacted.
type ContextCompactedNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
}

// WarningNotification holds the params of warning.
type WarningNotification struct {
	ThreadID *string `json:"threadId"`
	Message  string  `json:"message"`
}

// GuardianWarningNotification holds the params of guardianWarning.
type GuardianWarningNotification struct {
	ThreadID string `json:"threadId"`
	Message  string `json:"message"`
}

// DeprecationNoticeNotification holds the params of deprecationNotice.
type DeprecationNoticeNotification struct {
	Summary string  `json:"summary"`
	Details *string `json:"details"`
}

// SessionFlagsPath is the path of settings that stand on a command line or in a request,
// or that a thread has, wherever they stand.
const SessionFlagsPath = "/<session-flags>/config.toml"

// ConfigWarningNotification holds the params of configWarning.
type ConfigWarningNotification struct {
	Summary string     `json:"summary"`
	Details *string    `json:"details"`
	Path    *string    `json:"path,omitempty"`
	Range   *TextRange `json:"range,omitempty"`
}

// TextRange is a range of a text file, by line and column.
type TextRange struct {
	Start TextPosition `json:"start"`
	End   TextPosition `json:"end"`
}

// TextPosition is a place in a text file.
type TextPosition struct {
	Line   uint64 `json:"line"`
	Column uint64 `json:"column"`
}
