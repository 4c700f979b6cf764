package loop

import (
	"strings"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// stream makes lines of a message while it comes in.
type stream interface {
	Append(s string) []text.Line     // lines that are finished by s
	Finish(whole string) []text.Line // the others, when the message has ended
	Tail() []text.Line               // of what is not finished
	SetWidth(width int)
}

// newStream is one as finished lines are printed at the moment.
func (l *Loop) newStream() stream {
	cols, _ := l.screen.Size()
	if l.raw {
		return &rawStream{width: cols}
	}
	return cells.NewStream(cols, l.theme)
}

// rawStream gives a message as it was written: the terminal breaks its lines, so that
// they can be copied whole.
type rawStream struct {
	seen  int // bytes of what was given as lines
	text  strings.Builder
	width int
}

// Append gives the lines that s ends.
func (r *rawStream) Append(s string) []text.Line {
	r.text.WriteString(s)
	rest := r.text.String()[r.seen:]
	end := strings.LastIndexByte(rest, '\n')
	if end < 0 {
		return nil
	}
	r.seen += end + 1
	return plainLines(rest[:end])
}

// Finish gives the rest. A message that is not what came in parts is given whole.
func (r *rawStream) Finish(whole string) []text.Line {
	all := r.text.String()
	switch {
	case strings.HasPrefix(whole, all[:r.seen]):
		all = whole
	case whole != "":
		all, r.seen = whole, 0
	}
	if rest := strings.TrimSuffix(all[r.seen:], "\n"); rest != "" {
		return plainLines(rest)
	}
	return nil
}

// Tail is the line that has not ended.
func (r *rawStream) Tail() []text.Line {
	return text.Wrap(plainLines(r.text.String()[r.seen:]), r.width)
}

// SetWidth sets the width of the tail.
func (r *rawStream) SetWidth(width int) { r.width = width }

// unframed is a text in which the frame of an approval is seen for what it is: raw text
// stands in the first column.
func unframed(s string) string { return strings.ReplaceAll(s, frame, "<U+258C>") }

var frame = strings.TrimSpace(cells.Frame)

func plainLines(s string) []text.Line {
	if s == "" {
		return nil
	}
	var out []text.Line
	for _, line := range text.Clean(unframed(s)) {
		out = append(out, text.Of(line, text.Style{}))
	}
	return out
}

// render draws a finished entry.
func (l *Loop) render(e cells.Entry) []text.Line {
	cols, _ := l.screen.Size()
	e.Names = l.team.name
	if l.raw {
		switch item := e.Item.(type) {
		case *protocol.AgentMessageItem:
			return plainLines(item.Text)
		case *protocol.UserMessageItem:
			return plainLines("› " + said(item))
		case *protocol.CommandExecutionItem:
			return append(plainLines("$ "+item.Command), (&text.Theme{}).Output(unframed(protocol.Value(item.AggregatedOutput)), text.Style{})...)
		}
		return cells.Render(e, cols, &text.Theme{})
	}
	return cells.Render(e, cols, l.theme)
}

// toggleRaw goes from drawn text to text as it is, and back.
func (l *Loop) toggleRaw() { l.setRaw(!l.raw) }

// setRaw is for what comes from now on; the last answer is there once more.
func (l *Loop) setRaw(on bool) {
	if on == l.raw || l.Plain {
		l.say("Raw output is %s.", onOff(on || l.Plain))
		return
	}
	l.finishMessage("")
	l.raw = on
	l.screen.Unbroken(on)
	l.say("Raw output is %s.", onOff(on))
	if n := len(l.answers); on && n > 0 {
		l.print(plainLines(l.answers[n-1]))
	}
	l.draw()
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// rawOutput is the command: on, off, or the other one.
func (l *Loop) rawOutput(word string) {
	switch word {
	case "on", "off":
		l.setRaw(word == "on")
	case "":
		l.toggleRaw()
	default:
		l.complain("/raw takes on or off")
	}
}
