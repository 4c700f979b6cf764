package loop

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"codex/pkg/config"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/keys"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
)

// bind takes the keys of tui.keymap.
func (l *Loop) bind() {
	l.keyTable, _ = l.Config.Get("tui", "keymap").(map[string]any)
	l.bindings, l.badKeys = keys.NewBindings(l.keyTable)
}

// moreHint says which key shows the transcript.
func (l *Loop) moreHint() string {
	names := l.bindings.Names(keys.Global, "open_transcript")
	if len(names) == 0 {
		return ""
	}
	return " (" + shown(names) + " shows the transcript)"
}

// tellBadKeys says which settings of keys are wrong, and where they stand.
func (l *Loop) tellBadKeys() {
	for _, p := range l.badKeys {
		l.state.Notice(cells.Warning, fmt.Sprintf("%s: %s: %s", l.path(l.Config.Where(p.Path...)), config.DottedKey(p.Path), p.Text), "")
	}
	l.badKeys = nil
}

// translate gives a key as the program knows it.
func (l *Loop) translate(e keys.Event) keys.Event {
	main := []string{keys.Global, keys.Chat, keys.Compose, keys.Editor}
	v := &l.composer.Vim
	switch {
	case l.page != nil || l.modal != nil:
		return l.translateOver(e)
	case l.search != nil:
		return l.bindings.Translate(e, true, keys.Compose)
	case l.popup != nil && (e.Code == keys.Enter || e.Code == keys.Tab || e.Code == keys.Up || e.Code == keys.Down):
		return e
	case v.On && v.Normal && v.Pending():
		return l.bindings.Translate(e, false, keys.VimOperator)
	case v.On && v.Normal:
		return l.bindings.Translate(e, false, append([]string{keys.VimNormal}, main...)...)
	}
	t := l.bindings.Translate(e, true, main...)
	if _, char := e.Char(); char && t.Code == keys.Sheet && (!l.composer.Empty() || l.composer.Shell) {
		return e
	}
	return t
}

// translateOver is translate for what stands over the composer or the screen.
func (l *Loop) translateOver(e keys.Event) keys.Event {
	switch o := l.standing().(type) {
	case *overlay.Pager:
		return l.bindings.Translate(e, false, keys.Pager)
	case *overlay.Approval:
		return l.bindings.Translate(e, false, keys.Approval, keys.List)
	case *overlay.List:
		return l.bindings.Translate(e, o.Search, keys.List)
	case *overlay.Capture:
		return e
	}
	return l.bindings.Translate(e, true, keys.List)
}

// shown is the first of an action's keys, as the screen shows it.
func shown(names []string) string {
	if len(names) == 0 {
		return "no key"
	}
	return strings.TrimSuffix(strings.ReplaceAll(names[0], "-", " + "), " + ") // ctrl + page + up is understood
}

// keymap shows all keys, and changes them; debug shows what the terminal sends.
func (l *Loop) keymap(what string) {
	if what == "debug" {
		l.over(&overlay.Capture{Title: "What the terminal sends", Hint: "a key shows its name, esc ends this", Done: func(e keys.Event) (string, bool) {
			return e.String(), e.Is(keys.Escape, 0)
		}})
		return
	}
	list := &overlay.List{Title: "Keys", Subtitle: "Enter gives an action another key, which goes into config.toml under tui.keymap.", Search: true, Hint: "enter to change, esc to finish"}
	for _, a := range keys.Actions() {
		if a.Context == "" {
			continue
		}
		label := a.Context + "." + a.Name
		if l.bindings.Own(a.Context, a.Name) {
			label += " *"
		}
		names := strings.Join(l.bindings.Names(a.Context, a.Name), ", ")
		list.Items = append(list.Items, overlay.Item{Label: label, Detail: cmp.Or(names, "no key") + ": " + a.About, Do: func() { l.captureKey(a) }})
	}
	l.over(list)
}

// captureKey gives an action the key that is pressed next.
func (l *Loop) captureKey(a keys.Action) {
	l.over(&overlay.Capture{Title: "The key of " + a.Context + "." + a.Name, Hint: "press it; backspace takes the action's keys away, esc goes back", Done: func(e keys.Event) (string, bool) {
		switch {
		case e.Is(keys.Escape, 0):
			l.keymap("")
			return "", false // another overlay is there
		case e.Is(keys.Backspace, 0):
			return l.rebind(a)
		}
		return l.rebind(a, e.String())
	}})
}

// rebind gives an action other keys, unless that cannot be.
func (l *Loop) rebind(a keys.Action, names ...string) (wrong string, done bool) {
	keymap := maps.Clone(l.keyTable)
	if keymap == nil {
		keymap = map[string]any{}
	}
	table, _ := keymap[a.Context].(map[string]any)
	if table = maps.Clone(table); table == nil {
		table = map[string]any{}
	}
	value := []any{}
	for _, n := range names {
		value = append(value, n)
	}
	keymap[a.Context], table[a.Name] = table, value
	bindings, problems := keys.NewBindings(keymap)
	for _, p := range problems {
		if config.DottedKey(p.Path) == config.DottedKey(a.Path()) {
			return p.Text, false
		}
	}
	l.bindings, l.keyTable = bindings, keymap
	l.look.More = l.moreHint()
	l.theme, _ = text.NewTheme(l.look)
	l.save(config.Change{Path: a.Path(), Value: append([]string{}, names...)})
	l.say("%s.%s: %s", a.Context, a.Name, cmp.Or(strings.Join(bindings.Names(a.Context, a.Name), ", "), "no key"))
	return "", true
}
