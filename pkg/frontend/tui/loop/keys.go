package loop

import (
	"strings"

	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/protocol"
)

// key takes a key or a paste: what is on the whole screen has it first, then what stands
// over the composer, the popup, the keys of the program, and last the composer.
func (l *Loop) key(e keys.Event) {
	e = l.translate(e)
	_, captures := l.standing().(*overlay.Capture)
	switch {
	case e.Is('z', keys.Ctrl) && !captures:
		l.suspend()
	case l.page != nil:
		if l.page.Key(e) {
			l.closePage()
		}
	case l.modal != nil:
		if m := l.modal; m.Key(e) && l.modal == m {
			l.modal, l.modalAsk = nil, nil
		}
	case l.search != nil:
		l.searchKey(e)
	case e.Kind == keys.Paste:
		l.sheet = false
		l.paste(e.Text)
	default:
		l.chatKey(e)
	}
}

// chatKey is a key while nothing stands over the composer.
func (l *Loop) chatKey(e keys.Event) {
	if l.sheet {
		l.sheet = false
		if _, char := e.Char(); !char || e.Is(keys.Escape, 0) {
			return
		}
	}
	primed := l.primed
	l.primed = false
	switch {
	case l.popup != nil && l.popupKey(e):
	case l.composer.VimKey(e):
	case e.Is(keys.Escape, 0):
		l.escape(primed)
	case l.appKey(e):
	default:
		l.composerKey(e)
	}
	l.refreshPopup()
}

// bound is a key of the program's own.
type bound struct {
	code keys.Code
	mod  keys.Mod
	do   func(*Loop)
}

// boundKeys are the keys of the program's own.
func boundKeys() []bound {
	return []bound{
		{'c', keys.Ctrl, (*Loop).ctrlC},
		{'t', keys.Ctrl, (*Loop).openTranscript},
		{'g', keys.Ctrl, (*Loop).editExternally},
		{'o', keys.Ctrl, (*Loop).copyAnswer},
		{'l', keys.Ctrl, (*Loop).clearScreen},
		{'r', keys.Ctrl, (*Loop).searchHistory},
		{'v', keys.Ctrl, (*Loop).pasteImage},
		{'v', keys.Ctrl | keys.Alt, (*Loop).pasteImage},
		{keys.Tab, keys.Shift, (*Loop).cycleMode},
		{keys.Tab, 0, (*Loop).queueOrSend},
		{',', keys.Alt, func(l *Loop) { l.stepEffort(-1) }},
		{'.', keys.Alt, func(l *Loop) { l.stepEffort(1) }},
		{keys.Up, keys.Alt, (*Loop).unqueue},
		{keys.Left, keys.Shift, (*Loop).unqueue},
		{keys.ToggleVim, 0, (*Loop).toggleVim},
		{keys.ToggleFast, 0, (*Loop).toggleFast},
		{keys.ToggleRaw, 0, (*Loop).toggleRaw},
	}
}

func (l *Loop) appKey(e keys.Event) bool {
	switch {
	case !l.composer.Empty():
	case e.Is('d', keys.Ctrl):
		l.leave()
		return true
	case e.Is(keys.Left, keys.Alt):
		l.stepThread(-1)
		return true
	case e.Is(keys.Right, keys.Alt):
		l.stepThread(1)
		return true
	}
	for _, b := range boundKeys() {
		if e.Is(b.code, b.mod) {
			b.do(l)
			return true
		}
	}
	return false
}

// composerKey is a key of the composer.
func (l *Loop) composerKey(e keys.Event) {
	c := l.composer
	switch {
	case e.Is(keys.Enter, 0):
		l.submit()
	case e.Is(keys.Sheet, 0):
		l.sheet = true
	case e.Is('!', 0) && c.Empty() && !c.Shell:
		c.Shell = true
	case e.Is(keys.Backspace, 0) && c.Empty() && c.Shell:
		c.Shell = false
	case (e.Is(keys.Up, 0) || e.Is('p', keys.Ctrl)) && c.Recall(1):
	case (e.Is(keys.Down, 0) || e.Is('n', keys.Ctrl)) && c.Recall(-1):
	default:
		c.Key(e)
	}
}

// ctrlC clears the draft, interrupts the turn, or leaves, whatever there is to do first.
func (l *Loop) ctrlC() {
	switch {
	case !l.composer.Empty() || l.composer.Shell:
		if !l.composer.Empty() {
			l.composer.History.Add(l.composer.Draft())
		}
		l.composer.Clear()
	case l.state.Turn.Running:
		l.interrupt()
	case l.side != nil:
		l.leaveSide()
	default:
		l.leave()
	}
}

// escape interrupts the turn; without one, twice on an empty composer goes back to what
// was said before.
func (l *Loop) escape(primed bool) {
	switch {
	case l.composer.Shell && l.composer.Empty():
		l.composer.Shell = false
	case l.state.Turn.Running && len(l.steers) > 0:
		l.afterStop = true
		l.interrupt()
	case l.state.Turn.Running:
		l.interrupt()
	case !l.composer.Empty():
	case l.side != nil:
		l.leaveSide()
	case primed:
		l.backtrack()
	default:
		l.primed = true
		l.notice = "esc again to edit previous message"
	}
}

// interrupt asks the engine to end the turn.
func (l *Loop) interrupt() {
	l.stopping = true
	l.call(protocol.MethodTurnInterrupt, protocol.TurnInterruptParams{ThreadID: l.state.Thread.ID, TurnID: l.state.Turn.ID}, nil)
}

// paste puts pasted text into the composer; the name of an image attaches it.
func (l *Loop) paste(s string) {
	if path, ok := l.imagePath(s); ok {
		l.composer.Attach(path)
		return
	}
	if l.composer.Empty() && strings.HasPrefix(s, "!") && !l.composer.Shell {
		l.composer.Shell = true
		s = s[1:]
	}
	l.composer.Paste(s)
	l.refreshPopup()
}
