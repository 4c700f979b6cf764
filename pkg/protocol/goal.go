package protocol

// ThreadGoalSetParams holds the params of thread/goal/set.
type ThreadGoalSetParams struct {
	ThreadID    string            `json:"threadId"`
	Objective   *string           `json:"objective,omitempty"`
	Status      *ThreadGoalStatus `json:"status,omitempty"`
	TokenBudget *int64            `json:"tokenBudget,omitempty"`
}

// ThreadGoalStatus is the state of a goal.
type ThreadGoalStatus string

// Values lists every word of the type, in the order of the schema.
func (ThreadGoalStatus) Values() []string {
	return []string{"active", "paused", "blocked", "usageLimited", "budgetLimited", "complete"}
}

// ThreadGoalSetResponse is the result of thread/goal/set.
type ThreadGoalSetResponse struct {
	Goal ThreadGoal `json:"goal"`
}

// ThreadGoal is what a thread works towards over many turns.
type ThreadGoal struct {
	ThreadID        string           `json:"threadId"`
	Objective       string           `json:"objective"`
	Status          ThreadGoalStatus `json:"status"`
	TokenBudget     *int64           `json:"tokenBudget"`
	TokensUsed      int64            `json:"tokensUsed"`
	TimeUsedSeconds int64            `json:"timeUsedSeconds"`
	CreatedAt       int64            `json:"createdAt"`
	UpdatedAt       int64            `json:"updatedAt"`
}

// ThreadGoalGetParams holds the params of thread/goal/get.
type ThreadGoalGetParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadGoalGetResponse is the result of thread/goal/get.
type ThreadGoalGetResponse struct {
	Goal *ThreadGoal `json:"goal"`
}

// ThreadGoalClearParams holds the params of thread/goal/clear.
type ThreadGoalClearParams struct {
	ThreadID string `json:"threadId"`
}

// ThreadGoalClearResponse is the result of thread/goal/clear.
type ThreadGoalClearResponse struct {
	Cleared bool `json:"cleared"`
}

// ThreadGoalUpdatedNotification holds the params of the thread/goal/updated
// notification.
type ThreadGoalUpdatedNotification struct {
	ThreadID string     `json:"threadId"`
	TurnID   *string    `json:"turnId"`
	Goal     ThreadGoal `json:"goal"`
}

// ThreadGoalClearedNotification holds the params of the thread/goal/cleared
// notification.
type ThreadGoalClearedNotification struct {
	ThreadID string `json:"threadId"`
}
