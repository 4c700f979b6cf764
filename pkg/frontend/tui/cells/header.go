package cells

import (
	"strings"

	"codex/pkg/frontend/tui/text"
)

const kindHeader = "header"

// widestHeader is the inner width that the header has at most.
const widestHeader = 56

// Header is the box at the begin of a thread.
type Header struct {
	ours
	Version, Model, Effort, Directory string
	Unrestricted                      bool // neither sandbox nor approvals
}

// ItemType is the kind of entry.
func (*Header) ItemType() string { return kindHeader }

// header draws the box: the version, the model, the folder.
func header(e Entry, width int, t *text.Theme) []text.Line {
	h, ok := e.Item.(*Header)
	if !ok {
		return nil
	}
	model := text.CleanLine(h.Model)
	if h.Effort != "" {
		model += " " + text.CleanLine(h.Effort)
	}
	room := max(1, min(widestHeader, width-4))
	lines := []text.Line{
		title(h.Version, t),
		nil,
		{span("model:     ", t.Dim), span(model, text.Style{}), span("   ", text.Style{}), span("/model", t.Accent), span(" to change", t.Dim)},
		{span("directory: ", t.Dim), span(text.ClipMiddle(text.CleanLine(h.Directory), max(1, room-11)), text.Style{})},
	}
	if h.Unrestricted {
		lines = append(lines, text.Line{span("permissions: ", t.Dim), span("YOLO mode", t.Mode.With(t.Bold))})
	}
	return boxed(lines, room, 1, t)
}

// title is the first line of a box.
func title(version string, t *text.Theme) text.Line {
	return text.Line{span(">_ ", t.Dim), span("OpenAI Codex", t.Bold), span(" (v"+text.CleanLine(version)+")", t.Dim)}
}

// boxed draws a frame around lines, which are cut to room columns; pad is the blanks at
// each side. A terminal too narrow for a frame has none.
func boxed(lines []text.Line, room, pad int, t *text.Theme) []text.Line {
	if room < 8 {
		return text.Wrap(lines, room)
	}
	inner := 0
	for i, l := range lines {
		lines[i] = text.ClipLine(l, room)
		inner = max(inner, lines[i].Width())
	}
	gap := strings.Repeat(" ", pad)
	edge := strings.Repeat("─", inner+2*pad)
	out := []text.Line{text.Of("╭"+edge+"╮", t.Dim)}
	for _, l := range lines {
		row := append(text.Line{span("│"+gap, t.Dim)}, text.Filled(l, inner, text.Style{})...)
		out = append(out, append(row, span(gap+"│", t.Dim)))
	}
	return append(out, text.Of("╰"+edge+"╯", t.Dim))
}
