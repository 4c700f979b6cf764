package cells

import (
	"fmt"

	"codex/pkg/frontend/tui/text"
)

const kindAnswers = "answers"

// Answers are the user's answers to questions of the model.
type Answers struct {
	ours
	Questions []Answered
}

// Answered is one question and what was answered to it, nothing when it was not.
type Answered struct {
	Question string
	Answers  []string
	Secret   bool
}

// ItemType is the kind of entry.
func (*Answers) ItemType() string { return kindAnswers }

// answers draws questions and answers; secrets as dots.
func answers(e Entry, width int, t *text.Theme) []text.Line {
	a, ok := e.Item.(*Answers)
	if !ok {
		return nil
	}
	count := 0
	var rows []text.Line
	for _, q := range a.Questions {
		rows = append(rows, text.Hanging(plain(q.Question, text.Style{}), width, text.Of("  • ", t.Dim), text.Of("    ", text.Style{}))...)
		if len(q.Answers) > 0 {
			count++
		}
		for _, said := range q.Answers {
			if q.Secret {
				said = "••••••"
			}
			first := text.Line{span("    ", text.Style{}), span("answer: ", t.Dim)}
			rows = append(rows, text.Hanging(plain(said, t.Accent), width, first, text.Of("            ", text.Style{}))...)
		}
	}
	title := text.Line{span("Questions", t.Bold), span(fmt.Sprintf(" %d/%d answered", count, len(a.Questions)), t.Dim)}
	return append(bulleted([]text.Line{title}, width, t.Dim), rows...)
}
