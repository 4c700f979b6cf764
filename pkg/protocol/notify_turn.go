package protocol

import "encoding/json"

// TurnStartedNotification holds the params of the turn/started notification.
type TurnStartedNotification struct {
	ThreadID string `json:"threadId"`
	Turn     Turn   `json:"turn"`
}

// TurnCompletedNotification holds the params of the turn/completed notification.
type TurnCompletedNotification struct {
	ThreadID string `json:"threadId"`
	Turn     Turn   `json:"turn"`
}

// TurnPlanUpdatedNotification holds the params of the turn/plan/updated notification.
type TurnPlanUpdatedNotification struct {
	ThreadID    string             `json:"threadId"`
	TurnID      string             `json:"turnId"`
	Explanation *string            `json:"explanation"`
	Plan        List[TurnPlanStep] `json:"plan"`
}

// TurnPlanStep is one step of the model's plan.
type TurnPlanStep struct {
	Step   string             `json:"step"`
	Status TurnPlanStepStatus `json:"status"`
}

// TurnPlanStepStatus is the state of a step.
type TurnPlanStepStatus string

// Words of TurnPlanStepStatus.
const (
	TurnPlanStepStatusPending    TurnPlanStepStatus = "pending"
	TurnPlanStepStatusInProgress TurnPlanStepStatus = "inProgress"
	TurnPlanStepStatusCompleted  TurnPlanStepStatus = "completed"
)

func (TurnPlanStepStatus) Values() []string { return []string{"pending", "inProgress", "completed"} }

// TurnDiffUpdatedNotification holds the params of the turn/diff/updated notification.
type TurnDiffUpdatedNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
	Diff     string `json:"diff"`
}

// ErrorNotification holds the params of the error notification.
type ErrorNotification struct {
	Error TurnError `json:"error"`
	// WillRetry is true while the engine goes on trying by itself.
	WillRetry bool   `json:"willRetry"`
	ThreadID  string `json:"threadId"`
	TurnID    string `json:"turnId"`
}

// ItemStartedNotification holds the params of the item/started notification.
type ItemStartedNotification struct {
	Item        ThreadItem `json:"item"`
	ThreadID    string     `json:"threadId"`
	TurnID      string     `json:"turnId"`
	StartedAtMs int64      `json:"startedAtMs"`
}

// ItemCompletedNotification holds the params of the item/completed notification.
type ItemCompletedNotification struct {
	Item              ThreadItem `json:"item"`
	ThreadID          string     `json:"threadId"`
	TurnID            string     `json:"turnId"`
	CompletedAtMs     int64      `json:"completedAtMs"`
	ContentTokenCount Null       `json:"contentTokenCount" schema:"later"`
}

// AgentMessageDeltaNotification holds the params of the item/agentMessage/delta
// notification.
type AgentMessageDeltaNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
	ItemID   string `json:"itemId"`
	Delta    string `json:"delta"`
}

// PlanDeltaNotification holds the params of the item/plan/delta notification.
type PlanDeltaNotification AgentMessageDeltaNotification

// ReasoningSummaryPartAddedNotification holds the params of the
// item/reasoning/summaryPartAdded notification.
type ReasoningSummaryPartAddedNotification struct {
	ThreadID     string `json:"threadId"`
	TurnID       string `json:"turnId"`
	ItemID       string `json:"itemId"`
	SummaryIndex int64  `json:"summaryIndex"`
}

// ReasoningSummaryTextDeltaNotification holds the params of the
// item/reasoning/summaryTextDelta notification.
type ReasoningSummaryTextDeltaNotification struct {
	ThreadID     string `json:"threadId"`
	TurnID       string `json:"turnId"`
	ItemID       string `json:"itemId"`
	Delta        string `json:"delta"`
	SummaryIndex int64  `json:"summaryIndex"`
}

// ReasoningTextDeltaNotification holds the params of the item/reasoning/textDelta
// notification.
type ReasoningTextDeltaNotification struct {
	ThreadID     string `json:"threadId"`
	TurnID       string `json:"turnId"`
	ItemID       string `json:"itemId"`
	Delta        string `json:"delta"`
	ContentIndex int64  `json:"contentIndex"`
}

// CommandExecutionOutputDeltaNotification holds the params of the
// item/commandExecution/outputDelta notification.
type CommandExecutionOutputDeltaNotification AgentMessageDeltaNotification

// TerminalInteractionNotification holds the params of the
// item/commandExecution/terminalInteraction notification.
type TerminalInteractionNotification struct {
	ThreadID  string `json:"threadId"`
	TurnID    string `json:"turnId"`
	ItemID    string `json:"itemId"`
	ProcessID string `json:"processId"`
	Stdin     string `json:"stdin"`
}

// FileChangeOutputDeltaNotification holds the params of the item/fileChange/outputDelta
// notification.
type FileChangeOutputDeltaNotification AgentMessageDeltaNotification

// FileChangePatchUpdatedNotification holds the params of the
// item/fileChange/patchUpdated notification.
type FileChangePatchUpdatedNotification struct {
	ThreadID string                 `json:"threadId"`
	TurnID   string                 `json:"turnId"`
	ItemID   string                 `json:"itemId"`
	Changes  List[FileUpdateChange] `json:"changes"`
}

// McpToolCallProgressNotification holds the params of the item/mcpToolCall/progress
// notification.
type McpToolCallProgressNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
	ItemID   string `json:"itemId"`
	Message  string `json:"message"`
}

// ServerRequestResolvedNotification holds the params of the serverRequest/resolved
// notification.
type ServerRequestResolvedNotification struct {
	ThreadID string `json:"threadId"`
	// RequestID is the id of the request that was answered or dropped.
	RequestID RequestID `json:"requestId" schema:"requestId"`
}

// ModelReroutedNotification holds the params of the model/rerouted notification.
type ModelReroutedNotification struct {
	ThreadID  string             `json:"threadId"`
	TurnID    string             `json:"turnId"`
	FromModel string             `json:"fromModel"`
	ToModel   string             `json:"toModel"`
	Reason    ModelRerouteReason `json:"reason"`
}

// ModelRerouteReason says why another model answered.
type ModelRerouteReason string

// Words of ModelRerouteReason.
const (
	ModelRerouteReasonHighRiskCyberActivity ModelRerouteReason = "highRiskCyberActivity"
)

func (ModelRerouteReason) Values() []string { return []string{"highRiskCyberActivity"} }

// ModelVerificationNotification holds the params of the model/verification notification.
type ModelVerificationNotification struct {
	ThreadID      string                  `json:"threadId"`
	TurnID        string                  `json:"turnId"`
	Verifications List[ModelVerification] `json:"verifications"`
}

// ModelVerification is a check the account has passed.
type ModelVerification string

func (ModelVerification) Values() []string { return []string{"trustedAccessForCyber"} }

// RawResponseItemCompletedNotification holds the params of rawResponseItem/completed,
// sent to clients that asked for experimentalRawEvents. Item is an item of the Responses
// API.
type RawResponseItemCompletedNotification struct {
	ThreadID string          `json:"threadId"`
	TurnID   string          `json:"turnId"`
	Item     json.RawMessage `json:"item"`
}
