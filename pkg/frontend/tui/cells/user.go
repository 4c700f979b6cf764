package cells

import (
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// userMessage draws what the user said: on a ground of its own, with a row of it above and
// below.
func userMessage(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.UserMessageItem)
	if !ok {
		return nil
	}
	var lines []text.Line
	for _, in := range item.Content {
		lines = append(lines, userInput(in, t)...)
	}
	lines = text.Hanging(lines, width, text.Of("› ", t.Bold.With(t.Dim)), text.Of("  ", text.Style{}))
	out := append([]text.Line{nil}, lines...)
	out = append(out, nil)
	if t.User.BG != text.Default {
		for i, l := range out {
			out[i] = text.Filled(l.Restyled(t.User), width, t.User)
		}
	}
	return out
}

func userInput(in protocol.UserInput, t *text.Theme) []text.Line {
	label := func(s string) []text.Line { return []text.Line{text.Of(text.CleanLine(s), t.Accent)} }
	switch in.Type {
	case protocol.UserInputText:
		return plain(strings.TrimRight(in.Text, "\n"), text.Style{})
	case protocol.UserInputImage:
		if strings.HasPrefix(in.URL, "data:") {
			return label("[Image]")
		}
		return label("[Image " + in.URL + "]")
	case protocol.UserInputLocalImage:
		return label("[Image " + in.Path + "]")
	case protocol.UserInputSkill:
		return label("$" + in.Name)
	case protocol.UserInputMention:
		return label("@" + in.Name)
	}
	return label("[" + in.Type + "]")
}

// hookPrompt draws text that hooks put in front of the model.
func hookPrompt(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.HookPromptItem)
	if !ok {
		return nil
	}
	lines := []text.Line{{span("Hook", t.Bold), span(" said to the model:", text.Style{})}}
	out := bulleted(lines, width, t.Dim)
	for _, f := range item.Fragments {
		out = append(out, below(block(f.Text, e.Full, width, t), width, t)...)
	}
	return out
}
