// Package overlay is what stands over the composer or the whole screen while a person
// chooses or reads: lists to choose from, questions, a pager, a picker of sessions, the
// popup of commands and files.
//
// An overlay draws itself as lines and takes keys; what a choice means is a function that
// its maker gave it. It imports keys and text, and is pure.
package overlay

import (
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// Overlay takes keys and draws itself.
type Overlay interface {
	// View draws it in width columns and at most height rows, and says where the cursor
	// is; hidden when row is negative.
	View(width, height int, t *text.Theme) (lines []text.Line, row, col int)
	// Key takes a key or a paste, and says whether the overlay is done.
	Key(e keys.Event) (done bool)
}

// span is shorthand.
func span(s string, style text.Style) text.Span { return text.Span{Text: s, Style: style} }

// indent is the margin of what stands over the composer.
var indent = text.Of("  ", text.Style{})

// wrapped wraps lines behind the margin.
func wrapped(lines []text.Line, width int) []text.Line {
	return text.Prefixed(text.Wrap(lines, max(1, width-2)), indent, indent)
}
