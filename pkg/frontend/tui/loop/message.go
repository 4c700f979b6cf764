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
	stream  stream
	printed bool // its first line is
	from    int  // bytes of it that were on the screen before
	size    int  // bytes of it that came since
}

func (m *message) resize(width int) { m.stream.SetWidth(width) }

func (m *message) tail() []text.Line { return m.stream.Tail() }

// delta takes more of a message.
func (l *Loop) delta(id, s string) {
	if l.away != nil {
		l.comes(id, s)
		return
	}
	if l.message == nil || l.message.id != id {
		l.finishMessage("")
		l.message = &message{id: id, stream: l.newStream()}
	}
	l.grow(s)
}

// grow adds to the message that comes in.
func (l *Loop) grow(s string) {
	l.message.size += len(s)
	l.printMessage(l.message.stream.Append(s))
}

// printMessage prints finished lines of the message that comes in.
func (l *Loop) printMessage(lines []text.Line) {
	if len(lines) == 0 {
		return
	}
	if l.message.printed {
		l.out = append(l.out, lines...)
		return
	}
	l.message.printed = true
	l.print(lines)
}

// finishMessage ends the message that comes in, if there is one. whole is its text, or
// empty when nobody says it.
func (l *Loop) finishMessage(whole string) {
	if l.message == nil {
		return
	}
	l.printMessage(l.message.stream.Finish(whole))
	l.message = nil
}

// complete ends a message with its whole text: what did not come as deltas is added.
func (l *Loop) complete(e state.Complete) {
	entry := cells.Entry{Item: e.Item}
	l.coming = coming{}
	if l.message == nil || l.message.id != e.Item.ID {
		l.finishMessage("")
		l.print(l.render(entry))
	} else {
		l.finishMessage(e.Item.Text[min(l.message.from, len(e.Item.Text)):])
	}
	l.keep(entry)
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
