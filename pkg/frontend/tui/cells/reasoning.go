package cells

import (
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// reasoning draws what the model thought. The bold title of a part is what the status line
// says while it is thought, and stays out of the chat; a part that is a title alone is
// shown in full only.
func reasoning(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.ReasoningItem)
	if !ok {
		return nil
	}
	parts := item.Summary
	if len(parts) == 0 {
		parts = item.Content
	}
	var said []string
	for _, p := range parts {
		title, rest := Title(p)
		if e.Full && title != "" {
			rest = strings.TrimSpace("**" + title + "**\n\n" + rest)
		}
		if rest != "" {
			said = append(said, rest)
		}
	}
	if len(said) == 0 {
		return nil
	}
	lines := text.Markdown(strings.Join(said, "\n\n"), inner(width), t)
	for i, l := range lines {
		lines[i] = l.Restyled(t.Dim.With(t.Italic))
	}
	return text.Hanging(lines, width, text.Of("• ", t.Dim), text.Of("  ", text.Style{}))
}

// Title is the bold title that a part of reasoning begins with, and what follows it.
func Title(part string) (title, rest string) {
	part = strings.TrimSpace(part)
	if after, ok := strings.CutPrefix(part, "**"); ok {
		if title, rest, ok = strings.Cut(after, "**"); ok && title != "" && !strings.Contains(title, "\n") {
			return title, strings.TrimSpace(rest)
		}
	}
	return "", part
}
