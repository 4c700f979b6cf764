package protocol

import "encoding/json"

// Turn is one exchange: the input of the user and everything done about it. Items is
// empty, with ItemsView notLoaded, in every message but a thread that was asked for with
// its turns.
type Turn struct {
	ID        string        `json:"id"`
	Items     ThreadItems   `json:"items"`
	ItemsView TurnItemsView `json:"itemsView" schema:"opt,default=full"`
	Status    TurnStatus    `json:"status"`
	Error     *TurnError    `json:"error"`
	// Seconds since 1970; StartedAt is null in the answer to turn/start.
	StartedAt   *int64 `json:"startedAt"`
	CompletedAt *int64 `json:"completedAt"`
	DurationMs  *int64 `json:"durationMs"`
	// RootTurnID is the turn that began the work: itself, since none is started for another.
	RootTurnID *string `json:"rootTurnId" schema:"later"`
}

// NewTurn is a turn of which no items are shown.
func NewTurn(id string, status TurnStatus) Turn {
	return Turn{ID: id, RootTurnID: &id, Items: ThreadItems{}, ItemsView: TurnItemsViewNotLoaded, Status: status}
}

// TurnItemsView says how much of a turn its items show.
type TurnItemsView string

// Words of TurnItemsView.
const (
	TurnItemsViewNotLoaded TurnItemsView = "notLoaded"
	TurnItemsViewSummary   TurnItemsView = "summary"
	TurnItemsViewFull      TurnItemsView = "full"
)

func (TurnItemsView) Values() []string { return []string{"notLoaded", "summary", "full"} }

// TurnStatus is the state of a turn.
type TurnStatus string

// Words of TurnStatus.
const (
	TurnStatusCompleted   TurnStatus = "completed"
	TurnStatusInterrupted TurnStatus = "interrupted"
	TurnStatusFailed      TurnStatus = "failed"
	TurnStatusInProgress  TurnStatus = "inProgress"
)

func (TurnStatus) Values() []string {
	return []string{"completed", "interrupted", "failed", "inProgress"}
}

// TurnError says why a turn failed.
type TurnError struct {
	Message           string          `json:"message"`
	CodexErrorInfo    *CodexErrorInfo `json:"codexErrorInfo"`
	AdditionalDetails *string         `json:"additionalDetails"`
	Misalignment      Null            `json:"misalignment" schema:"later"`
}

// TurnStartParams holds the params of turn/start.
type TurnStartParams struct {
	ThreadID                   string                  `json:"threadId"`
	Input                      List[UserInput]         `json:"input"`
	ResponsesapiClientMetadata map[string]string       `json:"responsesapiClientMetadata,omitempty" schema:"exp"`
	Environments               []TurnEnvironmentParams `json:"environments,omitempty" schema:"exp"`
	Cwd                        *string                 `json:"cwd,omitempty"`
	RuntimeWorkspaceRoots      []string                `json:"runtimeWorkspaceRoots,omitempty" schema:"exp"`
	ApprovalPolicy             *AskForApproval         `json:"approvalPolicy,omitempty"`
	ApprovalsReviewer          *ApprovalsReviewer      `json:"approvalsReviewer,omitempty"`
	SandboxPolicy              *SandboxPolicy          `json:"sandboxPolicy,omitempty"`
	Permissions                *string                 `json:"permissions,omitempty" schema:"exp"`
	Model                      *string                 `json:"model,omitempty"`
	ServiceTier                Patch[string]           `json:"serviceTier,omitzero"`
	Effort                     *ReasoningEffort        `json:"effort,omitempty"`
	Summary                    *ReasoningSummary       `json:"summary,omitempty"`
	Personality                *Personality            `json:"personality,omitempty"`
	OutputSchema               json.RawMessage         `json:"outputSchema,omitempty"`
	CollaborationMode          *CollaborationMode      `json:"collaborationMode,omitempty" schema:"exp"`
}

// TurnStartResponse is the result of turn/start.
type TurnStartResponse struct {
	Turn Turn `json:"turn"`
}

// TurnSteerParams holds the params of turn/steer.
type TurnSteerParams struct {
	ThreadID                   string            `json:"threadId"`
	Input                      List[UserInput]   `json:"input"`
	ResponsesapiClientMetadata map[string]string `json:"responsesapiClientMetadata,omitempty" schema:"exp"`
	// ExpectedTurnID must be the id of the running turn.
	ExpectedTurnID string `json:"expectedTurnId"`
}

// TurnSteerResponse is the result of turn/steer.
type TurnSteerResponse struct {
	TurnID string `json:"turnId"`
}

// TurnInterruptParams holds the params of turn/interrupt.
type TurnInterruptParams struct {
	ThreadID string `json:"threadId"`
	// TurnID may be empty: then whatever runs is interrupted.
	TurnID string `json:"turnId"`
}

// UserInput is one part of what the user gives to a turn. It is a tagged union.
type UserInput struct {
	Type         string            `json:"type" schema:"union=text|image|localImage|skill|mention"`
	Text         string            `json:"text" in:"text"`
	TextElements List[TextElement] `json:"text_elements" schema:"opt" in:"text?"`
	Detail       *ImageDetail      `json:"detail" in:"image?,localImage?"`
	URL          string            `json:"url" in:"image"`
	Name         string            `json:"name" in:"skill,mention"`
	Path         string            `json:"path" in:"localImage,skill,mention"`
}

// Variants of UserInput.
const (
	UserInputText       = "text"
	UserInputImage      = "image"
	UserInputLocalImage = "localImage"
	UserInputSkill      = "skill"
	UserInputMention    = "mention"
)

func (v UserInput) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// TextElement marks a range of a text that a frontend shows in another way, such as a pasted
// block.
type TextElement struct {
	ByteRange   ByteRange `json:"byteRange"`
	Placeholder *string   `json:"placeholder"`
}

// ByteRange is a half-open range of bytes of UTF-8 text.
type ByteRange struct {
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
}

// ImageDetail says how closely the model looks at an image.
type ImageDetail string

func (ImageDetail) Values() []string { return []string{"high", "original"} }
