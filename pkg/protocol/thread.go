package protocol

import (
	"encoding/json"
	"slices"
)

// Thread is a conversation: a list of turns, stored as one rollout file unless it is
// ephemeral.
type Thread struct {
	// ID is a UUIDv7, lower case.
	ID           string  `json:"id"`
	SessionID    string  `json:"sessionId"`
	ForkedFromID *string `json:"forkedFromId"`
	// Preview is the text of the first user message.
	Preview       string `json:"preview"`
	Ephemeral     bool   `json:"ephemeral"`
	ModelProvider string `json:"modelProvider"`
	// Seconds since 1970.
	CreatedAt int64        `json:"createdAt"`
	UpdatedAt int64        `json:"updatedAt"`
	Status    ThreadStatus `json:"status"`
	// Path is the rollout file, null for an ephemeral thread.
	Path          *string       `json:"path"`
	Cwd           string        `json:"cwd"`
	CliVersion    string        `json:"cliVersion"`
	Source        SessionSource `json:"source"`
	ThreadSource  *ThreadSource `json:"threadSource"`
	AgentNickname *string       `json:"agentNickname"`
	AgentRole     *string       `json:"agentRole"`
	GitInfo       *GitInfo      `json:"gitInfo"`
	Name          *string       `json:"name"`
	// Turns is filled by resume, fork, rollback and read only.
	Turns List[Turn] `json:"turns"`
	// Members of later releases.
	Environments         Null              `json:"environments" schema:"later"`
	Extra                Null              `json:"extra" schema:"later"`
	AttachedToThreadID   Null              `json:"attachedToThreadId" schema:"later"`
	ParentThreadID       *string           `json:"parentThreadId" schema:"later"`
	Section              Null              `json:"section" schema:"later"`
	SectionEnteredAt     Null              `json:"sectionEnteredAt" schema:"later"`
	ProjectID            Null              `json:"projectId" schema:"later"`
	HistoryMode          ThreadHistoryMode `json:"historyMode" schema:"later"`
	Model                *string           `json:"model" schema:"later"`
	ReasoningEffort      *ReasoningEffort  `json:"reasoningEffort" schema:"later"`
	RecencyAt            *int64            `json:"recencyAt" schema:"later"`
	Originator           *string           `json:"originator" schema:"later"`
	CanAcceptDirectInput *bool             `json:"canAcceptDirectInput" schema:"later"`
	DaybreakEnabled      Null              `json:"daybreakEnabled" schema:"later"`
}

// ThreadStatus says what a thread is doing. It is a tagged union.
type ThreadStatus struct {
	Type        string                 `json:"type" schema:"union=notLoaded|idle|systemError|active"`
	ActiveFlags List[ThreadActiveFlag] `json:"activeFlags" in:"active"`
}

// Variants of ThreadStatus.
const (
	ThreadStatusNotLoaded   = "notLoaded"
	ThreadStatusIdle        = "idle"
	ThreadStatusSystemError = "systemError"
	ThreadStatusActive      = "active"
)

func (v ThreadStatus) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// ThreadActiveFlag says what an active thread waits for.
type ThreadActiveFlag string

// Words of ThreadActiveFlag.
const (
	ThreadActiveFlagWaitingOnApproval  ThreadActiveFlag = "waitingOnApproval"
	ThreadActiveFlagWaitingOnUserInput ThreadActiveFlag = "waitingOnUserInput"
)

func (ThreadActiveFlag) Values() []string { return []string{"waitingOnApproval", "waitingOnUserInput"} }

// ThreadSource says who a thread is for.
type ThreadSource string

// Words of ThreadSource.
const (
	ThreadSourceUser     ThreadSource = "user"
	ThreadSourceSubagent ThreadSource = "subagent"
	ThreadSourceMemory   ThreadSource = "memory_consolidation"
)

func (ThreadSource) Values() []string { return []string{"user", "subagent", "memory_consolidation"} }

// MayBeOther says that later releases have other words: they are taken, and kept.
func (ThreadSource) MayBeOther() {}

// Known is the word for clients: nil for one that those of 0.133.0 do not know.
func (s ThreadSource) Known() *ThreadSource {
	if !slices.Contains(s.Values(), string(s)) {
		return nil
	}
	return &s
}

// GitInfo is the state of the thread's working tree when it began.
type GitInfo struct {
	Sha       *string `json:"sha"`
	Branch    *string `json:"branch"`
	OriginURL *string `json:"originUrl"`
}

// ThreadStartParams holds the params of thread/start.
type ThreadStartParams struct {
	Model         *string `json:"model,omitempty"`
	ModelProvider *string `json:"modelProvider,omitempty"`
	// ServiceTier null means the default tier.
	ServiceTier            Patch[string]              `json:"serviceTier,omitzero"`
	Cwd                    *string                    `json:"cwd,omitempty"`
	RuntimeWorkspaceRoots  []string                   `json:"runtimeWorkspaceRoots,omitempty" schema:"exp"`
	ApprovalPolicy         *AskForApproval            `json:"approvalPolicy,omitempty"`
	ApprovalsReviewer      *ApprovalsReviewer         `json:"approvalsReviewer,omitempty"`
	Sandbox                *SandboxMode               `json:"sandbox,omitempty"`
	Permissions            *string                    `json:"permissions,omitempty" schema:"exp"`
	Config                 map[string]json.RawMessage `json:"config,omitempty"`
	ServiceName            *string                    `json:"serviceName,omitempty"`
	BaseInstructions       *string                    `json:"baseInstructions,omitempty"`
	DeveloperInstructions  *string                    `json:"developerInstructions,omitempty"`
	Personality            *Personality               `json:"personality,omitempty"`
	Ephemeral              *bool                      `json:"ephemeral,omitempty"`
	SessionStartSource     *ThreadStartSource         `json:"sessionStartSource,omitempty"`
	ThreadSource           *ThreadSource              `json:"threadSource,omitempty"`
	Environments           []TurnEnvironmentParams    `json:"environments,omitempty" schema:"exp"`
	DynamicTools           []DynamicToolSpec          `json:"dynamicTools,omitempty" schema:"exp"`
	MockExperimentalField  *string                    `json:"mockExperimentalField,omitempty" schema:"exp"`
	ExperimentalRawEvents  bool                       `json:"experimentalRawEvents,omitempty" schema:"opt,exp"`
	PersistExtendedHistory bool                       `json:"persistExtendedHistory,omitempty" schema:"opt,exp"`
}

// ThreadStartSource says how a client came to start a thread.
type ThreadStartSource string

func (ThreadStartSource) Values() []string { return []string{"startup", "clear"} }

// TurnEnvironmentParams chooses an environment, and a folder in it, for the commands of
// a turn.
type TurnEnvironmentParams struct {
	EnvironmentID string `json:"environmentId"`
	Cwd           string `json:"cwd"`
}

// DynamicToolSpec is a tool that the client runs: the model sees it, the call comes back
// as item/tool/call.
type DynamicToolSpec struct {
	Namespace    *string         `json:"namespace,omitempty"`
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	InputSchema  json.RawMessage `json:"inputSchema"`
	DeferLoading bool            `json:"deferLoading,omitempty"`
}

// ThreadStartResponse is the result of thread/start.
type ThreadStartResponse struct {
	Thread                  Thread                   `json:"thread"`
	Model                   string                   `json:"model"`
	ModelProvider           string                   `json:"modelProvider"`
	ServiceTier             *string                  `json:"serviceTier"`
	Cwd                     string                   `json:"cwd"`
	RuntimeWorkspaceRoots   List[string]             `json:"runtimeWorkspaceRoots" schema:"opt,exp"`
	InstructionSources      List[string]             `json:"instructionSources" schema:"opt"`
	ApprovalPolicy          AskForApproval           `json:"approvalPolicy"`
	ApprovalsReviewer       ApprovalsReviewer        `json:"approvalsReviewer"`
	Sandbox                 SandboxPolicy            `json:"sandbox"`
	ActivePermissionProfile *ActivePermissionProfile `json:"activePermissionProfile" schema:"exp"`
	ReasoningEffort         *ReasoningEffort         `json:"reasoningEffort"`
	DisabledPluginIDs       List[string]             `json:"disabledPluginIds" schema:"later"`
	MultiAgentMode          MultiAgentMode           `json:"multiAgentMode" schema:"later"`
}

// ActivePermissionProfile names the permission profile in force.
type ActivePermissionProfile struct {
	ID      string  `json:"id"`
	Extends *string `json:"extends"`
}

// ThreadResumeParams holds the params of thread/resume.
type ThreadResumeParams struct {
	ThreadID         string            `json:"threadId"`
	InitialTurnsPage *InitialTurnsPage `json:"initialTurnsPage,omitempty" schema:"later"`
	// History items are those of the Responses API.
	History                []json.RawMessage          `json:"history,omitempty" schema:"exp"`
	Path                   *string                    `json:"path,omitempty" schema:"exp"`
	Model                  *string                    `json:"model,omitempty"`
	ModelProvider          *string                    `json:"modelProvider,omitempty"`
	ServiceTier            Patch[string]              `json:"serviceTier,omitzero"`
	Cwd                    *string                    `json:"cwd,omitempty"`
	RuntimeWorkspaceRoots  []string                   `json:"runtimeWorkspaceRoots,omitempty" schema:"exp"`
	ApprovalPolicy         *AskForApproval            `json:"approvalPolicy,omitempty"`
	ApprovalsReviewer      *ApprovalsReviewer         `json:"approvalsReviewer,omitempty"`
	Sandbox                *SandboxMode               `json:"sandbox,omitempty"`
	Permissions            *string                    `json:"permissions,omitempty" schema:"exp"`
	Config                 map[string]json.RawMessage `json:"config,omitempty"`
	BaseInstructions       *string                    `json:"baseInstructions,omitempty"`
	DeveloperInstructions  *string                    `json:"developerInstructions,omitempty"`
	Personality            *Personality               `json:"personality,omitempty"`
	ExcludeTurns           bool                       `json:"excludeTurns,omitempty" schema:"exp"`
	PersistExtendedHistory bool                       `json:"persistExtendedHistory,omitempty" schema:"opt,exp"`
}

// ThreadResumeResponse is the result of thread/resume.
type ThreadResumeResponse struct {
	Thread                  Thread                   `json:"thread"`
	Model                   string                   `json:"model"`
	ModelProvider           string                   `json:"modelProvider"`
	ServiceTier             *string                  `json:"serviceTier"`
	Cwd                     string                   `json:"cwd"`
	RuntimeWorkspaceRoots   List[string]             `json:"runtimeWorkspaceRoots" schema:"opt,exp"`
	InstructionSources      List[string]             `json:"instructionSources" schema:"opt"`
	ApprovalPolicy          AskForApproval           `json:"approvalPolicy"`
	ApprovalsReviewer       ApprovalsReviewer        `json:"approvalsReviewer"`
	Sandbox                 SandboxPolicy            `json:"sandbox"`
	ActivePermissionProfile *ActivePermissionProfile `json:"activePermissionProfile" schema:"exp"`
	ReasoningEffort         *ReasoningEffort         `json:"reasoningEffort"`
	DisabledPluginIDs       List[string]             `json:"disabledPluginIds" schema:"later"`
	MultiAgentMode          MultiAgentMode           `json:"multiAgentMode" schema:"later"`
	CollaborationMode       Null                     `json:"collaborationMode" schema:"later"`
	InitialTurnsPage        *ThreadTurnsListResponse `json:"initialTurnsPage" schema:"later"`
	TurnsBackwardsCursor    *string                  `json:"turnsBackwardsCursor" schema:"later"`
	ItemsBackwardsCursor    *string                  `json:"itemsBackwardsCursor" schema:"later"`
}

// ThreadForkParams holds the params of thread/fork.
type ThreadForkParams struct {
	// LastTurnID is the last turn of the copy, BeforeTurnID the first one that is not in it.
	LastTurnID             *string                    `json:"lastTurnId,omitempty" schema:"later"`
	BeforeTurnID           *string                    `json:"beforeTurnId,omitempty" schema:"later"`
	ThreadID               string                     `json:"threadId"`
	Path                   *string                    `json:"path,omitempty" schema:"exp"`
	Model                  *string                    `json:"model,omitempty"`
	ModelProvider          *string                    `json:"modelProvider,omitempty"`
	ServiceTier            Patch[string]              `json:"serviceTier,omitzero"`
	Cwd                    *string                    `json:"cwd,omitempty"`
	RuntimeWorkspaceRoots  []string                   `json:"runtimeWorkspaceRoots,omitempty" schema:"exp"`
	ApprovalPolicy         *AskForApproval            `json:"approvalPolicy,omitempty"`
	ApprovalsReviewer      *ApprovalsReviewer         `json:"approvalsReviewer,omitempty"`
	Sandbox                *SandboxMode               `json:"sandbox,omitempty"`
	Permissions            *string                    `json:"permissions,omitempty" schema:"exp"`
	Config                 map[string]json.RawMessage `json:"config,omitempty"`
	BaseInstructions       *string                    `json:"baseInstructions,omitempty"`
	DeveloperInstructions  *string                    `json:"developerInstructions,omitempty"`
	Ephemeral              bool                       `json:"ephemeral,omitempty"`
	ThreadSource           *ThreadSource              `json:"threadSource,omitempty"`
	ExcludeTurns           bool                       `json:"excludeTurns,omitempty" schema:"exp"`
	PersistExtendedHistory bool                       `json:"persistExtendedHistory,omitempty" schema:"opt,exp"`
}

// ThreadForkResponse is the result of thread/fork.
type ThreadForkResponse ThreadStartResponse
