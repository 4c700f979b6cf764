package overlay

import (
	"cmp"
	"strings"

	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// Field asks for one line of text.
type Field struct {
	Title, Label string
	Secret       bool // shown as dots
	Text         []rune
	Check        func(string) error // what is wrong with it; may be nil
	Done         func(string)
	Cancel       func()
	Hint         string

	wrong string
}

// Key writes, and ends the field.
func (f *Field) Key(e keys.Event) bool {
	if e.Kind == keys.Paste {
		f.Text = append(f.Text, []rune(strings.Join(strings.Fields(e.Text), " "))...)
		return false
	}
	f.wrong = ""
	switch r, char := e.Char(); {
	case e.Is(keys.Escape, 0), e.Is('c', keys.Ctrl):
		if f.Cancel != nil {
			f.Cancel()
		}
		return true
	case e.Is(keys.Enter, 0):
		if f.Check != nil {
			if err := f.Check(string(f.Text)); err != nil {
				f.wrong = err.Error()
				return false
			}
		}
		f.Done(string(f.Text))
		return true
	case e.Is(keys.Backspace, 0), e.Is('h', keys.Ctrl):
		f.Text = f.Text[:max(0, len(f.Text)-1)]
	case e.Is('u', keys.Ctrl):
		f.Text = nil
	case char:
		f.Text = append(f.Text, r)
	}
	return false
}

// View draws the title and the line.
func (f *Field) View(width, height int, t *text.Theme) ([]text.Line, int, int) {
	out := append([]text.Line{nil}, wrapped(text.Wrap(lines(f.Title, t.Bold), width-2), width)...)
	if f.Label != "" {
		out = append(out, wrapped(lines(f.Label, t.Dim), width)...)
	}
	out = append(out, nil)
	shown := text.CleanLine(string(f.Text))
	if f.Secret {
		shown = strings.Repeat("•", len(f.Text))
	}
	for text.Width(shown) > width-4 { // the end is where the cursor is
		_, rest, _ := strings.Cut(shown, string([]rune(shown)[0]))
		shown = rest
	}
	row := len(out)
	out = append(out, text.Line{span("› ", t.Accent), span(shown, text.Style{})}, nil)
	if f.wrong != "" {
		out = append(out, text.Of("  "+f.wrong, t.Error))
	}
	hint := cmp.Or(f.Hint, cancelHint)
	out = append(out, text.Of("  "+hint, t.Dim))
	cut := max(0, len(out)-height)
	return out[cut:], row - cut, 2 + text.Width(shown)
}

// lines makes lines of a text that is a stranger's.
func lines(s string, style text.Style) []text.Line {
	var out []text.Line
	for _, l := range text.Clean(s) {
		out = append(out, text.Of(l, style))
	}
	return out
}
