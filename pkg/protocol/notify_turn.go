package protocol

import "encoding/json"

// TurnStartedNotification holds the params of turn/started.
type TurnStartedNotification struct {
	ThreadID string `json:"threadId"`
	Turn     Turn   `json:"turn"`
}

// TurnCompletedNotification holds the params of turn/completed.
type TurnCompletedNotification struct {
	ThreadID string `json:"threadId"`
	Turn     Turn   `json:"turn"`
}

// TurnPlanUpdatedNotification holds the params of turn/plan/updated.
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
	TurnPlanStepStatusInProgress TurnPlanStepStatus = "inProgress"
	TurnPlanStepStatusCompleted  TurnPlanStepStatus = "completed"
)

func (TurnPlanStepStatus) Values() []string { return []string{"pending", "inProgress", "completed"} }

// TurnDiffUpdatedNotification holds the params of turn/diff/updated.
type TurnDiffUpdatedNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
	Diff     string `json:"diff"`
}

// ErrorNotification holds the params of error.
type ErrorNotification struct {
	Error TurnError `json:"error"`
	// WillRetry is true while the engine goes on trying by itself.
	WillRetry bool   `json:"willRetry"`
	ThreadID  string `json:"threadId"`
	TurnID    string `json:"turnId"`
}

// ItemStartedNotification holds the params of item/started.
type ItemStartedNotification struct {
	Item        ThreadItem `json:"item"`
	ThreadID    string     `json:"threadId"`
	TurnID      string     `json:"turnId"`
	StartedAtMs int64      `json:"startedAtMs"`
}

// ItemCompletedNotification holds the params of item/completed.
type ItemCompletedNotification struct {
	Item              ThreadItem `json:"item"`
	ThreadID          string     `json:"threadId"`
	TurnID            string     `json:"turnId"`
	CompletedAtMs     int64      `json:"completedAtMs"`
	ContentTokenCount Null       `json:"contentTokenCount" schema:"later"`
}

// AgentMessageDeltaNotification holds the params of item/agentMessage/delta.
type AgentMessageDeltaNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
	ItemID   string `json:"itemId"`
	Delta    string `json:"delta"`
}

// PlanDeltaNotification holds the params of item/plan/delta.
type PlanDeltaNotification AgentMessageDeltaNotification

// ReasoningSummaryPartAddedNotification holds the params of item/reasoning/summaryPartAdded.
type ReasoningSummaryPartAddedNotification struct {
	ThreadID     string `json:"threadId"`
	TurnID       string `json:"turnId"`
	ItemID       string `json:"itemId"`
	SummaryIndex int64  `json:"summaryIndex"`
}

// ReasoningSummaryTextDeltaNotification holds the params of item/reasoning/summaryTextDelta.
type ReasoningSummaryTextDeltaNotification struct {
	ThreadID     string `json:"threadId"`
	TurnID       string `json:"turnId"`
	ItemID       string `json:"itemId"`
	Delta        string `json:"delta"`
	SummaryIndex int64  `json:"summaryIndex"`
}

// ReasoningTextDeltaNotification holds the params of item/reasoning/textDelta.
type ReasoningTextDeltaNotification struct {
	ThreadID     string `json:"threadId"`
	TurnID       string `json:"turnId"`
	ItemID       string `json:"itemId"`
	Delta        string `json:"delta"`
	ContentIndex int64  `json:"contentIndex"`
}

// CommandExecutionOutputDeltaNotification holds the params of item/commandExecution/outputDelta.
type CommandExecutionOutputDeltaNotification AgentMessageDeltaNotification

// TerminalInteractionNotification holds the params of item/commandExecution/terminalInteraction.
type TerminalInteractionNotification struct {
	ThreadID  string `json:"threadId"`
	TurnID    string `json:"turnId"`
	ItemID    string `json:"itemId"`
	ProcessID string `json:"processId"`
	Stdin     string `json:"stdin"`
}

// FileChangeOutputDeltaNotification holds the params of item/fileChange/outputDelta.
type FileChangeOutputDeltaNotification AgentMessageDeltaNotification

// FileChangePatchUpdatedNotification holds the params of item/fileChange/patchUpdated.
type FileChangePatchUpdatedNotification struct {
	ThreadID string                 `json:"threadId"`
	TurnID   string                 `json:"turnId"`
	ItemID   string                 `json:"itemId"`
	Changes  List[FileUpdateChange] `json:"changes"`
}

// McpToolCallProgressNotification holds the params of item/mcpToolCall/progress.
type McpToolCallProgressNotification struct {
	ThreadID string `json:"threadId"`
	TurnID   string `json:"turnId"`
	ItemID   string `json:"itemId"`
	Message  string `json:"message"`
}

// ServerRequestResolvedNotification holds the params of serverRequest/resolved.
type ServerRequestResolvedNotification struct {
	ThreadID string `json:"threadId"`
	// RequestID is the id of the request that was answered or dropped.
	RequestID RequestID `json:"requestId" schema:"requestId"`
}

// ModelReroutedNotification holds the params of model/rerouted.
type ModelReroutedNotification struct {
	ThreadID  string             `json:"threadId"`
	TurnID    string             `json:"turnId"`
	FromModel string             `json:"fromModel"`
	ToModel   string             `json:"toModel"`
	Reason    ModelRerouteReason `json:"reason"`
}

// ModelRerouteReason says why another model answered.
type ModelRerouteReason string

// ModelRerouteReasonHighRiskCyberActivity is the one word that code says.
const ModelRerouteReasonHighRiskCyberActivity ModelRerouteReason = "highRiskCyberActivity"

func (ModelRerouteReason) Values() []string { return []string{"highRiskCyberActivity"} }

// ModelVerificationNotification holds the params of model/verification.
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
