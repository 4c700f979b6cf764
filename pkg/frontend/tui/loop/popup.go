package loop

import (
	"cmp"
	"context"
	"strings"

	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
)

// refreshPopup opens, fills and closes the popup, by the word at the cursor.
func (l *Loop) refreshPopup() {
	shown := l.composer.Shown()
	if name, ok := strings.CutPrefix(shown, "/"); ok && !l.composer.Shell && !strings.ContainsAny(name, " \n/") {
		if l.closed == shown {
			return
		}
		l.openPopup('/').Set(choices(name))
		return
	}
	l.closed = ""
	if word, ok := l.composer.Token('@'); ok && !l.composer.Shell {
		if l.closedAt != "@"+word {
			l.findFiles(word)
		}
		return
	}
	if word, ok := l.composer.Token('$'); ok && !l.composer.Shell {
		if l.closedAt != "$"+word {
			l.offerSkills(word)
		}
		return
	}
	l.closedAt = ""
	l.popup = nil
}

func (l *Loop) openPopup(kind rune) *overlay.Popup {
	if l.popup == nil || l.popup.Kind != kind {
		l.popup = &overlay.Popup{Kind: kind, Empty: "no matches"}
	}
	return l.popup
}

// popupKey is a key while there is a popup, and whether it was the popup's.
func (l *Loop) popupKey(e keys.Event) bool {
	if l.popup.Key(e) {
		return true
	}
	c, ok := l.popup.Selected()
	switch {
	case e.Is(keys.Escape, 0), e.Is('c', keys.Ctrl):
		l.closed, l.closedAt = l.composer.Shown(), ""
		if word, ok := l.composer.Token('@'); ok {
			l.closedAt = "@" + word
		} else if word, ok := l.composer.Token('$'); ok {
			l.closedAt = "$" + word
		}
		l.popup = nil
		return true
	case !ok || !e.Is(keys.Enter, 0) && !e.Is(keys.Tab, 0):
		l.popup.Reset()
		return false
	case l.popup.Kind == '@':
		l.completeFile(c.Value)
	case l.popup.Kind == '$':
		l.composer.Complete('$', c.Value)
	case e.Is(keys.Tab, 0):
		l.composer.Set("/" + c.Value + " ")
	default:
		l.popup = nil
		l.composer.Set("/" + c.Value)
		l.submit()
	}
	l.popup = nil
	return true
}

func (l *Loop) completeFile(path string) {
	if image, ok := l.imagePath(path); ok && !l.shared() {
		l.composer.Complete('@', "")
		l.composer.Attach(image)
		return
	}
	if strings.ContainsAny(path, " \t") {
		path = `"` + path + `"`
	}
	l.composer.Complete('@', path)
}

// findFiles searches for files beside the loop: the newest question counts.
func (l *Loop) findFiles(word string) {
	if l.popup == nil || l.popup.Kind != '@' {
		l.openPopup('@').Empty = "loading…"
		l.finder = &finder{dir: cmp.Or(l.state.Thread.Cwd, l.Cwd)}
	}
	if l.shared() {
		l.findShared(word)
		return
	}
	l.finding++
	asked, finder := l.finding, l.finder
	l.beside(func(ctx context.Context) func() {
		found, err := finder.find(ctx, word)
		return func() { l.foundFiles(asked, found, err) }
	})
}

// foundFiles offers what was found, if that was asked for last.
func (l *Loop) foundFiles(asked int, found []overlay.Choice, err error) {
	if asked != l.finding || l.popup == nil || l.popup.Kind != '@' {
		return
	}
	l.popup.Empty = "no matches"
	if word, _ := l.composer.Token('@'); word == "" {
		l.popup.Empty = "type a part of a file's name"
	}
	if err != nil {
		l.popup.Empty = text.CleanLine(err.Error())
	}
	l.popup.Set(found)
	l.draw()
}
