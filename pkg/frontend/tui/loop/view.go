package loop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/composer"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/screen"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// view is what stands below the finished lines: what runs, what is waiting, and the
// composer or what stands over it.
func (l *Loop) view(width, height int) ([]text.Line, screen.Cursor) {
	below, row, col := l.below(width, height)
	above := l.above(width, max(0, height-len(below)))
	c := screen.Cursor{Row: len(above) + row, Col: col, Hidden: row < 0}
	return append(above, below...), c
}

// below is the composer with what belongs to it, or what stands over it.
func (l *Loop) below(width, height int) (lines []text.Line, row, col int) {
	if l.modal != nil {
		return l.modal.View(width, height, l.theme)
	}
	foot := l.footer(width)
	pad := []text.Line{nil}
	if l.theme.User.BG != text.Default {
		pad = []text.Line{text.Filled(nil, width, l.theme.User)}
	}
	body, row, col := l.composerView(width, max(1, height-len(foot)-4))
	if room := height - len(body); room < len(foot)+3 { // a low terminal: the text comes first
		return append(body, foot[:max(0, min(len(foot), room))]...), row, col
	}
	lines = append(lines, nil)
	lines = append(lines, pad...)
	row += len(lines)
	lines = append(append(lines, body...), pad...)
	return append(lines, foot...), row, col
}

// composerView draws the text that is being written.
func (l *Loop) composerView(width, height int) (lines []text.Line, row, col int) {
	mark := "› "
	if l.composer.Shell {
		mark = "! "
	}
	rows, row, col := l.composer.View(max(1, width-3), height, l.theme.Accent)
	if l.composer.Empty() {
		rows = []text.Line{text.Of(text.Clip(l.placeholder, max(1, width-3)), l.theme.Dim)}
	}
	rows = text.Prefixed(rows, text.Of(mark, l.theme.Bold), text.Of("  ", text.Style{}))
	if l.theme.User.BG != text.Default {
		for i, r := range rows {
			rows[i] = text.Filled(r.Restyled(l.theme.User), width, l.theme.User)
		}
	}
	return rows, row, col + 2
}

// above is what runs, how it goes, and what waits for it; of more than height rows the
// last ones.
func (l *Loop) above(width, height int) []text.Line {
	var out []text.Line
	part := func(lines []text.Line) {
		if len(lines) > 0 {
			out = append(append(out, nil), lines...)
		}
	}
	for _, a := range l.state.Active {
		e := a.Entry
		e.Beat, e.Names = l.beat, l.team.name
		part(cells.Render(e, width, l.theme))
	}
	if l.message != nil {
		tail := l.message.tail()
		if l.message.printed { // goes on where the finished lines end
			out = append(out, tail...)
		} else {
			part(tail)
		}
	}
	if l.modal == nil {
		part(l.status(width))
		part(l.othersLine(width))
		part(l.waiting(width))
	}
	return out[max(0, len(out)-height):]
}

// status is the line that says what goes on.
func (l *Loop) status(width int) []text.Line {
	t := &l.state.Turn
	if !t.Running && len(l.state.Starting) == 0 {
		return nil
	}
	bullet := l.theme.Style(text.Style{})
	if l.beat%4 >= 2 && l.flag("animations", true) {
		bullet = l.theme.Dim
	}
	header := cmp.Or(t.Header, "Working")
	if !t.Running {
		header = "Starting MCP servers: " + strings.Join(l.state.Starting, ", ")
		return []text.Line{text.ClipLine(text.Line{{Text: "• ", Style: bullet}, {Text: text.CleanLine(header), Style: l.theme.Bold}}, width)}
	}
	hint := " (" + cells.Elapsed(t.Elapsed(l.Now())) + " • esc to interrupt)"
	if l.stopping {
		hint = " (stopping)"
	}
	hint += l.background()
	line := text.Line{{Text: "• ", Style: bullet}, {Text: text.CleanLine(header), Style: l.theme.Bold}, {Text: hint, Style: l.theme.Dim}}
	out := []text.Line{text.ClipLine(line, width)}
	if t.Details != "" {
		d := text.WrapIndented([]text.Line{text.Of(text.CleanLine(t.Details), l.theme.Dim)}, width, text.Of("  └ ", l.theme.Dim), text.Of("    ", text.Style{}))
		out = append(out, d[:min(3, len(d))]...)
	}
	return out
}

// othersLine says what the threads do that are not on the screen.
func (l *Loop) othersLine(width int) []text.Line {
	s := l.others()
	if s == "" {
		return nil
	}
	const hint = " · /agent shows them"
	return []text.Line{text.ClipLine(text.Line{{Text: "• ", Style: l.theme.Dim}, {Text: text.CleanLine(s)}, {Text: hint, Style: l.theme.Dim}}, width)}
}

// waiting shows what was typed and is not with the model yet.
func (l *Loop) waiting(width int) []text.Line {
	var out []text.Line
	list := func(title string, drafts []composer.Draft) {
		if len(drafts) == 0 {
			return
		}
		if len(out) > 0 {
			out = append(out, nil)
		}
		out = append(out, text.WrapIndented([]text.Line{text.Of(title, text.Style{})}, width, text.Of("• ", l.theme.Dim), text.Of("  ", text.Style{}))...)
		for _, d := range drafts {
			lines := text.Clean(d.Shown())
			body := text.WrapIndented([]text.Line{text.Of(strings.Join(lines, " "), l.theme.Dim)}, width, text.Of("  ↳ ", l.theme.Dim), text.Of("    ", text.Style{}))
			out = append(out, body[:min(3, len(body))]...)
		}
	}
	list("Messages to be submitted after next tool call (press esc to interrupt and send immediately)", l.steers)
	list("Queued follow-up inputs", l.queue)
	if len(l.queue) > 0 {
		out = append(out, text.Of("    "+shown(l.bindings.Names(keys.Chat, "edit_queued_message"))+" edit last queued message", l.theme.Dim))
	}
	return out
}

// footer is what stands below the composer.
func (l *Loop) footer(width int) []text.Line {
	switch {
	case l.popup != nil:
		return l.popup.View(width, l.theme)
	case l.search != nil:
		return []text.Line{{{Text: "  reverse-i-search: ", Style: l.theme.Dim}, {Text: text.CleanLine(l.search.word)}, {Text: "  enter accept · esc cancel", Style: l.theme.Dim}}}
	case l.sheet:
		return l.shortcuts(width)
	case l.notice != "":
		return []text.Line{text.Of(text.Clip("  "+l.notice, width), l.theme.Dim)}
	}
	left, right := "  "+l.statusLine(), l.mode()
	if l.state.Turn.Running && !l.composer.Empty() {
		left = "  tab to queue message"
		if n, ok := cells.ContextLeft(&l.state.Usage); ok {
			right = fmt.Sprintf("%d%% context left", n)
		} else {
			right = "100% context left"
		}
	}
	gap := width - text.Width(left) - text.Width(right) - 2
	if gap < 2 { // how to change it is said only where there is room
		short, _, _ := strings.Cut(right, " (")
		gap, right = gap+text.Width(right)-text.Width(short), short
	}
	if right == "" || gap < 2 {
		return []text.Line{text.Of(text.Clip(left, width), l.theme.Dim)}
	}
	return []text.Line{{{Text: left, Style: l.theme.Dim}, {Text: strings.Repeat(" ", gap)}, {Text: right, Style: l.theme.Mode}}}
}

// mode names how the composer works at the moment.
func (l *Loop) mode() string {
	switch {
	case l.composer.Shell:
		return "Shell mode"
	case l.side != nil:
		return "Side conversation (esc to return)"
	case l.team.agentShown():
		return text.CleanLine(l.team.shown.name) + " (alt-left to go on)"
	case l.composer.Vim.On && l.composer.Vim.Normal:
		return "Vim: Normal"
	case l.composer.Vim.On:
		return "Vim: Insert"
	case l.state.Thread.Mode == protocol.ModeKindPlan:
		return "Plan mode (shift+tab to cycle)"
	}
	return ""
}

// keySheet are the shortcuts that the sheet shows.
func (l *Loop) keySheet() []string {
	newline := l.bindings.Names(keys.Editor, "insert_newline")
	if l.enhanced && slices.Contains(newline, "shift-enter") {
		newline = []string{"shift-enter"}
	}
	rows := []string{"/ for commands", "! for shell commands", "@ for file paths", "$ for skills"}
	add := func(names []string, does string) {
		if len(names) > 0 {
			rows = append(rows, shown(names)+" "+does)
		}
	}
	of := l.bindings.Names
	add(newline, "for newline")
	add(of(keys.Compose, "queue"), "to queue message")
	add(of(keys.Global, "open_external_editor"), "to edit in external editor")
	add([]string{"ctrl-v"}, "to paste images")
	add(of(keys.Compose, "history_search_previous"), "search history")
	add([]string{"esc esc"}, "to edit previous message")
	add(of(keys.Chat, "decrease_reasoning_effort"), "reasoning down")
	add(of(keys.Chat, "increase_reasoning_effort"), "reasoning up")
	add([]string{"shift-tab"}, "to change mode")
	add(of(keys.Global, "open_transcript"), "shows the transcript")
	add(of(keys.Global, "copy"), "copies the last answer")
	add(of(keys.Global, "toggle_raw_output"), "text to be copied")
	add([]string{"ctrl-c"}, "to exit")
	return append(rows, "/keymap for all keys")
}

func (l *Loop) shortcuts(width int) []text.Line {
	rows := l.keySheet()
	var out []text.Line
	for i := 0; i < len(rows); i++ {
		line := rows[i]
		if width >= 80 && i+1 < len(rows) {
			line = text.Pad(line, 43) + rows[i+1]
			i++
		}
		out = append(out, text.Of(text.Clip("  "+line, width), l.theme.Dim))
	}
	return out
}
