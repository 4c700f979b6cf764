package protocol

import "encoding/json"

// ItemGuardianApprovalReviewStartedNotification holds the params of
// item/autoApprovalReview/started.
type ItemGuardianApprovalReviewStartedNotification struct {
	ThreadID     string                       `json:"threadId"`
	TurnID       string                       `json:"turnId"`
	StartedAtMs  int64                        `json:"startedAtMs"`
	ReviewID     string                       `json:"reviewId"`
	TargetItemID *string                      `json:"targetItemId"`
	Review       GuardianApprovalReview       `json:"review"`
	Action       GuardianApprovalReviewAction `json:"action"`
}

// GuardianApprovalReview is what the automatic reviewer thinks of an action.
type GuardianApprovalReview struct {
	Status            GuardianApprovalReviewStatus `json:"status"`
	RiskLevel         *GuardianRiskLevel           `json:"riskLevel"`
	UserAuthorization *GuardianUserAuthorization   `json:"userAuthorization"`
	Rationale         *string                      `json:"rationale"`
}

// GuardianApprovalReviewStatus is the state of an automatic review.
type GuardianApprovalReviewStatus string

func (GuardianApprovalReviewStatus) Values() []string {
	return []string{"inProgress", "approved", "denied", "timedOut", "aborted"}
}

// GuardianRiskLevel is how risky an action is held to be.
type GuardianRiskLevel string

func (GuardianRiskLevel) Values() []string { return []string{"low", "medium", "high", "critical"} }

// GuardianUserAuthorization is how clearly the user asked for an action.
type GuardianUserAuthorization string

func (GuardianUserAuthorization) Values() []string {
	return []string{"unknown", "low", "medium", "high"}
}

// GuardianApprovalReviewAction is the action under review. It is a tagged union.
type GuardianApprovalReviewAction struct {
	Type          string                   `json:"type" schema:"union=command|execve|applyPatch|networkAccess|mcpToolCall|requestPermissions"`
	Source        GuardianCommandSource    `json:"source" in:"command,execve"`
	Command       string                   `json:"command" in:"command"`
	Program       string                   `json:"program" in:"execve"`
	Argv          List[string]             `json:"argv" in:"execve"`
	Cwd           string                   `json:"cwd" in:"command,execve,applyPatch"`
	Files         List[string]             `json:"files" in:"applyPatch"`
	Target        string                   `json:"target" in:"networkAccess"`
	Host          string                   `json:"host" in:"networkAccess"`
	Protocol      NetworkApprovalProtocol  `json:"protocol" in:"networkAccess"`
	Port          uint16                   `json:"port" in:"networkAccess"`
	Server        string                   `json:"server" in:"mcpToolCall"`
	ToolName      string                   `json:"toolName" in:"mcpToolCall"`
	ConnectorID   *string                  `json:"connectorId" in:"mcpToolCall?"`
	ConnectorName *string                  `json:"connectorName" in:"mcpToolCall?"`
	ToolTitle     *string                  `json:"toolTitle" in:"mcpToolCall?"`
	Reason        *string                  `json:"reason" in:"requestPermissions?"`
	Permissions   RequestPermissionProfile `json:"permissions" in:"requestPermissions"`
}

func (v GuardianApprovalReviewAction) MarshalJSON() ([]byte, error) { return marshalUnion(v) }

// GuardianCommandSource is the tool that a reviewed command came through.
type GuardianCommandSource string

func (GuardianCommandSource) Values() []string { return []string{"shell", "unifiedExec"} }

// ItemGuardianApprovalReviewCompletedNotification holds the params of
// item/autoApprovalReview/completed.
type ItemGuardianApprovalReviewCompletedNotification struct {
	ThreadID       string                       `json:"threadId"`
	TurnID         string                       `json:"turnId"`
	StartedAtMs    int64                        `json:"startedAtMs"`
	CompletedAtMs  int64                        `json:"completedAtMs"`
	ReviewID       string                       `json:"reviewId"`
	TargetItemID   *string                      `json:"targetItemId"`
	DecisionSource AutoReviewDecisionSource     `json:"decisionSource"`
	Review         GuardianApprovalReview       `json:"review"`
	Action         GuardianApprovalReviewAction `json:"action"`
}

// AutoReviewDecisionSource says who decided.
type AutoReviewDecisionSource string

func (AutoReviewDecisionSource) Values() []string { return []string{"agent"} }

// ThreadApproveGuardianDeniedActionParams holds the params of
// thread/approveGuardianDeniedAction.
type ThreadApproveGuardianDeniedActionParams struct {
	ThreadID string          `json:"threadId"`
	Event    json.RawMessage `json:"event"`
}
