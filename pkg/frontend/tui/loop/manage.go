package loop

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/hooks"
	"codex/pkg/plugins"
)

// elsewhere says whether settings and folders are those of an app-server's machine, and tells
// how to get at them there.
func (l *Loop) elsewhere(command string) bool {
	if !l.shared() {
		return false
	}
	l.say("These are the app-server's: run %s on its machine.", command)
	return true
}

// checkbox is an item that is switched on and off.
func checkbox(on bool, label string) string {
	if on {
		return "[x] " + label
	}
	return "[ ] " + label
}

// pickFeatures switches features that are not finished.
func (l *Loop) pickFeatures() {
	if l.elsewhere("codex features") {
		return
	}
	list := &overlay.List{Title: "Experimental features", Subtitle: "Enter switches one on or off, for sessions that begin later. codex features list has all.", Hint: "esc to finish", Stay: true}
	on := map[string]bool{}
	var fill func()
	fill = func() {
		list.Items = nil
		for _, f := range config.AllFeatures() {
			if !f.Experimental() {
				continue
			}
			if _, known := on[f.Name]; !known {
				on[f.Name] = l.Config.Features.Enabled(f.Name)
			}
			list.Items = append(list.Items, overlay.Item{Label: checkbox(on[f.Name], f.Name), Detail: f.Stage, Do: func() {
				on[f.Name] = !on[f.Name]
				l.save(config.Change{Path: []string{"features", f.Name}, Value: on[f.Name]})
				fill()
			}})
		}
	}
	fill()
	l.over(list)
}

// pickHooks shows the hooks, and what somebody has agreed to.
func (l *Loop) pickHooks() {
	if l.elsewhere("codex, and /hooks in it,") {
		return
	}
	cfg := l.Config
	l.beside(func(context.Context) func() {
		parts := plugins.Of(cfg)
		found := hooks.Of(cfg, parts.Hooks...)
		return func() {
			for _, w := range found.Warnings {
				l.state.Notice(cells.Warning, w, "")
			}
			l.showHooks(found.Hooks)
			l.effects()
			l.draw()
		}
	})
}

func (l *Loop) showHooks(all []hooks.Hook) {
	if len(all) == 0 {
		l.say("There are no hooks here; codex-hooks(5) says where they are looked for.")
		return
	}
	list := &overlay.List{Title: "Hooks", Subtitle: "A hook runs when somebody has agreed to it as it is. Enter shows one.", Hint: "enter to choose, esc to finish"}
	for i := range all {
		h := &all[i]
		list.Items = append(list.Items, overlay.Item{Label: checkbox(h.Runs(), string(h.Event)), Detail: string(h.Trust) + ": " + h.Command, Do: func() { l.showHook(all, i) }})
	}
	l.over(list)
}

// showHook shows one, to be agreed to or switched off.
func (l *Loop) showHook(all []hooks.Hook, i int) {
	h := &all[i]
	back := func() { l.showHooks(all) }
	set := func(key string, value any) {
		l.save(config.Change{Path: []string{"hooks", "state", h.Key, key}, Value: value})
		back()
	}
	about := []string{string(h.Event)}
	if h.Matcher != nil {
		about = append(about, "for "+*h.Matcher)
	}
	list := &overlay.List{Title: strings.Join(about, " "), Subtitle: h.Command + " (" + string(h.Trust) + ", of " + l.path(h.SourcePath) + ")", Cancel: back}
	switch {
	case h.Trust == hooks.Managed:
	case h.Trust != hooks.Trusted:
		list.Items = append(list.Items, overlay.Item{Label: "Agree to it", Detail: "it runs in sessions that begin later, until it changes", Do: func() {
			h.Trust = hooks.Trusted
			set("trusted_hash", h.Hash)
		}})
	default:
		list.Items = append(list.Items, overlay.Item{Label: "Agree no more", Detail: "it does not run in sessions that begin later", Do: func() {
			h.Trust = hooks.Untrusted
			set("trusted_hash", nil)
		}})
	}
	if h.Trust != hooks.Managed {
		word := "Switch it off"
		if !h.Enabled {
			word = "Switch it on"
		}
		list.Items = append(list.Items, overlay.Item{Label: word, Do: func() {
			h.Enabled = !h.Enabled
			set("enabled", h.Enabled)
		}})
	}
	list.Items = append(list.Items, overlay.Item{Label: "Go back", Do: back})
	l.over(list)
}

// pickPlugins shows the plugins of the marketplaces, to be installed or switched.
func (l *Loop) pickPlugins() {
	if l.elsewhere("codex plugin") {
		return
	}
	cfg := l.Config
	l.beside(func(context.Context) func() {
		installed, problems := plugins.Installed(cfg)
		markets, bad := plugins.Marketplaces(cfg)
		return func() {
			for _, err := range problems {
				l.state.Notice(cells.Warning, err.Error(), "")
			}
			for _, b := range bad {
				l.state.Notice(cells.Warning, fmt.Sprintf("marketplace %s (%s): %v", b.Name, l.path(b.Path), b.Err), "")
			}
			l.showPlugins(installed, markets)
			l.effects()
			l.draw()
		}
	})
}

func (l *Loop) showPlugins(installed []plugins.Plugin, markets []plugins.Marketplace) {
	list := &overlay.List{Title: "Plugins", Subtitle: "Enter installs one, or switches it on or off, for sessions that begin later.", Hint: "esc to finish", Stay: true}
	have := map[string]bool{}
	for i := range installed {
		p := &installed[i]
		have[p.ID] = true
		it := overlay.Item{Label: checkbox(p.Enabled, p.ID), Detail: strings.TrimSpace("installed " + p.Version)}
		it.Do = func() {
			p.Enabled = !p.Enabled
			l.save(config.Change{Path: []string{"plugins", p.ID, "enabled"}, Value: p.Enabled})
			list.Items[i].Label = checkbox(p.Enabled, p.ID)
		}
		list.Items = append(list.Items, it)
	}
	for i := range markets {
		m := &markets[i]
		for _, e := range m.List {
			id := e.Name + "@" + m.Name
			if have[id] || e.Withheld() {
				continue
			}
			at := len(list.Items)
			list.Items = append(list.Items, overlay.Item{Label: checkbox(false, id), Detail: "not installed", Do: func() { l.install(m, e.Name, list, at) }})
		}
	}
	if len(list.Items) == 0 {
		l.say("There are no plugins. codex plugin marketplace add FOLDER adds a marketplace.")
		return
	}
	l.over(list)
}

// install installs a plugin; its row says so.
func (l *Loop) install(m *plugins.Marketplace, name string, list *overlay.List, at int) {
	home := l.Config.Home
	list.Items[at].Detail, list.Items[at].Do = "being installed…", nil
	l.beside(func(ctx context.Context) func() {
		_, err := plugins.Install(ctx, home, m, name)
		return func() {
			list.Items[at].Label, list.Items[at].Detail = checkbox(err == nil, name+"@"+m.Name), "installed"
			if err != nil {
				list.Items[at].Detail = err.Error()
			}
			l.draw()
		}
	})
}

// feedback says what goes into a report; nothing is sent.
func (l *Loop) feedback() {
	th := &l.state.Thread
	list := &cells.Listing{Command: "/feedback", Title: "Nothing is sent. A report tells its reader more with:", Items: []string{
		"the version: " + version.Version, "the engine's log: " + l.path(filepath.Join(firstOf(l.Config.LogDir, filepath.Join(l.Config.Home, "log")), "codex-tui.log"))}}
	if th.Path != "" {
		list.Items = append(list.Items, "the session, with all that was said in it: "+l.path(th.Path))
	}
	list.Items = append(list.Items, "what codex doctor says")
	list.Hints = []string{"Report to whoever you have this program from."}
	l.show(list)
}

// notHere says what is done instead of a command that has nothing behind it.
func notHere(instead string) func(*Loop, string) {
	return func(l *Loop, _ string) { l.say("%s", instead) }
}
