package loop

import (
	"strings"

	"codex/pkg/termtext"
)

// titleItems are what the window's title can show: all of the status line, and more.
func titleItems() []statusItem {
	return append([]statusItem{
		{"app-name", "the name of the program", func(*Loop) string { return "codex" }},
		{"activity", "something that moves while a turn runs", (*Loop).activity},
	}, statusItems()...)
}

func (l *Loop) titleNames() []string { return l.itemsOf("terminal_title", "activity", "project-name") }

// activity moves with the beat.
func (l *Loop) activity() string {
	if !l.state.Turn.Running || !l.flag("animations", true) {
		return ""
	}
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(frames[l.beat%len(frames)])
}

// titleText is the title: its items, a bar between them but for what moves.
func (l *Loop) titleText() string {
	items := titleItems()
	var b strings.Builder
	blank := false
	if len(l.state.Asks) > 0 {
		b.WriteString("[ ! ] Action Required")
	}
	for _, name := range l.titleNames() {
		it, ok := itemNamed(items, name)
		s := ""
		if ok {
			s = shortTitle(it.show(l), mostPart)
		}
		if s == "" {
			continue
		}
		moves := it.name == "activity"
		switch {
		case b.Len() == 0:
		case moves || blank:
			b.WriteString(" ")
		default:
			b.WriteString(" | ")
		}
		b.WriteString(s)
		blank = moves
	}
	return shortTitle(b.String(), mostTitle)
}

// The most characters of an item of the title, and of it all.
const (
	mostPart  = 48
	mostTitle = 240
)

func shortTitle(s string, most int) string {
	if r := []rune(termtext.Line(s)); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return termtext.Line(s)
}

// retitle sets the title of the window when it has changed.
func (l *Loop) retitle() {
	if len(l.titleNames()) == 0 {
		return
	}
	title := l.titleText()
	if title == l.title {
		return
	}
	l.title = title
	if err := l.TTY.Title(title); err != nil {
		l.fail(err)
	}
}
