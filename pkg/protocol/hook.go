package protocol

// HookStartedNotification holds the params of hook/started.
type HookStartedNotification struct {
	ThreadID string         `json:"threadId"`
	TurnID   *string        `json:"turnId"`
	Run      HookRunSummary `json:"run"`
}

// HookRunSummary is one run of a hook.
type HookRunSummary struct {
	ID            string                `json:"id"`
	EventName     HookEventName         `json:"eventName"`
	HandlerType   HookHandlerType       `json:"handlerType"`
	ExecutionMode HookExecutionMode     `json:"executionMode"`
	Scope         HookScope             `json:"scope"`
	SourcePath    string                `json:"sourcePath"`
	Source        HookSource            `json:"source" schema:"opt,default=unknown"`
	DisplayOrder  int64                 `json:"displayOrder"`
	Status        HookRunStatus         `json:"status"`
	StatusMessage *string               `json:"statusMessage"`
	StartedAt     int64                 `json:"startedAt"`
	CompletedAt   *int64                `json:"completedAt"`
	DurationMs    *int64                `json:"durationMs"`
	Entries       List[HookOutputEntry] `json:"entries"`
}

// HookEventName is the event a hook runs at.
type HookEventName string

func (HookEventName) Values() []string {
	return []string{"preToolUse", "permissionRequest", "postToolUse", "preCompact", "postCompact", "sessionStart", "userPromptSubmit", "subagentStart", "subagentStop", "stop"}
}

// HookHandlerType is the kind of a hook.
type HookHandlerType string

// HookHandlerTypeCommand is the one word that code says.
const HookHandlerTypeCommand HookHandlerType = "command"

func (HookHandlerType) Values() []string { return []string{"command", "prompt", "agent"} }

// HookExecutionMode says whether a turn waits for a hook.
type HookExecutionMode string

// HookExecutionModeSync is the one word that code says.
const HookExecutionModeSync HookExecutionMode = "sync"

func (HookExecutionMode) Values() []string { return []string{"sync", "async"} }

// HookScope says whether a run belongs to a thread or a turn.
type HookScope string

// Words of HookScope.
const (
	HookScopeThread HookScope = "thread"
	HookScopeTurn   HookScope = "turn"
)

func (HookScope) Values() []string { return []string{"thread", "turn"} }

// HookSource says where a hook is configured.
type HookSource string

func (HookSource) Values() []string {
	return []string{"system", "user", "project", "mdm", "sessionFlags", "plugin", "cloudRequirements", "legacyManagedConfigFile", "legacyManagedConfigMdm", "unknown"}
}

// HookRunStatus is the state of a run.
type HookRunStatus string

// Words of HookRunStatus.
const (
	HookRunStatusRunning   HookRunStatus = "running"
	HookRunStatusCompleted HookRunStatus = "completed"
	HookRunStatusFailed    HookRunStatus = "failed"
	HookRunStatusBlocked   HookRunStatus = "blocked"
	HookRunStatusStopped   HookRunStatus = "stopped"
)

func (HookRunStatus) Values() []string {
	return []string{"running", "completed", "failed", "blocked", "stopped"}
}

// HookOutputEntry is one thing a hook had to say.
type HookOutputEntry struct {
	Kind HookOutputEntryKind `json:"kind"`
	Text string              `json:"text"`
}

// HookOutputEntryKind says what a hook wants with its output.
type HookOutputEntryKind string

// Words of HookOutputEntryKind.
const (
	HookOutputEntryKindWarning  HookOutputEntryKind = "warning"
	HookOutputEntryKindStop     HookOutputEntryKind = "stop"
	HookOutputEntryKindFeedback HookOutputEntryKind = "feedback"
	HookOutputEntryKindContext  HookOutputEntryKind = "context"
	HookOutputEntryKindError    HookOutputEntryKind = "error"
)

func (HookOutputEntryKind) Values() []string {
	return []string{"warning", "stop", "feedback", "context", "error"}
}

// HookCompletedNotification holds the params of hook/completed.
type HookCompletedNotification HookStartedNotification

// HooksListParams holds the params of hooks/list.
type HooksListParams struct {
	Cwds List[string] `json:"cwds,omitempty"`
}

// HooksListResponse is the result of hooks/list.
type HooksListResponse struct {
	Data List[HooksListEntry] `json:"data"`
}

// HooksListEntry lists the hooks of one folder.
type HooksListEntry struct {
	Cwd      string              `json:"cwd"`
	Hooks    List[HookMetadata]  `json:"hooks"`
	Warnings List[string]        `json:"warnings"`
	Errors   List[HookErrorInfo] `json:"errors"`
}

// HookMetadata is one configured hook.
type HookMetadata struct {
	Key           string          `json:"key"`
	EventName     HookEventName   `json:"eventName"`
	HandlerType   HookHandlerType `json:"handlerType"`
	Matcher       *string         `json:"matcher"`
	Command       *string         `json:"command"`
	TimeoutSec    uint64          `json:"timeoutSec"`
	StatusMessage *string         `json:"statusMessage"`
	SourcePath    string          `json:"sourcePath"`
	Source        HookSource      `json:"source"`
	PluginID      *string         `json:"pluginId"`
	DisplayOrder  int64           `json:"displayOrder"`
	Enabled       bool            `json:"enabled"`
	IsManaged     bool            `json:"isManaged"`
	CurrentHash   string          `json:"currentHash"`
	TrustStatus   HookTrustStatus `json:"trustStatus"`
}

// HookTrustStatus says whether a hook may run.
type HookTrustStatus string

func (HookTrustStatus) Values() []string {
	return []string{"managed", "untrusted", "trusted", "modified"}
}

// HookErrorInfo is a hook file that could not be read.
type HookErrorInfo struct {
	Path    string `json:"path"`
	Message string `json:"message"`
}
