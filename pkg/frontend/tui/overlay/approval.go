package overlay

import (
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/text"
)

// Approval is a question of the engine's: what is asked, in a frame that nothing else
// has, and the answers below it.
type Approval struct {
	List
	Request func(width int) []text.Line
	Brief   func(width int) []text.Line // of it what matters most, for a low terminal
	Open    func()                      // shows the request on the whole screen
	OpenKey string                      // as it is shown
}

// Key takes ctrl-a, and otherwise chooses.
func (a *Approval) Key(e keys.Event) bool {
	if (e.Is('a', keys.Ctrl) || e.Is('a', keys.Ctrl|keys.Shift)) && a.Open != nil {
		a.Open()
		return false
	}
	return a.List.Key(e)
}

// View draws the request above the answers. When there is not room for all of the
// request the answers stay, with what matters most of it, and a line says how to see the rest.
func (a *Approval) View(width, height int, t *text.Theme) ([]text.Line, int, int) {
	request := a.Request(width)
	answers, _, _ := a.List.View(width, height, t)
	if 1+len(request)+len(answers) > height {
		request = a.Brief(width)
		short := a.List
		short.Bare = true
		answers, _, _ = short.View(width, height, t)
		room := min(len(request), max(0, height-len(answers)-2))
		request = append(request[:room:room], text.Of("  … "+a.OpenKey+" shows all of it", t.Warning))
	}
	out := append([]text.Line{nil}, request...)
	return append(out, answers...), -1, 0
}
