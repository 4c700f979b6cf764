package cells

import (
	"strings"
	"time"

	"codex/pkg/frontend/tui/text"
)

const (
	kindNotice    = "notice"
	kindSeparator = "separator"
	kindListing   = "listing"
)

// Level is how much a notice matters.
type Level uint8

// The levels of notices.
const (
	Info Level = iota
	Warning
	Deprecation
	Error
)

// Notice is a message of the program to the user. Its text may be a stranger's.
type Notice struct {
	ours
	Level Level
	Text  string
	Hint  string // more about it, less loud
}

// ItemType is the kind of entry.
func (*Notice) ItemType() string { return kindNotice }

// notice draws a message: its sign tells how much it matters.
func notice(e Entry, width int, t *text.Theme) []text.Line {
	n, ok := e.Item.(*Notice)
	if !ok {
		return nil
	}
	sign, mark, body := "• ", t.Dim, text.Style{}
	switch n.Level {
	case Warning:
		sign, mark, body = "⚠ ", t.Warning, t.Warning
	case Deprecation:
		sign, mark, body = "⚠ ", t.Error.With(t.Bold), t.Error.With(t.Bold)
	case Error:
		sign, mark, body = "■ ", t.Error, t.Error
	}
	lines := plain(n.Text, body)
	if n.Hint != "" && n.Level == Info {
		last := len(lines) - 1
		lines[last] = append(lines[last], span(" "+text.CleanLine(n.Hint), t.Dim))
	} else if n.Hint != "" {
		lines = append(lines, plain(n.Hint, t.Dim)...)
	}
	return text.Hanging(lines, width, text.Of(sign, mark), text.Of("  ", text.Style{}))
}

// Separator is the line before the last message of a turn that used tools.
type Separator struct {
	ours
	Worked time.Duration // said when it is more than a minute
}

// ItemType is the kind of entry.
func (*Separator) ItemType() string { return kindSeparator }

// separator draws a rule over the whole width.
func separator(e Entry, width int, t *text.Theme) []text.Line {
	s, ok := e.Item.(*Separator)
	if !ok {
		return nil
	}
	label := ""
	if s.Worked > time.Minute {
		label = text.Clip("─ Worked for "+Elapsed(s.Worked)+" ", width)
	}
	return []text.Line{text.Of(label+strings.Repeat("─", max(0, width-text.Width(label))), t.Dim)}
}

// Listing is the answer to a command of the user: a title and what there is.
type Listing struct {
	ours
	Command string // as it was typed, or empty
	Title   string
	Items   []string
	Hints   []string
}

// ItemType is the kind of entry.
func (*Listing) ItemType() string { return kindListing }

// listing draws a command of the user and its list.
func listing(e Entry, width int, t *text.Theme) []text.Line {
	l, ok := e.Item.(*Listing)
	if !ok {
		return nil
	}
	var out []text.Line
	if l.Command != "" {
		out = append(text.Wrap(plain(l.Command, t.Mode), width), nil)
	}
	if l.Title != "" {
		out = append(append(out, text.Wrap(plain(l.Title, t.Bold), width)...), nil)
	}
	for _, item := range l.Items {
		out = append(out, text.Hanging(plain(item, text.Style{}), width, text.Of("  • ", t.Dim), text.Of("    ", text.Style{}))...)
	}
	for _, h := range l.Hints {
		out = append(out, text.Hanging(plain(h, t.Dim), width, text.Of("    ", text.Style{}), text.Of("    ", text.Style{}))...)
	}
	return out
}
