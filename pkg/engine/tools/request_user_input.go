package tools

import (
	"context"
	_ "embed" // the description
	"strings"

	"codex/pkg/protocol"
)

//go:embed request_user_input.md
var requestUserInputText string

type questionArgs struct {
	Questions []question `json:"questions" about:"The questions, best no more than three"`
}

type question struct {
	ID       string   `json:"id" about:"snake_case name of the answer"`
	Header   string   `json:"header" about:"A label of at most twelve characters"`
	Question string   `json:"question" about:"The question, one sentence"`
	Options  []choice `json:"options" about:"Two or three choices, the recommended one first; the client adds a free answer"`
}

type choice struct {
	Label       string `json:"label" about:"One to five words"`
	Description string `json:"description" about:"What choosing it means, in one sentence"`
}

func offerRequestUserInput(o *SpecOptions) any {
	when := "Only there in Plan mode."
	if o.Questions == QuestionsAlways {
		when = "There in every mode."
	}
	return Describe[questionArgs]("request_user_input", strings.TrimSpace(requestUserInputText)+" "+when)
}

// requestUserInput asks the user; in default mode only where a feature allows it.
func (s *Set) requestUserInput(ctx context.Context, t *Turn, c Call, a questionArgs) Output {
	switch {
	case t.Questions == QuestionsNever:
		return failed("request_user_input can only be used by the root thread")
	case t.Questions == QuestionsInPlanMode && !t.PlanMode:
		return failed("request_user_input is unavailable in Default mode")
	}
	p := protocol.ToolRequestUserInputParams{ThreadID: t.ThreadID, TurnID: t.TurnID, ItemID: c.ID, IsBlocking: true}
	for _, q := range a.Questions {
		out := protocol.ToolRequestUserInputQuestion{ID: q.ID, Header: q.Header, Question: q.Question, IsOther: true}
		for _, o := range q.Options {
			out.Options = append(out.Options, protocol.ToolRequestUserInputOption{Label: o.Label, Description: o.Description})
		}
		if len(out.Options) == 0 {
			return failed("request_user_input requires non-empty options for every question")
		}
		p.Questions = append(p.Questions, out)
	}
	r, err := t.Out.AskUser(ctx, p)
	if err != nil {
		return failed("request_user_input was cancelled before receiving a response")
	}
	return JSON(r)
}
