package turn

import (
	"context"
	"errors"

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
		return changing(g, goalTools.create), true
	case updateGoal:
		return changing(g, goalTools.update), true
	}
	return nil, false
}

// answer is the goal as the model is told it.
func (g goalTools) answer(ended bool) tools.Output {
	g.th.mu.Lock()
	a := goalAnswer{Goal: g.th.goals.copy()}
	g.th.mu.Unlock()
	if a.Goal != nil && a.Goal.TokenBudget != nil {
		a.Remaining = new(max(*a.Goal.TokenBudget-a.Goal.TokensUsed, 0))
	}
	if ended {
		a.Report = new("The goal is met. Tell the user what it took: goal.tokensUsed, of goal.tokenBudget where there is one, and goal.timeUsedSeconds.")
	}
	return tools.JSON(a)
}

// changing is a tool that makes another goal of the thread's; change does with th.mu held.
func changing[A any](g goalTools, change func(goalTools, *tools.Turn, A) (*protocol.ThreadGoal, error)) func(context.Context, *tools.Turn, tools.Call) tools.Output {
	return func(_ context.Context, t *tools.Turn, c tools.Call) tools.Output {
		var a A
		if err := tools.Decode(c.Arguments, &a); err != nil {
			return tools.BadArguments(err)
		}
		g.th.mu.Lock()
		goal, err := change(g, t, a)
		if err == nil {
			g.th.putGoal(goal, &t.TurnID)
		}
		g.th.mu.Unlock()
		if err != nil {
			return tools.Output{Text: err.Error(), Failed: true}
		}
		g.th.tellGoal(goal, &t.TurnID)
		return g.answer(goal.Status == "complete")
	}
}

// What a model is told that may not change the goal.
var (
	errHasGoal = errors.New("the thread has a goal that is not complete: work on that one; update_goal ends it, once it is met")
	errNoGoal  = errors.New("the thread has no goal")
	errStatus  = errors.New("status must be complete or blocked: everything else is the user's to say")
)

func (g goalTools) create(_ *tools.Turn, a createArgs) (*protocol.ThreadGoal, error) {
	if old := g.th.goals.goal; old != nil && old.Status != "complete" {
		return nil, errHasGoal
	}
	goal, err := g.th.changedGoal(nil, &protocol.ThreadGoalSetParams{Objective: &a.Objective, TokenBudget: a.TokenBudget})
	if err == nil {
		g.th.goals.idle = 0
	}
	return goal, err
}

func (g goalTools) update(t *tools.Turn, a updateArgs) (*protocol.ThreadGoal, error) {
	goal := g.th.goals.copy()
	switch {
	case goal == nil:
		return nil, errNoGoal
	case a.Status != "complete" && a.Status != "blocked":
		return nil, errStatus
	}
	goal.Status, goal.UpdatedAt = protocol.ThreadGoalStatus(a.Status), g.th.now().Unix()
	g.th.goals.turn = t.TurnID // what this answer has used counts as well
	return goal, nil
}
