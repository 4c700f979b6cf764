package cells

import (
	"fmt"
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

const kindStatus = "status"

// baseline is what the instructions take of a context window, which is no use to count.
const baseline = 12_000

// Status is the card that /status shows. Rows whose value is empty are left out.
type Status struct {
	ours
	Version string
	Rows    []StatusRow // Model, Directory, Permissions …
	Usage   *protocol.ThreadTokenUsage
	Limits  []Limit
}

// StatusRow is one line of the card.
type StatusRow struct{ Label, Value string }

// Limit is how much of a limit of the account is used.
type Limit struct {
	Label  string // such as "5h limit"
	Used   float64
	Resets string
}

// ItemType is the kind of entry.
func (*Status) ItemType() string { return kindStatus }

// status draws the card.
func status(e Entry, width int, t *text.Theme) []text.Line {
	s, ok := e.Item.(*Status)
	if !ok {
		return nil
	}
	rows := append([]StatusRow{}, s.Rows...)
	if len(rows) > 0 {
		rows = append(rows, StatusRow{})
	}
	rows = append(rows, usageRows(s.Usage)...)
	if len(s.Limits) == 0 {
		rows = append(rows, StatusRow{"Limits", "not available for this account"})
	}
	for _, l := range s.Limits {
		rows = append(rows, StatusRow{l.Label, l.bar()})
	}
	label := 0
	for _, r := range rows {
		label = min(30, max(label, text.Width(text.CleanLine(r.Label))+1))
	}
	room := max(1, width-6)
	lines := []text.Line{title(s.Version, t), nil}
	for _, r := range rows {
		switch {
		case r == StatusRow{}:
			lines = append(lines, nil)
		case r.Value != "":
			first := text.Of(text.Pad(text.Clip(text.CleanLine(r.Label), label-1)+":", label+2), t.Dim)
			lines = append(lines, text.WrapIndented(plain(r.Value, text.Style{}), room, first, text.Of(text.Pad("", label+2), t.Dim))...)
		}
	}
	return boxed(lines, room, 2, t)
}

func usageRows(u *protocol.ThreadTokenUsage) []StatusRow {
	if u == nil {
		return nil
	}
	fresh := u.Total.InputTokens - u.Total.CachedInputTokens
	rows := []StatusRow{{"Token usage", fmt.Sprintf("%s total  (%s input + %s output)", Tokens(fresh+u.Total.OutputTokens), Tokens(fresh), Tokens(u.Total.OutputTokens))}}
	if left, ok := ContextLeft(u); ok {
		rows = append(rows, StatusRow{"Context window", fmt.Sprintf("%d%% left (%s used / %s)", left, Tokens(u.Last.TotalTokens), Tokens(*u.ModelContextWindow))})
	}
	return rows
}

// ContextLeft is the percentage of the context window that is left for the conversation;
// ok is false when the window is not known.
func ContextLeft(u *protocol.ThreadTokenUsage) (percent int, ok bool) {
	if u == nil || u.ModelContextWindow == nil {
		return 0, false
	}
	window := *u.ModelContextWindow - baseline
	if window <= 0 {
		return 0, true
	}
	used := max(0, u.Last.TotalTokens-baseline)
	left := float64(max(0, window-used)) / float64(window) * 100
	return int(left + 0.5), true
}

// Tokens says a number of tokens in few digits: 999, 1.2K, 258K, 3.4M.
func Tokens(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1_000_000_000, "B"}, {1_000_000, "M"}, {1000, "K"}} {
		if n < unit.size {
			continue
		}
		v := float64(n) / float64(unit.size)
		digits := 0
		switch {
		case v < 10:
			digits = 2
		case v < 100:
			digits = 1
		}
		s := fmt.Sprintf("%.*f", digits, v)
		if strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		return s + unit.name
	}
	return fmt.Sprint(n)
}

// Usage is the line about tokens that a session ends with; empty when there were none.
func Usage(u *protocol.ThreadTokenUsage) string {
	if u == nil {
		return ""
	}
	input := u.Total.InputTokens - u.Total.CachedInputTokens
	total := input + u.Total.OutputTokens
	if total == 0 {
		return ""
	}
	s := fmt.Sprintf("Token usage: total=%s input=%s", grouped(total), grouped(input))
	if u.Total.CachedInputTokens > 0 {
		s += fmt.Sprintf(" (+ %s cached)", grouped(u.Total.CachedInputTokens))
	}
	s += " output=" + grouped(u.Total.OutputTokens)
	if u.Total.ReasoningOutputTokens > 0 {
		s += fmt.Sprintf(" (reasoning %s)", grouped(u.Total.ReasoningOutputTokens))
	}
	return s
}

// grouped is n with a comma between each three digits.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bar draws how much is left of a limit.
func (l Limit) bar() string {
	const cells = 20
	left := max(0, min(100, 100-l.Used))
	full := int(left/100*cells + 0.5)
	s := fmt.Sprintf("[%s%s] %.0f%% left", strings.Repeat("█", full), strings.Repeat("░", cells-full), left)
	if l.Resets != "" {
		s += " (resets " + l.Resets + ")"
	}
	return s
}
