package overlay

import (
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// popupRows is how many things a popup shows at once.
const popupRows = 8

// Choice is one row of a popup.
type Choice struct{ Name, Detail, Value string }

// Popup stands below the composer while a word is being typed.
type Popup struct {
	Kind    rune // '/', '@' or '$'
	Choices []Choice
	Empty   string // said when there are none
	at      int
}

// Selected is what is chosen.
func (p *Popup) Selected() (Choice, bool) {
	if p.at < len(p.Choices) {
		return p.Choices[p.at], true
	}
	return Choice{}, false
}

// Set replaces the choices.
func (p *Popup) Set(c []Choice) {
	p.Choices = c
	p.at = max(0, min(p.at, len(c)-1))
}

// Key moves the selection, and says whether it did.
func (p *Popup) Key(e keys.Event) bool {
	n := len(p.Choices)
	switch {
	case n == 0:
		return false
	case e.Is(keys.Up, 0), e.Is('p', keys.Ctrl):
		p.at = (p.at + n - 1) % n
	case e.Is(keys.Down, 0), e.Is('n', keys.Ctrl):
		p.at = (p.at + 1) % n
	default:
		return false
	}
	return true
}

// Reset selects the first again.
func (p *Popup) Reset() { p.at = 0 }

// View draws the rows.
func (p *Popup) View(width int, t *text.Theme) []text.Line {
	if len(p.Choices) == 0 {
		return []text.Line{text.Of("  "+p.Empty, t.Dim)}
	}
	from := max(0, min(p.at-popupRows/2, len(p.Choices)-popupRows))
	shown := p.Choices[from:min(from+popupRows, len(p.Choices))]
	wide := 0
	for _, c := range shown {
		wide = max(wide, text.Width(text.CleanLine(c.Name)))
	}
	wide = min(wide, width-4)
	var out []text.Line
	for i, c := range shown {
		name, detail := text.Style{}, t.Dim
		if from+i == p.at {
			name, detail = t.Accent.With(t.Bold), t.Accent
		}
		first := text.Line{span("  ", name), span(text.Pad(text.Clip(text.CleanLine(c.Name), wide), wide), name)}
		if c.Detail == "" {
			out = append(out, first)
			continue
		}
		first = append(first, span("  ", name))
		rest := text.Of(text.Pad("", wide+4), text.Style{})
		out = append(out, text.Prefixed(text.Wrap([]text.Line{text.Of(text.CleanLine(c.Detail), detail)}, max(8, width-wide-5)), first, rest)...)
	}
	return out
}
