package tools

import (
	"context"

	"codex/pkg/engine/tools/args"
	"codex/pkg/protocol"
)

func planArgs() *args.Object {
	step := &args.Object{Name: "PlanItemArg", Closed: true, Fields: []args.Field{
		{Name: "step", Kind: args.String, Required: true},
		{Name: "status", Kind: args.Enum, Required: true, Values: []string{"pending", "in_progress", "completed"}},
	}}
	return &args.Object{Name: "UpdatePlanArgs", Closed: true, Fields: []args.Field{
		{Name: "explanation", Kind: args.String, Null: true, Default: true},
		{Name: "plan", Kind: args.Objects, Required: true, Of: step},
	}}
}

func (s *Set) updatePlan(_ context.Context, t *Turn, c Call) Output {
	v, err := args.Decode(planArgs(), c.Arguments)
	if err != nil {
		return badArguments(err)
	}
	if t.PlanMode {
		return Output{Text: "update_plan is a TODO/checklist tool and is not allowed in Plan mode"}
	}
	var why *string
	if v.Has("explanation") {
		text := v.Str("explanation")
		why = &text
	}
	steps := []protocol.TurnPlanStep{}
	for _, p := range v["plan"].([]args.Values) {
		status := protocol.TurnPlanStepStatus(p.Str("status"))
		if status == "in_progress" {
			status = protocol.TurnPlanStepStatusInProgress
		}
		steps = append(steps, protocol.TurnPlanStep{Step: p.Str("step"), Status: status})
	}
	t.Out.PlanUpdated(why, steps)
	return Output{Text: "Plan updated"}
}

func questionArgs() *args.Object {
	option := &args.Object{Name: "RequestUserInputQuestionOption", Fields: []args.Field{
		{Name: "label", Kind: args.String, Required: true},
		{Name: "description", Kind: args.String, Required: true},
	}}
	question := &args.Object{Name: "RequestUserInputQuestion", Fields: []args.Field{
		{Name: "id", Kind: args.String, Required: true},
		{Name: "header", Kind: args.String, Required: true},
		{Name: "question", Kind: args.String, Required: true},
		{Name: "options", Kind: args.Objects, Null: true, Of: option},
	}}
	return &args.Object{Name: "RequestUserInputArgs", Fields: []args.Field{
		{Name: "questions", Kind: args.Objects, Required: true, Of: question},
	}}
}

// requestUserInput asks the user; in default mode only where a feature allows it (tools
// spec §5).
func (s *Set) requestUserInput(ctx context.Context, t *Turn, c Call) Output {
	switch {
	case t.Questions == QuestionsNever:
		return Output{Text: "request_user_input can only be used by the root thread"}
	case t.Questions == QuestionsInPlanMode && !t.PlanMode:
		return Output{Text: "request_user_input is unavailable in Default mode"}
	}
	v, err := args.Decode(questionArgs(), c.Arguments)
	if err != nil {
		return badArguments(err)
	}
	p := protocol.ToolRequestUserInputParams{ThreadID: t.ThreadID, TurnID: t.TurnID, ItemID: c.ID}
	for _, q := range v["questions"].([]args.Values) {
		out := protocol.ToolRequestUserInputQuestion{ID: q.Str("id"), Header: q.Str("header"), Question: q.Str("question"), IsOther: true}
		opts, _ := q["options"].([]args.Values)
		if len(opts) == 0 {
			return Output{Text: "request_user_input requires non-empty options for every question"}
		}
		for _, o := range opts {
			out.Options = append(out.Options, protocol.ToolRequestUserInputOption{Label: o.Str("label"), Description: o.Str("description")})
		}
		p.Questions = append(p.Questions, out)
	}
	r, err := t.Out.AskUser(ctx, p)
	if err != nil {
		return Output{Text: "request_user_input was cancelled before receiving a response"}
	}
	return Output{Text: string(encode(r))}
}
