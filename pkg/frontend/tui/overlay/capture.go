package overlay

import (
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// Capture takes keys, whichever they are, until one is taken.
type Capture struct {
	Title, Hint string
	// Done takes a key: said is shown when it does not end the overlay.
	Done func(e keys.Event) (said string, done bool)

	said string
}

// Key gives the key away.
func (c *Capture) Key(e keys.Event) bool {
	if e.Kind != keys.Press {
		return false
	}
	said, done := c.Done(e)
	c.said = said
	return done
}

// View draws what is wanted, and what was said of the last key.
func (c *Capture) View(width, height int, t *text.Theme) ([]text.Line, int, int) {
	out := append([]text.Line{nil}, wrapped([]text.Line{text.Of(c.Title, t.Bold), nil, text.Of(text.CleanLine(c.said), text.Style{}), nil, text.Of(c.Hint, t.Dim)}, width)...)
	return out[:min(len(out), height)], -1, 0
}
