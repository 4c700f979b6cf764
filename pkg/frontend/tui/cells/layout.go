package cells

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"codex/pkg/frontend/tui/text"
)

// span is shorthand for a span without link.
func span(s string, style text.Style) text.Span { return text.Span{Text: s, Style: style} }

// bulleted wraps lines behind a bullet, the rest below the text.
func bulleted(lines []text.Line, width int, bullet text.Style) []text.Line {
	return text.Hanging(lines, width, text.Of("• ", bullet), text.Of("  ", text.Style{}))
}

// below hangs lines under a cell's title, behind a corner.
func below(lines []text.Line, width int, t *text.Theme) []text.Line {
	return text.Hanging(lines, width, text.Of("  └ ", t.Dim), text.Of("    ", text.Style{}))
}

// plain makes lines of a stranger's text in one style.
func plain(s string, style text.Style) []text.Line {
	clean := text.Clean(s)
	lines := make([]text.Line, len(clean))
	for i, l := range clean {
		lines[i] = text.Of(l, style)
	}
	return lines
}

// bullet is the style of a bullet by how the thing ended.
func bullet(running, failed bool, beat int, t *text.Theme) text.Style {
	switch {
	case running && beat%2 == 1:
		return t.Dim
	case running:
		return text.Style{}
	case failed:
		return t.Error.With(t.Bold)
	}
	return t.OK.With(t.Bold)
}

// more says how many rows were left out.
func more(n int, hint string, t *text.Theme) text.Line {
	return text.Of(fmt.Sprintf("… +%d lines%s", n, hint), t.Dim)
}

// limited leaves out the end of more than most lines, and says how many.
func limited(lines []text.Line, most int, t *text.Theme) []text.Line {
	if len(lines) <= most {
		return lines
	}
	return append(lines[:most:most], more(len(lines)-most, "", t))
}

// block draws a stranger's text as rows below a cell's title: its begin, or in full.
func block(s string, full bool, width int, t *text.Theme) []text.Line {
	rows := text.Wrap(plain(s, t.Dim), max(1, width-4))
	if full {
		return rows
	}
	return limited(rows, blockRows, t)
}

// Elapsed says how long something took, in the units that people count in.
func Elapsed(d time.Duration) string {
	s := int(d / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm %02ds", s/60, s%60)
	}
	return fmt.Sprintf("%dh %02dm %02ds", s/3600, s/60%60, s%60)
}

// compact is JSON without blanks, in one line; null and nothing are empty.
func compact(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return text.CleanLine(string(raw))
	}
	return text.CleanLine(b.String())
}
