package cells

import (
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/shellwords"
)

const kindDecision = "decision"

// Verdict is what was decided about a request.
type Verdict uint8

// The verdicts.
const (
	Approved           Verdict = iota
	ApprovedForSession         // every time in this session
	ApprovedPrefix             // always, for commands that start so
	Declined
	Canceled
)

// Decision is what was decided about the model's request to run a command, or to do
// something else: then Command is empty and What says it.
type Decision struct {
	ours
	Verdict Verdict
	Actor   string // who decided; empty is the user
	Command string
	Prefix  string // of ApprovedPrefix
	What    string // such as "apply the changes"
}

// ItemType is the kind of entry.
func (*Decision) ItemType() string { return kindDecision }

// decision draws what was decided, in one sentence.
func decision(e Entry, width int, t *text.Theme) []text.Line {
	d, ok := e.Item.(*Decision)
	if !ok {
		return nil
	}
	who := "You"
	if d.Actor != "" {
		who = text.CleanLine(d.Actor)
	}
	bold := func(s string) text.Span { return span(s, t.Bold) }
	said := func(s string) text.Span { return span(s, text.Style{}) }
	what := text.Line{said(" to "), said(text.CleanLine(d.What))}
	if d.Command != "" {
		what = text.Line{said(" to run "), span(snippet(d.Command), t.Dim)}
	}
	sign, mark := "✔ ", t.OK
	line := text.Line{said(who + " ")}
	switch d.Verdict {
	case Approved:
		line = append(append(append(line, bold("approved"), said(" codex")), what...), bold(" this time"))
	case ApprovedForSession:
		line = append(append(append(line, bold("approved"), said(" codex")), what...), bold(" every time this session"))
	case ApprovedPrefix:
		line = append(line, bold("approved"), said(" codex to "), bold("always"), said(" run commands that start with "), span(snippet(d.Prefix), t.Dim))
	case Declined:
		sign, mark = "✗ ", t.Error
		line = append(append(line, bold("did not approve"), said(" codex")), what...)
	case Canceled:
		sign, mark = "✗ ", t.Error
		line = append(append(line, bold("canceled"), said(" the request")), what...)
	}
	return text.Hanging([]text.Line{line}, width, text.Of(sign, mark), text.Of("  ", text.Style{}))
}

// snippet is the first line of a command, as much as fits into a sentence.
func snippet(command string) string {
	const most = 80
	script := shellwords.Script(command)
	first, _, many := strings.Cut(script, "\n")
	first = text.CleanLine(first)
	if many && text.Width(first) < most {
		return first + "…"
	}
	return text.Clip(first, most)
}
