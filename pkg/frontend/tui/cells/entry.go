// Package cells turns the entries of a transcript into lines: one file for each kind of
// entry, one row for each in a table. A cell is a pure function of its entry, the width
// and the theme, so that a transcript can be drawn again at any width.
package cells

import (
	"slices"
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// Entry is one thing of a transcript: an item of the protocol, or one of this package's
// own, which have the same methods (Notice, Header, Status …).
type Entry struct {
	Item protocol.ThreadItem
	// Live is the output of a running command so far.
	Live *Output
	// Full asks for everything, as the transcript overlay shows it: nothing shortened.
	Full bool
	// Names are those of agents, by the ids of their threads. It may be nil.
	Names func(id string) string
	// Beat is the frame of what moves while it runs; 0 does not move.
	Beat int
}

// ours is in the entries that are this package's own, and no items of the protocol: they have
// no id.
type ours struct{}

// ItemID is empty.
func (ours) ItemID() string { return "" }

// cell draws an entry.
type cell func(e Entry, width int, t *text.Theme) []text.Line

// row says which cell draws the items of a type.
type row struct {
	kind string
	draw cell
}

// rows are all kinds of entries.
func rows() []row {
	return []row{
		{protocol.ItemUserMessage, userMessage},
		{protocol.ItemHookPrompt, hookPrompt},
		{protocol.ItemAgentMessage, agentMessage},
		{protocol.ItemPlan, proposedPlan},
		{protocol.ItemReasoning, reasoning},
		{protocol.ItemCommandExecution, command},
		{protocol.ItemFileChange, fileChange},
		{protocol.ItemMcpToolCall, mcpToolCall},
		{protocol.ItemDynamicToolCall, dynamicToolCall},
		{protocol.ItemCollabAgentToolCall, agents},
		{protocol.ItemWebSearch, webSearch},
		{protocol.ItemImageView, imageView},
		{protocol.ItemImageGeneration, imageGeneration},
		{protocol.ItemEnteredReviewMode, enteredReview},
		{protocol.ItemExitedReviewMode, exitedReview},
		{protocol.ItemContextCompaction, compaction},
		{kindExplored, explored},
		{kindNotice, notice},
		{kindHeader, header},
		{kindStatus, status},
		{kindPlan, planUpdate},
		{kindSeparator, separator},
		{kindDecision, decision},
		{kindRequest, request},
		{kindListing, listing},
		{kindAnswers, answers},
	}
}

// Render draws an entry. No line is wider than width, and there is no blank line before
// or behind what is drawn, but for those that are part of a message of the user. An entry
// that shows nothing, such as reasoning that is a title alone, gives no lines.
func Render(e Entry, width int, t *text.Theme) []text.Line {
	width = max(1, width)
	draw := unknown
	for _, r := range rows() {
		if r.kind == e.Item.ItemType() {
			draw = r.draw
			break
		}
	}
	lines := draw(e, width, t)
	if e.Item.ItemType() != kindRequest {
		unframe(lines)
	}
	return lines
}

// unframe takes the bar of approvals out of the first column, where a stranger's text may
// stand in a terminal too narrow for margins.
func unframe(lines []text.Line) {
	for i, l := range lines {
		for j, s := range l {
			if rest, ok := strings.CutPrefix(s.Text, bar); ok {
				lines[i] = slices.Clone(l)
				lines[i][j].Text = "|" + rest
			}
			if s.Text != "" {
				break
			}
		}
	}
}

// unknown draws an item of a type that is not known: its name, so that it is not lost.
func unknown(e Entry, width int, t *text.Theme) []text.Line {
	return bulleted([]text.Line{text.Of(text.CleanLine(e.Item.ItemType()), t.Dim)}, width, t.Dim)
}
