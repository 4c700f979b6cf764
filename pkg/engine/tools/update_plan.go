package tools

import (
	"context"
	_ "embed" // the description

	"codex/pkg/protocol"
)

//go:embed update_plan.md
var updatePlanText string

type planArgs struct {
	Explanation *string    `json:"explanation,omitempty"`
	Plan        []planStep `json:"plan" about:"All steps, in order"`
}

type planStep struct {
	Step   string `json:"step"`
	Status string `json:"status" about:"pending, in_progress or completed" words:"pending,in_progress,completed"`
}

func offerUpdatePlan(*SpecOptions) any { return Describe[planArgs]("update_plan", updatePlanText) }

func (s *Set) updatePlan(_ context.Context, t *Turn, _ Call, a planArgs) Output {
	steps := []protocol.TurnPlanStep{}
	for _, p := range a.Plan {
		status := protocol.TurnPlanStepStatus(p.Status)
		if p.Status == "in_progress" {
			status = protocol.TurnPlanStepStatusInProgress
		}
		steps = append(steps, protocol.TurnPlanStep{Step: p.Step, Status: status})
	}
	if t.PlanMode {
		return failed("update_plan is a TODO/checklist tool and is not allowed in Plan mode")
	}
	t.Out.PlanUpdated(a.Explanation, steps)
	return Output{Text: "Plan updated"}
}
