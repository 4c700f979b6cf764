package protocol

import "encoding/json"

// UserMessageItem is what the user said.
type UserMessageItem struct {
	Type     string          `json:"type" schema:"const=userMessage"`
	ID       string          `json:"id"`
	Content  List[UserInput] `json:"content"`
	ClientID *string         `json:"clientId" schema:"later"`
}

// HookPromptItem is text that hooks put in front of the model.
type HookPromptItem struct {
	Type      string                   `json:"type" schema:"const=hookPrompt"`
	ID        string                   `json:"id"`
	Fragments List[HookPromptFragment] `json:"fragments"`
}

// AgentMessageItem is what the model said.
type AgentMessageItem struct {
	Type           string          `json:"type" schema:"const=agentMessage"`
	ID             string          `json:"id"`
	Text           string          `json:"text"`
	Phase          *MessagePhase   `json:"phase"`
	MemoryCitation *MemoryCitation `json:"memoryCitation"`
	Moderation     Null            `json:"moderation" schema:"later"`
	Delivery       Null            `json:"delivery" schema:"later"`
	Questions      Null            `json:"questions" schema:"later"`
}

// PlanItem is a plan the model proposes in plan mode.
type PlanItem struct {
	Type string `json:"type" schema:"const=plan"`
	ID   string `json:"id"`
	Text string `json:"text"`
}

// ReasoningItem is what the model thought: parts of a summary, and raw text where the
// provider shows it.
type ReasoningItem struct {
	Type    string       `json:"type" schema:"const=reasoning"`
	ID      string       `json:"id"`
	Summary List[string] `json:"summary" schema:"opt"`
	Content List[string] `json:"content" schema:"opt"`
}

// CommandExecutionItem is a command that was run. Its id is the call id of the model.
type CommandExecutionItem struct {
	Type string `json:"type" schema:"const=commandExecution"`
	ID   string `json:"id"`
	// Command is the argv, joined with shell quoting.
	Command string `json:"command"`
	Cwd     string `json:"cwd"`
	// ProcessID is of a running process, null for one that never started.
	ProcessID        *string                `json:"processId"`
	Source           CommandExecutionSource `json:"source" schema:"opt,default=agent"`
	Status           CommandExecutionStatus `json:"status"`
	CommandActions   List[CommandAction]    `json:"commandActions"`
	AggregatedOutput *string                `json:"aggregatedOutput"`
	// ExitCode and the output are null until the end, and when declined.
	ExitCode   *int32 `json:"exitCode"`
	DurationMs *int64 `json:"durationMs"`
	PluginID   Null   `json:"pluginId" schema:"later"`
	ScriptPath Null   `json:"scriptPath" schema:"later"`
}

// FileChangeItem is a patch to files.
type FileChangeItem struct {
	Type    string                 `json:"type" schema:"const=fileChange"`
	ID      string                 `json:"id"`
	Changes List[FileUpdateChange] `json:"changes"`
	Status  PatchApplyStatus       `json:"status"`
}

// McpToolCallItem is a call of an MCP tool.
type McpToolCallItem struct {
	Type              string             `json:"type" schema:"const=mcpToolCall"`
	ID                string             `json:"id"`
	Server            string             `json:"server"`
	Tool              string             `json:"tool"`
	Status            McpToolCallStatus  `json:"status"`
	Arguments         json.RawMessage    `json:"arguments"`
	McpAppResourceUri *string            `json:"mcpAppResourceUri,omitempty"`
	PluginID          *string            `json:"pluginId"`
	Result            *McpToolCallResult `json:"result"`
	Error             *McpToolCallError  `json:"error"`
	DurationMs        *int64             `json:"durationMs"`
	AppContext        Null               `json:"appContext" schema:"later"`
	McpAppUI          Null               `json:"mcpAppUi" schema:"later"`
	EnvironmentID     Null               `json:"environmentId" schema:"later"`
	ReadOnlyHint      Null               `json:"readOnlyHint" schema:"later"`
}

// DynamicToolCallItem is a call of a tool that the client runs.
type DynamicToolCallItem struct {
	Type         string                             `json:"type" schema:"const=dynamicToolCall"`
	ID           string                             `json:"id"`
	Namespace    *string                            `json:"namespace"`
	Tool         string                             `json:"tool"`
	Arguments    json.RawMessage                    `json:"arguments"`
	Status       DynamicToolCallStatus              `json:"status"`
	ContentItems []DynamicToolCallOutputContentItem `json:"contentItems"`
	Success      *bool                              `json:"success"`
	DurationMs   *int64                             `json:"durationMs"`
}

// CollabAgentToolCallItem is work with another agent: spawning it, writing to it,
// waiting for it.
type CollabAgentToolCallItem struct {
	Type              string                    `json:"type" schema:"const=collabAgentToolCall"`
	ID                string                    `json:"id"`
	Tool              CollabAgentTool           `json:"tool"`
	Status            CollabAgentToolCallStatus `json:"status"`
	SenderThreadID    string                    `json:"senderThreadId"`
	ReceiverThreadIDs List[string]              `json:"receiverThreadIds"`
	Prompt            *string                   `json:"prompt"`
	Model             *string                   `json:"model"`
	ReasoningEffort   *ReasoningEffort          `json:"reasoningEffort"`
	AgentsStates      Map[CollabAgentState]     `json:"agentsStates"`
}

// WebSearchItem is a search of the web by the model.
type WebSearchItem struct {
	Type    string           `json:"type" schema:"const=webSearch"`
	ID      string           `json:"id"`
	Query   string           `json:"query"`
	Action  *WebSearchAction `json:"action"`
	Results Null             `json:"results" schema:"later"`
}

// ImageViewItem is an image file the model looked at.
type ImageViewItem struct {
	Type string `json:"type" schema:"const=imageView"`
	ID   string `json:"id"`
	Path string `json:"path"`
}

// ImageGenerationItem is an image the model made.
type ImageGenerationItem struct {
	Type          string  `json:"type" schema:"const=imageGeneration"`
	ID            string  `json:"id"`
	Status        string  `json:"status"`
	RevisedPrompt *string `json:"revisedPrompt"`
	Result        string  `json:"result"`
	SavedPath     *string `json:"savedPath,omitempty"`
}

// EnteredReviewModeItem begins a review.
type EnteredReviewModeItem struct {
	Type   string `json:"type" schema:"const=enteredReviewMode"`
	ID     string `json:"id"`
	Review string `json:"review"`
}

// ExitedReviewModeItem ends a review; Review is its text.
type ExitedReviewModeItem struct {
	Type   string `json:"type" schema:"const=exitedReviewMode"`
	ID     string `json:"id"`
	Review string `json:"review"`
}

// ContextCompactionItem marks the place where the history was compacted.
type ContextCompactionItem struct {
	Type string `json:"type" schema:"const=contextCompaction"`
	ID   string `json:"id"`
}

// HookPromptFragment is the text of one hook.
type HookPromptFragment struct {
	Text      string `json:"text"`
	HookRunID string `json:"hookRunId"`
}

// MessagePhase tells a remark on the way from the final answer.
type MessagePhase string

func (MessagePhase) Values() []string { return []string{"commentary", "final_answer"} }

// MemoryCitation names the memories an answer rests on.
type MemoryCitation struct {
	Entries   List[MemoryCitationEntry] `json:"entries"`
	ThreadIDs List[string]              `json:"threadIds"`
}

// MemoryCitationEntry is one cited range of lines of a memory file.
type MemoryCitationEntry struct {
	Path      string `json:"path"`
	LineStart uint32 `json:"lineStart"`
	LineEnd   uint32 `json:"lineEnd"`
	Note      string `json:"note"`
}

// CommandExecutionSource says who ran a command and how.
type CommandExecutionSource string

// Words of CommandExecutionSource.
const (
	CommandExecutionSourceAgent                  CommandExecutionSource = "agent"
	CommandExecutionSourceUserShell              CommandExecutionSource = "userShell"
	CommandExecutionSourceUnifiedExecStartup     CommandExecutionSource = "unifiedExecStartup"
	CommandExecutionSourceUnifiedExecInteraction CommandExecutionSource = "unifiedExecInteraction"
)

func (CommandExecutionSource) Values() []string {
	return []string{"agent", "userShell", "unifiedExecStartup", "unifiedExecInteraction"}
}

// CommandExecutionStatus is the state of a command.
type CommandExecutionStatus string

// Words of CommandExecutionStatus.
const (
	CommandExecutionStatusInProgress CommandExecutionStatus = "inProgress"
	CommandExecutionStatusCompleted  CommandExecutionStatus = "completed"
	CommandExecutionStatusFailed     CommandExecutionStatus = "failed"
	CommandExecutionStatusDeclined   CommandExecutionStatus = "declined"
)

func (CommandExecutionStatus) Values() []string {
	return []string{"inProgress", "completed", "failed", "declined"}
}

// CommandAction is what a command is understood to do, for display. It is a tagged union.
type CommandAction struct {
	Type    string  `json:"type" schema:"union=read|listFiles|search|unknown"`
	Command string  `json:"command"`
	Name    string  `json:"name" in:"read"`
	Query   *string `json:"query" in:"search?"`
	Path    *string `json:"path" in:"read,listFiles?,search?"`
}

// Variants of CommandAction.
const (
	CommandActionRead      = "read"
	CommandActionListFiles = "listFiles"
	CommandActionSearch    = "search"
	CommandActionUnknown   = "unknown"
)

func (v CommandAction) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// FileUpdateChange is the change of one file. For an added file Diff is its plain
// content.
type FileUpdateChange struct {
	Path string          `json:"path"`
	Kind PatchChangeKind `json:"kind"`
	Diff string          `json:"diff"`
}

// PatchChangeKind is the kind of a change of one file. It is a tagged union.
type PatchChangeKind struct {
	Type     string  `json:"type" schema:"union=add|delete|update"`
	MovePath *string `json:"move_path" in:"update?"`
}

// Variants of PatchChangeKind.
const (
	PatchChangeKindAdd    = "add"
	PatchChangeKindDelete = "delete"
	PatchChangeKindUpdate = "update"
)

func (v PatchChangeKind) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// PatchApplyStatus is the state of a patch.
type PatchApplyStatus string

// Words of PatchApplyStatus.
const (
	PatchApplyStatusInProgress PatchApplyStatus = "inProgress"
	PatchApplyStatusCompleted  PatchApplyStatus = "completed"
	PatchApplyStatusFailed     PatchApplyStatus = "failed"
	PatchApplyStatusDeclined   PatchApplyStatus = "declined"
)

func (PatchApplyStatus) Values() []string {
	return []string{"inProgress", "completed", "failed", "declined"}
}

// McpToolCallStatus is the state of an MCP tool call.
type McpToolCallStatus string

// Words of McpToolCallStatus.
const (
	McpToolCallStatusInProgress McpToolCallStatus = "inProgress"
	McpToolCallStatusCompleted  McpToolCallStatus = "completed"
	McpToolCallStatusFailed     McpToolCallStatus = "failed"
)

func (McpToolCallStatus) Values() []string { return []string{"inProgress", "completed", "failed"} }

// McpToolCallResult is what an MCP tool gave back.
type McpToolCallResult struct {
	Content           List[json.RawMessage] `json:"content"`
	StructuredContent json.RawMessage       `json:"structuredContent" schema:"opt"`
	Meta              json.RawMessage       `json:"_meta" schema:"opt"`
}

// McpToolCallError says why an MCP tool call failed.
type McpToolCallError struct {
	Message string `json:"message"`
}

// DynamicToolCallStatus is the state of a call of a client tool.
type DynamicToolCallStatus string

// Words of DynamicToolCallStatus.
const (
	DynamicToolCallStatusInProgress DynamicToolCallStatus = "inProgress"
	DynamicToolCallStatusCompleted  DynamicToolCallStatus = "completed"
	DynamicToolCallStatusFailed     DynamicToolCallStatus = "failed"
)

func (DynamicToolCallStatus) Values() []string { return []string{"inProgress", "completed", "failed"} }

// DynamicToolCallOutputContentItem is one part of what a client tool gave back. It is a tagged
// union.
type DynamicToolCallOutputContentItem struct {
	Type     string `json:"type" schema:"union=inputText|inputImage"`
	Text     string `json:"text" in:"inputText"`
	ImageURL string `json:"imageUrl" in:"inputImage"`
}

// Variants of DynamicToolCallOutputContentItem.
const (
	DynamicToolCallOutputContentItemInputText  = "inputText"
	DynamicToolCallOutputContentItemInputImage = "inputImage"
)

func (v DynamicToolCallOutputContentItem) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// CollabAgentTool is what is done with another agent.
type CollabAgentTool string

// Words of CollabAgentTool.
const (
	CollabAgentToolSpawnAgent  CollabAgentTool = "spawnAgent"
	CollabAgentToolSendInput   CollabAgentTool = "sendInput"
	CollabAgentToolResumeAgent CollabAgentTool = "resumeAgent"
	CollabAgentToolWait        CollabAgentTool = "wait"
	CollabAgentToolCloseAgent  CollabAgentTool = "closeAgent"
)

func (CollabAgentTool) Values() []string {
	return []string{"spawnAgent", "sendInput", "resumeAgent", "wait", "closeAgent"}
}

// CollabAgentToolCallStatus is the state of a call about another agent.
type CollabAgentToolCallStatus string

// Words of CollabAgentToolCallStatus.
const (
	CollabAgentToolCallStatusInProgress CollabAgentToolCallStatus = "inProgress"
	CollabAgentToolCallStatusCompleted  CollabAgentToolCallStatus = "completed"
	CollabAgentToolCallStatusFailed     CollabAgentToolCallStatus = "failed"
)

func (CollabAgentToolCallStatus) Values() []string {
	return []string{"inProgress", "completed", "failed"}
}

// CollabAgentState is the last known state of another agent.
type CollabAgentState struct {
	Status  CollabAgentStatus `json:"status"`
	Message *string           `json:"message"`
}

// CollabAgentStatus is the word for the state of another agent.
type CollabAgentStatus string

// Words of CollabAgentStatus.
const (
	CollabAgentStatusPendingInit CollabAgentStatus = "pendingInit"
	CollabAgentStatusRunning     CollabAgentStatus = "running"
	CollabAgentStatusInterrupted CollabAgentStatus = "interrupted"
	CollabAgentStatusCompleted   CollabAgentStatus = "completed"
	CollabAgentStatusErrored     CollabAgentStatus = "errored"
	CollabAgentStatusShutdown    CollabAgentStatus = "shutdown"
	CollabAgentStatusNotFound    CollabAgentStatus = "notFound"
)

func (CollabAgentStatus) Values() []string {
	return []string{"pendingInit", "running", "interrupted", "completed", "errored", "shutdown", "notFound"}
}

// WebSearchAction is one step of a web search. It is a tagged union.
type WebSearchAction struct {
	Type    string   `json:"type" schema:"union=search|openPage|findInPage|other"`
	Query   *string  `json:"query" in:"search?"`
	Queries []string `json:"queries" in:"search?"`
	URL     *string  `json:"url" in:"openPage?,findInPage?"`
	Pattern *string  `json:"pattern" in:"findInPage?"`
}

// Variants of WebSearchAction.
const (
	WebSearchActionSearch     = "search"
	WebSearchActionOpenPage   = "openPage"
	WebSearchActionFindInPage = "findInPage"
	WebSearchActionOther      = "other"
)

func (v WebSearchAction) MarshalJSON() ([]byte, error) { return marshalUnion(v) }
