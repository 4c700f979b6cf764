package turn

import (
	"context"
	"strings"

	"codex/pkg/engine/tools"
	"codex/pkg/protocol"
)

// goalTools are the tools with which the model sees and ends the goal of its thread. They are
// offered while there is one, or a client has asked for goals.
type goalTools struct{ th *liveThread }

var _ tools.External = goalTools{}

const (
	getGoal    = "get_goal"
	createGoal = "create_goal"
	updateGoal = "update_goal"
)

// goalTool says whether a call only looks at the goal, or says how it stands.
func goalTool(c tools.Call) bool {
	return c.Namespace == "" && (c.Name == getGoal || c.Name == createGoal || c.Name == updateGoal)
}

type (
	noArgs     struct{}
	createArgs struct {
		Objective   string `json:"objective" about:"What is to be reached, in the user's words"`
		TokenBudget *int64 `json:"token_budget,omitempty" about:"How many tokens may be used for it, where the user says so"`
	}
	updateArgs struct {
		Status string `json:"status" about:"complete or blocked" words:"complete,blocked"`
	}
	goalAnswer struct {
		Goal      *protocol.ThreadGoal `json:"goal"`
		Remaining *int64               `json:"remainingTokens"`
		Report    *string              `json:"completionBudgetReport"`
	}
)

// Functions implements tools.External.
func (g goalTools) Functions() []any {
	g.th.mu.Lock()
	known, has := g.th.goals.known, g.th.goals.goal != nil
	g.th.mu.Unlock()
	if !g.th.cfg.Features.Enabled("goals") || !known && !has {
		return nil
	}
	return []any{
		tools.Describe[noArgs](getGoal, "Gives the goal of this thread: its objective, status and budget, and what was used of that."),
		tools.Describe[createArgs](createGoal, "Sets the goal of this thread, towards which turns go on by themselves. Only where the user, or an instruction above, asks for a goal; an ordinary task needs none. Fails while another goal is not complete."),
		tools.Describe[updateArgs](updateGoal, "Ends the goal: complete, when every part of it is met, or blocked, when the same obstacle stopped you in three turns in a row and nothing can be done without the user."),
	}
}

// Namespaces implements tools.External.
func (goalTools) Namespaces(tools.Deferral) []any { return nil }

// Sources implements tools.External.
func (goalTools) Sources(tools.Deferral) []string { return nil }

// Deferred implements tools.External.
func (goalTools) Deferred(tools.Deferral) []tools.Deferred { return nil }

// Find implements tools.External.
func (g goalTools) Find(namespace, name string) (run func(context.Context, *tools.Turn, tools.Call) tools.Output, alone bool) {
	if namespace != "" || len(g.Functions()) == 0 {
		return nil, false
	}
	switch name {
	case getGoal:
		return func(context.Context, *tools.Turn, tools.Call) tools.Output { return g.answer(false) }, true
	case createGoal:
		return g.create, true
	case updateGoal:
		return g.update, true
	}
	return nil, false
}

// answer is the goal as the model is told it.
func (g goalTools) answer(ended bool) tools.Output {
	g.th.mu.Lock()
	a := goalAnswer{Goal: g.th.goals.copy()}
	g.th.mu.Unlock()
	if a.Goal != nil && a.Goal.TokenBudget != nil {
		left := max(*a.Goal.TokenBudget-a.Goal.TokensUsed, 0)
		a.Remaining = &left
	}
	if ended {
		text := "The goal is met. Tell the user what it took: goal.tokensUsed, of goal.tokenBudget where there is one, and goal.timeUsedSeconds."
		a.Report = &text
	}
	return tools.JSON(a)
}

func (g goalTools) create(_ context.Context, t *tools.Turn, c tools.Call) tools.Output {
	var a createArgs
	if err := tools.Decode(c.Arguments, &a); err != nil {
		return tools.BadArguments(err)
	}
	th := g.th
	th.mu.Lock()
	if old := th.goals.goal; old != nil && old.Status != "complete" {
		th.mu.Unlock()
		return tools.Output{Text: "cannot create a new goal because this thread already has a goal; use update_goal only when the existing goal is complete", Failed: true}
	}
	th.goals.goal = nil
	objective := strings.TrimSpace(a.Objective)
	goal, err := th.changedGoal(&protocol.ThreadGoalSetParams{Objective: &objective, TokenBudget: a.TokenBudget})
	if err != nil {
		th.mu.Unlock()
		return tools.Output{Text: err.Error(), Failed: true}
	}
	th.goals.idle = 0
	th.putGoal(goal, &t.TurnID)
	th.mu.Unlock()
	th.tellGoal(goal, &t.TurnID)
	return g.answer(false)
}

func (g goalTools) update(_ context.Context, t *tools.Turn, c tools.Call) tools.Output {
	var a updateArgs
	if err := tools.Decode(c.Arguments, &a); err != nil {
		return tools.BadArguments(err)
	}
	th := g.th
	th.mu.Lock()
	goal := th.goals.copy()
	switch {
	case goal == nil:
		th.mu.Unlock()
		return tools.Output{Text: "cannot update goal because this thread has no goal", Failed: true}
	case a.Status != "complete" && a.Status != "blocked":
		th.mu.Unlock()
		return tools.Output{Text: "update_goal can only mark the existing goal complete or blocked", Failed: true}
	}
	goal.Status, goal.UpdatedAt = protocol.ThreadGoalStatus(a.Status), th.now().Unix()
	th.goals.turn = t.TurnID // what this answer has used counts as well
	th.putGoal(goal, &t.TurnID)
	th.mu.Unlock()
	th.tellGoal(goal, &t.TurnID)
	return g.answer(a.Status == "complete")
}
