package cells

import (
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

const kindPlan = "planUpdate"

// Plan is the model's plan as it is now.
type Plan struct {
	ours
	Explanation string
	Steps       []protocol.TurnPlanStep
}

// ItemType is the kind of entry.
func (*Plan) ItemType() string { return kindPlan }

// planUpdate draws a plan: its steps with boxes that are ticked.
func planUpdate(e Entry, width int, t *text.Theme) []text.Line {
	p, ok := e.Item.(*Plan)
	if !ok {
		return nil
	}
	var lines []text.Line
	if p.Explanation != "" {
		lines = text.Wrap(plain(p.Explanation, t.Dim.With(t.Italic)), max(1, width-4))
	}
	for _, s := range p.Steps {
		box, style := "□ ", t.Dim
		switch s.Status {
		case protocol.TurnPlanStepStatusCompleted:
			box, style = "✔ ", t.Dim.With(text.Style{Attr: text.Strike})
		case protocol.TurnPlanStepStatusInProgress:
			style = t.Accent.With(t.Bold)
		}
		mark := style
		mark.Attr &^= text.Strike
		step := text.Hanging(plain(s.Step, style), max(1, width-4), text.Of(box, mark), text.Of("  ", text.Style{}))
		lines = append(lines, step...)
	}
	if len(p.Steps) == 0 {
		lines = append(lines, text.Of("(no steps provided)", t.Dim.With(t.Italic)))
	}
	title := bulleted([]text.Line{text.Of("Updated Plan", t.Bold)}, width, t.Dim)
	return append(title, below(lines, width, t)...)
}

// proposedPlan draws a plan that the model proposes, which is markdown.
func proposedPlan(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.PlanItem)
	if !ok {
		return nil
	}
	out := bulleted([]text.Line{text.Of("Proposed Plan", t.Bold)}, width, t.Dim)
	body := text.Hanging(text.Markdown(item.Text, max(1, width-4), t), width, text.Of("  ", text.Style{}), text.Of("  ", text.Style{}))
	for _, l := range append(append([]text.Line{nil}, body...), nil) {
		if t.User.BG != text.Default {
			l = text.Filled(l.Restyled(t.User), width, t.User)
		}
		out = append(out, l)
	}
	return out
}
