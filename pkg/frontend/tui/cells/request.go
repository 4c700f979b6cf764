package cells

import (
	"fmt"
	"strings"
	"unicode"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

const kindRequest = "request"

// Frame is what stands left of each row of an approval. No other cell has it in its first
// column, and none has its style: what a model or a command says cannot look like one.
const Frame = bar + " "

const bar = "▌"

// Request is what an approval asks: its title, why, and what would be done. The answers to
// choose from are not part of it.
type Request struct {
	ours
	Title   string
	Thread  string // of a sub-agent that asks
	Reason  string
	Rule    string // a permission that is asked for
	Cwd     string
	Command string
	Changes []protocol.FileUpdateChange
}

// Brief is the request without what stands before the command or the changes.
func (r *Request) Brief() *Request {
	if r.Command == "" && len(r.Changes) == 0 {
		return r
	}
	return &Request{Title: r.Title, Command: r.Command, Changes: r.Changes}
}

// ItemType is the kind of entry.
func (*Request) ItemType() string { return kindRequest }

// request draws an approval. A command is shown whole, however long: nobody can approve
// what was not seen. What has no width in it becomes visible.
func request(e Entry, width int, t *text.Theme) []text.Line {
	r, ok := e.Item.(*Request)
	if !ok {
		return nil
	}
	var lines []text.Line
	part := func(l ...text.Line) {
		if len(lines) > 0 {
			lines = append(lines, nil)
		}
		lines = append(lines, l...)
	}
	room := max(1, width-2)
	part(text.Wrap(plain(strict(r.Title), t.Bold), room)...)
	if r.Thread != "" {
		part(text.Wrap([]text.Line{{span("Thread: ", t.Dim), span(text.CleanLine(strict(r.Thread)), t.Bold), span(" (o to open)", t.Dim)}}, room)...)
	}
	if r.Reason != "" {
		part(labelled("Reason: ", strict(r.Reason), t.Italic, room)...)
	}
	if r.Rule != "" {
		part(labelled("Permission rule: ", strict(r.Rule), t.Accent, room)...)
	}
	if r.Cwd != "" {
		part(labelled("Directory: ", strict(r.Cwd), t.Dim, room)...)
	}
	if r.Command != "" {
		part(text.Hanging(t.Highlight("bash", strict(shellwords.Script(r.Command))), room, text.Of("$ ", t.Dim), text.Of("  ", text.Style{}))...)
	}
	if len(r.Changes) > 0 {
		item := &protocol.FileChangeItem{Changes: r.Changes, Status: protocol.PatchApplyStatusInProgress}
		part(changes(item, 0, t.Dim, room, t)...)
	}
	frame := text.Of(Frame, t.Approval)
	if width <= 2 {
		return lines
	}
	return text.Prefixed(lines, frame, frame)
}

func labelled(label, s string, style text.Style, width int) []text.Line {
	lines := plain(s, style)
	lines[0] = append(text.Of(label, text.Style{}), lines[0]...)
	return text.Wrap(lines, width)
}

// strict makes characters visible that take no room, such as zero-width spaces and tags:
// they hide the difference between two commands. Marks that belong to letters stay.
func strict(s string) string {
	if !strings.ContainsFunc(s, unseen) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unseen(r) {
			fmt.Fprintf(&b, "<U+%04X>", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unseen(r rune) bool {
	return r >= 0xad && (r == 0xad || r == 0x34f || r == 0x115f || r == 0x1160 || r == 0x17b4 || r == 0x17b5 || r == 0x3164 || r == 0xffa0 || unicode.Is(unicode.Cf, r))
}
