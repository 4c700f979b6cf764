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

// Spent says whether the goal has used its budget.
func (g *ThreadGoal) Spent() bool { return g.TokenBudget != nil && g.TokensUsed >= *g.TokenBudget }

// ThreadGoalGetResponse is the result of thread/goal/get.
type ThreadGoalGetResponse struct {
	Goal *ThreadGoal `json:"goal"`
}

// ThreadGoalClearResponse is the result of thread/goal/clear.
type ThreadGoalClearResponse struct {
	Cleared bool `json:"cleared"`
}

// ThreadGoalUpdatedNotification holds the params of thread/goal/updated.
type ThreadGoalUpdatedNotification struct {
	ThreadID string     `json:"threadId"`
	TurnID   *string    `json:"turnId"`
	Goal     ThreadGoal `json:"goal"`
}
