package cells

import (
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// enteredReview draws that a review began.
func enteredReview(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.EnteredReviewModeItem)
	if !ok {
		return nil
	}
	line := text.Line{span(">> Code review started", t.Mode)}
	if item.Review != "" {
		line = append(line, span(": "+text.CleanLine(item.Review), text.Style{}))
	}
	return text.Wrap([]text.Line{append(line, span(" <<", t.Mode))}, width)
}

// exitedReview draws the end of a review. Its text follows as a message of the model's.
func exitedReview(_ Entry, width int, t *text.Theme) []text.Line {
	return text.Wrap([]text.Line{text.Of("<< Code review finished >>", t.Mode)}, width)
}

// compaction draws that the history was compacted.
func compaction(_ Entry, width int, t *text.Theme) []text.Line {
	return bulleted([]text.Line{text.Of("Context compacted", text.Style{})}, width, t.Dim)
}
