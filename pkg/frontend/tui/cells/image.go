package cells

import (
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// imageView draws that the model looked at an image.
func imageView(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.ImageViewItem)
	if !ok {
		return nil
	}
	out := bulleted([]text.Line{text.Of("Viewed Image", t.Bold)}, width, t.Dim)
	return append(out, below([]text.Line{text.Of(text.CleanLine(item.Path), t.Dim)}, width, t)...)
}

// imageGeneration draws an image that the model made: what was asked for, where it is.
func imageGeneration(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.ImageGenerationItem)
	if !ok {
		return nil
	}
	var rows []text.Line
	if item.RevisedPrompt != nil {
		rows = plain(*item.RevisedPrompt, t.Dim)
	}
	if item.SavedPath != nil {
		rows = append(rows, text.Of(text.CleanLine("Saved to: "+*item.SavedPath), t.Dim))
	}
	if len(rows) == 0 {
		rows = []text.Line{text.Of(text.CleanLine(item.Status), t.Dim)}
	}
	out := bulleted([]text.Line{text.Of("Generated Image:", t.Bold)}, width, t.Dim)
	return append(out, below(rows, width, t)...)
}
