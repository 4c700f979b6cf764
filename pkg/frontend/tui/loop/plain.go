package loop

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/screen"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// plain is the state of plain drawing: lines are printed one after the other, nothing is
// drawn twice, nothing moves, and no escape sequence is written, so that a screen reader
// can follow and any terminal will do. Input comes by lines that the terminal itself
// edits.
type plain struct {
	typed  []byte   // the line that has not ended
	asked  string   // the question as it was printed
	told   []string // what runs, and was said to
	prompt bool     // the prompt stands at the end of what was printed
	sent   bool     // a message was, and nothing came yet
	echo   string   // the message that the terminal has shown behind the prompt
}

// What stands before a line that is typed, and what can be typed where something is to be
// chosen.
const (
	plainPrompt = "> "
	plainChoose = "A number or a key chooses, an empty line takes what is marked, esc goes back: "
	tallest     = 60 // rows of a list
)

// beginPlain takes the place of what asks the terminal how it is.
func (l *Loop) beginPlain() {
	cols, rows := l.TTY.Size()
	l.screen = screen.New(l.TTY, cols, rows, 0)
	l.theme, l.placed = &text.Theme{}, true
	l.tellBadKeys()
	l.tellBadItems()
	l.enter()
	l.draw()
}

// paintPlain prints what is new.
func (l *Loop) paintPlain() error {
	var b strings.Builder
	for _, line := range l.takeOut() {
		b.WriteString(line.String() + "\n")
	}
	cols, _ := l.screen.Size()
	running := l.plain.told[:0:0]
	for _, a := range l.state.Active {
		running = append(running, a.ID)
		if lines := cells.Render(cells.Entry{Item: a.Entry.Item}, cols, l.theme); len(lines) > 0 && !slices.Contains(l.plain.told, a.ID) {
			b.WriteString(lines[0].String() + "\n")
		}
	}
	l.plain.told = running
	l.plain.sent = l.plain.sent && b.Len() == 0 && !l.state.Turn.Running
	prompt := ""
	switch over := l.standing(); {
	case over != nil:
		prompt = l.putPlain(&b, over, cols)
	case l.opened && !l.state.Turn.Running && !l.Playing && !l.plain.sent:
		l.plain.asked, prompt = "", plainPrompt
	default:
		l.plain.asked = ""
	}
	return l.printPlain(b.String(), prompt)
}

// standing is what stands over the composer or the whole screen, nil when nothing does.
func (l *Loop) standing() overlay.Overlay {
	if l.page != nil {
		return l.page
	}
	return l.modal
}

// putPlain prints a question when it is new or looks another way, and gives its prompt.
func (l *Loop) putPlain(b *strings.Builder, over overlay.Overlay, cols int) (prompt string) {
	switch o := over.(type) { // plainChoose says how to choose
	case *overlay.List:
		o.Bare = true
	case *overlay.Approval:
		o.Bare = true
	}
	lines, _, _ := over.View(cols, tallest, l.theme)
	asked := strings.Trim(strings.Join(text.Strings(lines), "\n"), "\n")
	if asked != l.plain.asked {
		for line := range strings.SplitSeq(asked, "\n") {
			if line = strings.TrimRight(line, " "); line != "" {
				b.WriteString(line + "\n")
			}
		}
		l.plain.asked = asked
	}
	if _, ok := over.(*overlay.Field); ok {
		return plainPrompt
	}
	return plainChoose
}

// printPlain prints lines, and the prompt behind them.
func (l *Loop) printPlain(lines, prompt string) error {
	s := lines
	if lines != "" && l.plain.prompt {
		s = "\n" + lines
		l.plain.prompt = false
	}
	if prompt != "" && !l.plain.prompt {
		s += prompt
		l.plain.prompt = true
	}
	if s == "" {
		return nil
	}
	_, err := io.WriteString(l.TTY, s)
	return err
}

// endPlain prints what is left, and leaves the terminal at the begin of a line.
func (l *Loop) endPlain() error {
	l.opened = false // no prompt any more
	err := l.paintPlain()
	if err == nil && l.plain.prompt {
		_, err = io.WriteString(l.TTY, "\n")
	}
	return err
}

// pagePlain prints what a page for reading has, and says whether it was one.
func (l *Loop) pagePlain(p overlay.Overlay) bool {
	pager, ok := p.(*overlay.Pager)
	if !ok || !l.Plain || pager.Mark != nil {
		return false
	}
	cols, _ := l.screen.Size()
	l.print(append([]text.Line{text.Of(pager.Title, text.Style{}), nil}, pager.Lines(cols, l.theme)...))
	l.draw()
	return true
}

// inputPlain takes what the terminal sent, line by line.
func (l *Loop) inputPlain(in input) {
	if in.err != nil && !errors.Is(in.err, io.EOF) {
		l.fail(errors.New("the terminal is gone"))
		return
	}
	l.plain.typed = append(l.plain.typed, in.bytes...)
	for {
		line, rest, ok := strings.Cut(string(l.plain.typed), "\n")
		if !ok {
			break
		}
		l.plain.typed = []byte(rest)
		l.linePlain(strings.TrimSuffix(line, "\r"))
	}
	if in.err != nil { // ctrl-d
		l.leave()
	}
}

// linePlain takes a line: an answer, or something to send.
func (l *Loop) linePlain(line string) {
	prompted := l.plain.prompt
	l.typed, l.plain.prompt, l.urgent = l.Now(), false, true
	if over := l.standing(); over != nil {
		l.plain.asked = ""
		for _, e := range answerKeys(over, line) {
			l.key(e)
		}
	} else if strings.TrimSpace(line) != "" {
		l.composer.Clear()
		l.paste(line)
		l.popup = nil
		l.plain.sent = !strings.HasPrefix(line, "/")
		if l.plain.echo = ""; prompted {
			l.plain.echo = strings.TrimSpace(line)
		}
		l.submit()
	}
	l.composer.Clear()
	l.effects()
	l.draw()
}

// echoed says whether a message is one that stands behind the prompt already.
func (l *Loop) echoed(e cells.Entry) bool {
	u, ok := e.Item.(*protocol.UserMessageItem)
	if !ok || l.away != nil || l.plain.echo == "" {
		return false
	}
	is := said(u) == l.plain.echo
	l.plain.echo = ""
	return is
}

// answerKeys are the keys that a line stands for in front of a question.
func answerKeys(over overlay.Overlay, line string) []keys.Event {
	word := strings.ToLower(strings.TrimSpace(line))
	press := func(c keys.Code) keys.Event { return keys.Event{Code: c} }
	if word == "esc" {
		return []keys.Event{press(keys.Escape)}
	}
	var out []keys.Event
	_, field := over.(*overlay.Field)
	if n, err := strconv.Atoi(word); err == nil && !field {
		for range min(n, 1000) - 1 {
			out = append(out, press(keys.Down))
		}
		return append(out, press(keys.Enter))
	}
	for _, r := range line {
		out = append(out, press(keys.Code(r)))
	}
	if len(out) == 1 && !field { // a key that chooses
		return out
	}
	return append(out, press(keys.Enter))
}
