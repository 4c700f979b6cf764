package loop

import (
	"slices"
	"time"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/screen"
	"codex/pkg/frontend/tui/state"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// draw asks for a frame.
func (l *Loop) draw() { l.dirty = true }

// frame draws when something has changed: at once for what a person did, else at most
// 120 times a second.
func (l *Loop) frame() {
	if !l.dirty || !l.placed || l.moving || l.quit {
		return
	}
	if !l.Plain && l.otherSize() {
		return
	}
	now := l.Now()
	if wait := frameTime - now.Sub(l.last); wait > 0 && !l.urgent {
		if !l.timers.on[timerFrame] {
			l.timers.set(timerFrame, wait)
		}
		return
	}
	l.timers.off(timerFrame)
	l.dirty, l.urgent, l.last = false, false, now
	paint := l.paint
	if l.Plain {
		paint = l.paintPlain
	}
	if err := paint(); err != nil {
		l.fail(err)
		return
	}
	if l.Plain {
		return
	}
	l.retitle()
	if l.moves() && !l.timers.on[timerBeat] {
		l.timers.set(timerBeat, l.beatTime())
	}
}

// otherSize says whether the terminal has another size than what is known of it: the signal
// that tells so is on its way. What is drawn before it came would be in the wrong rows.
func (l *Loop) otherSize() bool {
	cols, rows := l.screen.Size()
	if c, r := l.TTY.Size(); max(1, c) == cols && max(1, r) == rows {
		return false
	}
	l.signal(resized)
	return true
}

// moves says whether something on the screen moves by itself.
func (l *Loop) moves() bool { return l.state.Turn.Running && len(l.state.Asks) == 0 && l.page == nil }

func (l *Loop) beatTime() time.Duration {
	if l.flag("animations", true) {
		return beatTime
	}
	return time.Second
}

// paint draws one frame.
func (l *Loop) paint() error {
	cols, rows := l.screen.Size()
	if l.page != nil {
		lines, row, col := l.page.View(cols, rows, l.theme)
		if !l.screen.Alternate() { // finished lines wait until the page is closed
			lines = lines[:min(len(lines), l.screen.MaxView())]
		}
		return l.screen.Draw(nil, lines, screen.Cursor{Row: max(0, row), Col: col, Hidden: row < 0})
	}
	view, cursor := l.view(cols, l.screen.MaxView())
	return l.screen.Draw(l.takeOut(), view, cursor)
}

// takeOut gives the lines that are finished, and keeps none.
func (l *Loop) takeOut() []text.Line {
	out := l.out
	l.out = nil
	return out
}

// print adds a finished cell, behind a blank line.
func (l *Loop) print(lines []text.Line) {
	if len(lines) == 0 || l.away != nil {
		return
	}
	if l.transcript.printed {
		l.out = append(l.out, nil)
	}
	l.transcript.printed = true
	l.out = append(l.out, lines...)
}

// effects does what the state wants done.
func (l *Loop) effects() {
	for {
		list := l.state.Effects()
		if len(list) == 0 {
			break
		}
		for _, e := range list {
			l.effect(e)
		}
	}
	l.nextAsk()
}

func (l *Loop) effect(e state.Effect) {
	switch e := e.(type) {
	case state.Show:
		l.finishMessage("")
		l.keep(e.Entry)
		if !l.echoed(e.Entry) {
			l.print(l.render(e.Entry))
		}
	case *state.Delta:
		l.delta(e.ID, string(e.Text))
	case state.Complete:
		l.complete(e)
	case state.Cut:
		l.cutComing()
		l.finishMessage("")
	case state.UserMessage:
		l.consumed(e.Text)
	case state.Commands:
		l.countTerminals()
	case state.TurnBegan:
		l.transcript.turn++
		if l.terminals > 0 {
			l.countTerminals()
		}
	case state.TurnEnded:
		l.turnEnded(e)
	}
}

// transcript is what was shown, as far back as there is room: for the page of it, and to
// draw it again.
type transcript struct {
	entries []kept
	weight  int
	said    int  // messages of the user among the entries
	turn    int  // the newest, counted over all threads
	begin   int  // turns before those of this thread
	printed bool // something is on the screen
	resumed bool // the thread had turns before
	lost    bool // the begin is not kept
}

// kept is an entry of the transcript.
type kept struct {
	cells.Entry
	weight int
	turn   int // in which it was shown, or after which
}

// maxTranscript bounds the text that is kept; of more than MaxReplay messages of the user
// the older ones are not kept either, so that a long session costs no more than a resumed one.
const maxTranscript = 6 << 20

func (t *transcript) add(e cells.Entry) {
	k := kept{e, weigh(e), t.turn}
	t.entries, t.weight = append(t.entries, k), t.weight+k.weight
	n := 0
	if asked(e) {
		if t.said++; t.said > MaxReplay {
			for n < len(t.entries)-1 && (n == 0 || !asked(t.entries[n].Entry)) {
				n++
			}
		}
	}
	rest := t.weight
	for _, k := range t.entries[:n] {
		rest -= k.weight
	}
	for ; rest > maxTranscript && n < len(t.entries)-1; n++ {
		rest -= t.entries[n].weight
	}
	t.forget(n)
}

// forget forgets the first n entries.
func (t *transcript) forget(n int) {
	if n == 0 {
		return
	}
	t.lost = true
	t.remove(0, n)
}

// remove takes entries out.
func (t *transcript) remove(from, to int) {
	for _, k := range t.entries[from:to] {
		t.weight -= k.weight
		if asked(k.Entry) {
			t.said--
		}
	}
	t.entries = slices.Delete(t.entries, from, to)
}

// asked says whether an entry is a message of the user.
func asked(e cells.Entry) bool {
	_, ok := e.Item.(*protocol.UserMessageItem)
	return ok
}

// next goes on with another thread.
func (t *transcript) next() {
	t.turn++ // nothing of the one before is in it
	t.begin = t.turn
}

// back forgets a turn and what came after it.
func (t *transcript) back(turn int) {
	n := slices.IndexFunc(t.entries, func(k kept) bool { return k.turn >= turn })
	if n >= 0 {
		t.remove(n, len(t.entries))
	}
	t.turn = turn - 1
}

// messages are the entries with which turns of this thread begin.
func (t *transcript) messages() []int {
	var at []int
	turn := t.begin
	for i, k := range t.entries {
		if asked(k.Entry) && k.turn > turn { // one that came later is part of the turn
			at, turn = append(at, i), k.turn
		}
	}
	return at
}

// weigh estimates the bytes that an entry keeps.
func weigh(e cells.Entry) int {
	n := 512 + e.Live.Len()
	switch item := e.Item.(type) {
	case *protocol.AgentMessageItem:
		n += len(item.Text)
	case *protocol.ReasoningItem:
		for _, s := range slices.Concat(item.Summary, item.Content) {
			n += len(s)
		}
	case *protocol.CommandExecutionItem:
		n += weighCommand(item)
	case *cells.Explored:
		for _, c := range item.Commands {
			n += weighCommand(c)
		}
	case *protocol.FileChangeItem:
		for _, c := range item.Changes {
			n += len(c.Diff)
		}
	case *protocol.McpToolCallItem:
		n += len(item.Arguments)
		if item.Result != nil {
			for _, c := range item.Result.Content {
				n += len(c)
			}
		}
	case *protocol.UserMessageItem:
		for _, c := range item.Content {
			n += len(c.Text) + len(c.URL)
		}
	}
	return n
}

func weighCommand(c *protocol.CommandExecutionItem) int {
	n := len(c.Command)
	if c.AggregatedOutput != nil {
		n += len(*c.AggregatedOutput)
	}
	return n
}
