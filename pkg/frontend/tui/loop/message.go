package loop

import (
	"slices"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// message is an answer of the model that comes in: its finished lines are printed as they
// come, the rest stands above the composer.
type message struct {
	id      string
	stream  *text.Stream
	theme   *text.Theme
	printed bool // its first line is
}

func (m *message) resize(width int) { m.stream.SetWidth(max(1, width-2)) }

// lines puts finished lines behind the bullet or below it.
func (m *message) lines(lines []text.Line) []text.Line {
	first := text.Of("• ", m.theme.Dim)
	if m.printed {
		first = text.Of("  ", text.Style{})
	}
	out := text.Prefixed(lines, first, text.Of("  ", text.Style{}))
	for i, l := range lines {
		if len(l) == 0 {
			out[i] = nil
		}
	}
	return out
}

func (m *message) tail() []text.Line { return m.lines(m.stream.Tail()) }

// delta takes more of a message.
func (l *Loop) delta(id, s string) {
	if l.message == nil || l.message.id != id {
		l.finishMessage()
		cols, _ := l.screen.Size()
		l.message = &message{id: id, theme: l.theme, stream: text.NewStream(max(1, cols-2), l.theme)}
	}
	l.printMessage(l.message.stream.Append(s))
}

// printMessage prints finished lines of the message that comes in.
func (l *Loop) printMessage(lines []text.Line) {
	if len(lines) == 0 {
		return
	}
	out := l.message.lines(lines)
	if l.message.printed {
		l.out = append(l.out, out...)
		return
	}
	l.message.printed = true
	l.print(out)
}

// finishMessage ends the message that comes in, if there is one.
func (l *Loop) finishMessage() {
	if l.message == nil {
		return
	}
	l.printMessage(l.message.stream.Finish())
	l.message = nil
}

// complete ends a message with its whole text: what did not come as deltas is added.
func (l *Loop) complete(e state.Complete) {
	entry := cells.Entry{Item: e.Item}
	if l.message == nil || l.message.id != e.Item.ID {
		l.finishMessage()
		cols, _ := l.screen.Size()
		l.print(cells.Render(entry, cols, l.theme))
	} else {
		if e.Known < len(e.Item.Text) {
			l.printMessage(l.message.stream.Append(e.Item.Text[e.Known:]))
		}
		l.finishMessage()
	}
	l.transcript.add(entry)
	l.remember(e.Item)
}

// remember keeps the newest answers for /copy.
func (l *Loop) remember(item *protocol.AgentMessageItem) {
	const most, bytes = 32, 8 << 20
	l.answers = append(l.answers, item.Text)
	n := 0
	for _, a := range l.answers {
		n += len(a)
	}
	for len(l.answers) > 1 && (len(l.answers) > most || n > bytes) {
		n -= len(l.answers[0])
		l.answers = slices.Delete(l.answers, 0, 1)
	}
}
