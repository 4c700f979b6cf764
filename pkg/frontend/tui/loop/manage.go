package loop

import (
	"cmp"
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

// feature is one that can be switched.
type feature struct {
	name, stage string
	on          bool
}

// pickFeatures switches features that are not finished.
func (l *Loop) pickFeatures() {
	if l.shared() {
		l.featuresThere()
		return
	}
	var all []feature
	for _, f := range config.AllFeatures() {
		if f.Experimental() {
			all = append(all, feature{f.Name, f.Stage, l.Config.Features.Enabled(f.Name)})
		}
	}
	l.showFeatures(all)
}

func (l *Loop) showFeatures(all []feature) {
	list := &overlay.List{Title: "Experimental features", Subtitle: "Enter switches one on or off, for sessions that begin later. codex features list has all.", Hint: "esc to finish", Stay: true}
	for i := range all {
		f := &all[i]
		list.Add(overlay.Item{Label: f.name, Detail: f.stage, On: &f.on, Do: func() {
			f.on = !f.on
			l.change(config.Change{Path: []string{"features", f.name}, Value: f.on})
		}})
	}
	l.over(list)
}

// pickHooks shows the hooks, and what somebody has agreed to.
func (l *Loop) pickHooks() {
	if l.shared() {
		l.hooksThere()
		return
	}
	cfg := l.Config
	l.beside(func(context.Context) func() {
		parts := plugins.Of(cfg)
		found := hooks.Of(cfg, parts.Hooks...)
		return func() { l.foundHooks(found.Hooks, found.Warnings) }
	})
}

func (l *Loop) foundHooks(all []hooks.Hook, warnings []string) {
	for _, w := range warnings {
		l.state.Notice(cells.Warning, w, "")
	}
	l.showHooks(all)
	l.effects()
	l.draw()
}

func (l *Loop) showHooks(all []hooks.Hook) {
	if len(all) == 0 {
		l.say("There are no hooks here; codex-hooks(5) says where they are looked for.")
		return
	}
	list := &overlay.List{Title: "Hooks", Subtitle: "A hook runs when somebody has agreed to it as it is. Enter shows one.", Hint: "enter to choose, esc to finish"}
	for i := range all {
		h, runs := &all[i], all[i].Runs()
		list.Add(overlay.Item{Label: string(h.Event), On: &runs, Detail: string(h.Trust) + ": " + h.Command, Do: func() { l.showHook(all, i) }})
	}
	l.over(list)
}

// showHook shows one, to be agreed to or switched off.
func (l *Loop) showHook(all []hooks.Hook, i int) {
	h := &all[i]
	back := func() { l.showHooks(all) }
	set := func(key string, value any) {
		l.change(config.Change{Path: []string{"hooks", "state", h.Key, key}, Value: value})
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

// offer is a plugin that is installed, or that can be.
type offer struct {
	id, detail string
	there, on  bool
	// install installs it and calls done in the loop.
	install func(done func(error))
}

// pickPlugins shows the plugins of the marketplaces, to be installed or switched.
func (l *Loop) pickPlugins() {
	if l.shared() {
		l.pluginsThere()
		return
	}
	cfg := l.Config
	l.beside(func(context.Context) func() {
		installed, problems := plugins.Installed(cfg)
		markets, bad := plugins.Marketplaces(cfg)
		return func() {
			var warnings []string
			for _, err := range problems {
				warnings = append(warnings, err.Error())
			}
			for _, b := range bad {
				warnings = append(warnings, fmt.Sprintf("marketplace %s (%s): %v", b.Name, l.path(b.Path), b.Err))
			}
			l.foundPlugins(l.offers(installed, markets), warnings)
		}
	})
}

// offers are the plugins of this machine.
func (l *Loop) offers(installed []plugins.Plugin, markets []plugins.Marketplace) (all []*offer) {
	have := map[string]bool{}
	for _, p := range installed {
		have[p.ID] = true
		all = append(all, &offer{id: p.ID, there: true, on: p.Enabled, detail: strings.TrimSpace("installed " + p.Version)})
	}
	home := l.Config.Home
	for i := range markets {
		m := &markets[i]
		for _, e := range m.List {
			id := e.Name + "@" + m.Name
			if have[id] || e.Withheld() {
				continue
			}
			all = append(all, &offer{id: id, detail: "not installed", install: func(done func(error)) {
				l.beside(func(ctx context.Context) func() {
					_, err := plugins.Install(ctx, home, m, e.Name)
					return func() { done(err) }
				})
			}})
		}
	}
	return all
}

func (l *Loop) foundPlugins(all []*offer, warnings []string) {
	for _, w := range warnings {
		l.state.Notice(cells.Warning, w, "")
	}
	l.showPlugins(all)
	l.effects()
	l.draw()
}

func (l *Loop) showPlugins(all []*offer) {
	if len(all) == 0 {
		l.say("There are no plugins. codex plugin marketplace add FOLDER adds a marketplace.")
		return
	}
	list := &overlay.List{Title: "Plugins", Subtitle: "Enter installs one, or switches it on or off, for sessions that begin later.", Hint: "esc to finish", Stay: true}
	for _, o := range all {
		list.Add(overlay.Item{Label: o.id, On: &o.on, Live: func() string { return o.detail }, Do: func() {
			switch {
			case o.there:
				o.on = !o.on
				l.change(config.Change{Path: []string{"plugins", o.id, "enabled"}, Value: o.on})
			case o.install != nil:
				install := o.install
				o.detail, o.install = "being installed…", nil
				install(func(err error) {
					o.there, o.on, o.detail = err == nil, err == nil, "installed"
					if err != nil {
						o.detail, o.install = err.Error(), install
					}
					l.draw()
				})
			}
		}})
	}
	l.over(list)
}

// feedback says what goes into a report; nothing is sent.
func (l *Loop) feedback() {
	th := &l.state.Thread
	list := &cells.Listing{Command: "/feedback", Title: "Nothing is sent. A report tells its reader more with:", Items: []string{
		"the version: " + version.Version, "the engine's log: " + l.path(filepath.Join(cmp.Or(l.Config.LogDir, filepath.Join(l.Config.Home, "log")), "codex-tui.log"))}}
	if th.Path != "" {
		list.Items = append(list.Items, "the session, with all that was said in it: "+l.path(th.Path))
	}
	list.Items = append(list.Items, "what codex doctor says")
	list.Hints = []string{"Report to whoever you have this program from."}
	l.show(list)
}

// memories says what sessions know of others.
func (l *Loop) memories(string) {
	s := "Nothing is remembered by itself."
	switch {
	case l.shared(): // its settings are not known here
		s = "What sessions leave is remembered where features.memories is on."
	case l.Config.Features.Enabled("memories"):
		s = "What sessions leave is remembered, as features.memories says: codex memories list shows of which."
	}
	l.say("%s What each session shall know goes into AGENTS.md: of the project, or of the folder of settings for all of them.", s)
}

// notHere says what is done instead of a command that has nothing behind it.
func notHere(instead string) func(*Loop, string) {
	return func(l *Loop, _ string) { l.say("%s", instead) }
}
