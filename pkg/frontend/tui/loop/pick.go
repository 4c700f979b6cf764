package loop

import (
	"cmp"
	"context"
	"slices"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/frontend/tui/text"
	"codex/pkg/models"
	"codex/pkg/protocol"
)

// over shows an overlay over the composer.
func (l *Loop) over(o overlay.Overlay) {
	l.modal, l.popup, l.sheet = o, nil, false
	l.draw()
}

// catalogue is the list of models.
func (l *Loop) catalogue() []models.Model {
	if l.Config.Models != nil {
		return l.Config.Models
	}
	return models.All()
}

// pickModel chooses a model, and then how much it shall think.
func (l *Loop) pickModel() {
	list := &overlay.List{Title: "Select Model and Effort", Subtitle: `Others: codex -m MODEL, or model = "MODEL" in config.toml`}
	for _, m := range l.catalogue() {
		if m.Visibility != "list" && m.Slug != l.state.Thread.Model {
			continue
		}
		list.Add(overlay.Item{Label: m.Slug, Detail: m.Description, Current: m.Slug == l.state.Thread.Model, Do: func() { l.pickEffort(m) }})
	}
	l.over(list)
}

func (l *Loop) pickEffort(m models.Model) {
	if len(m.Efforts) < 2 {
		l.setModel(m.Slug, "")
		return
	}
	list := &overlay.List{Title: "How long to think: " + m.Slug}
	for i, e := range m.Efforts {
		it := overlay.Item{Label: e, Do: func() { l.setModel(m.Slug, e) },
			Current: m.Slug == l.state.Thread.Model && e == cmp.Or(l.state.Thread.Effort, m.DefaultEffort)}
		if i < len(m.EffortNotes) {
			it.Detail = m.EffortNotes[i]
		}
		if e == m.DefaultEffort {
			it.Label += " (default)"
		}
		if e == m.DefaultEffort && m.Slug != l.state.Thread.Model {
			list.At = i
		}
		list.Add(it)
	}
	l.over(list)
}

// setModel changes the model of the thread, and of those that are begun later.
func (l *Loop) setModel(slug, effort string) {
	p := protocol.ThreadSettingsUpdateParams{ThreadID: l.state.Thread.ID, Model: &slug}
	changes := []config.Change{{Path: l.profiled("model"), Value: slug}}
	if effort != "" {
		e := protocol.ReasoningEffort(effort)
		p.Effort = &e
		changes = append(changes, config.Change{Path: l.profiled("model_reasoning_effort"), Value: effort})
	}
	l.update(p, func() {
		l.state.Thread.Model = slug
		l.state.Thread.Effort = cmp.Or(effort, l.state.Thread.Effort)
		l.say("Model changed to %s %s", slug, cmp.Or(effort, "default"))
		l.save(changes...)
	})
}

// profiled is where a setting stands in config.toml.
func (l *Loop) profiled(key string) []string {
	if l.Config.Profile != "" {
		return []string{"profiles", l.Config.Profile, key}
	}
	return []string{key}
}

// update changes settings of the thread.
func (l *Loop) update(p protocol.ThreadSettingsUpdateParams, then func()) {
	l.request(protocol.MethodThreadSettingsUpdate, p, func(gjson.Result) { then() })
}

// save writes settings into config.toml, in the order in which they were changed; consents go
// elsewhere where that can't be written. An engine that is started later finds them there.
func (l *Loop) save(changes ...config.Change) {
	home, before, done := l.Config.Home, l.saved, make(chan struct{})
	l.saved = done
	l.attempt("Store the setting", func(ctx context.Context) error {
		defer close(done)
		if before != nil {
			<-before
		}
		_, err := config.Remember(context.WithoutCancel(ctx), home, changes...) // leaving is no reason to lose them
		return err
	})
}

// stepEffort makes the model think less (-1) or more (1).
func (l *Loop) stepEffort(by int) {
	m := models.In(l.catalogue(), l.state.Thread.Model)
	at := -1
	for i, e := range m.Efforts {
		if e == cmp.Or(l.state.Thread.Effort, m.DefaultEffort) {
			at = i
		}
	}
	if at += by; at < 0 || at >= len(m.Efforts) || l.state.Turn.Running {
		return
	}
	effort := protocol.ReasoningEffort(m.Efforts[at])
	l.update(protocol.ThreadSettingsUpdateParams{ThreadID: l.state.Thread.ID, Effort: &effort}, func() {
		l.state.Thread.Effort = string(effort)
		l.notice = "reasoning effort: " + string(effort)
	})
}

// preset is a choice of permissions.
type preset struct {
	name, about, approval string
	sandbox               protocol.SandboxPolicy
}

func presets() []preset {
	return []preset{
		{"Read Only", "Reads files. Writing anything and the network are asked about.",
			protocol.ApprovalOnRequest, protocol.SandboxPolicy{Type: protocol.SandboxPolicyReadOnly}},
		{"Default", "Writes in this folder and in the folders for temporary files, runs commands there. All other places and the network are asked about.",
			protocol.ApprovalOnRequest, protocol.SandboxPolicy{Type: protocol.SandboxPolicyWorkspaceWrite}},
		{"Full Access", "Writes everywhere and uses the network, unasked and without a sandbox.",
			protocol.ApprovalNever, protocol.SandboxPolicy{Type: protocol.SandboxPolicyDangerFullAccess}},
	}
}

// pickPermissions chooses what commands may do.
func (l *Loop) pickPermissions() {
	list := &overlay.List{Title: "What may be done unasked"}
	for _, p := range presets() {
		list.Add(overlay.Item{Label: p.name, Detail: p.about, Do: func() { l.permit(p) },
			Current: p.approval == l.state.Thread.Approval && p.sandbox.Type == l.state.Thread.Sandbox.Type})
	}
	l.over(list)
}

// permit sets permissions. Full access has to be confirmed.
func (l *Loop) permit(p preset) {
	hidden, _ := l.Config.Get("notice", "hide_full_access_warning").(bool)
	if p.sandbox.Type != protocol.SandboxPolicyDangerFullAccess || hidden {
		l.setPermissions(p)
		return
	}
	l.over(&overlay.List{Title: "Enable full access?",
		Subtitle: "Every file of yours can then be changed and everything can be sent away, and nobody asks before. For machines on which nothing can be lost.",
		Items: []overlay.Item{
			{Label: "Yes, continue anyway", Detail: "until this session ends", Do: func() { l.setPermissions(p) }},
			{Label: "Yes, always", Detail: "and leave this question out from now on", Do: func() {
				l.save(config.Change{Path: []string{"notice", "hide_full_access_warning"}, Value: true})
				l.setPermissions(p)
			}},
			{Label: "Cancel", Detail: "nothing changes", Do: l.pickPermissions},
		}, Cancel: l.pickPermissions})
}

func (l *Loop) setPermissions(p preset) {
	sandbox := p.sandbox
	if w := l.Config.Workspace; sandbox.Type == protocol.SandboxPolicyWorkspaceWrite {
		sandbox.WritableRoots, sandbox.NetworkAccess = w.WritableRoots, w.NetworkAccess
		sandbox.ExcludeTmpdirEnvVar, sandbox.ExcludeSlashTmp = w.ExcludeTmpdir, w.ExcludeSlashTmp
	}
	approval := protocol.AskForApproval{Mode: p.approval}
	l.update(protocol.ThreadSettingsUpdateParams{ThreadID: l.state.Thread.ID, ApprovalPolicy: &approval, SandboxPolicy: &sandbox}, func() {
		l.state.Thread.Approval, l.state.Thread.Sandbox = p.approval, sandbox
		l.say("Permissions updated to %s", p.name)
	})
}

// cycleMode goes from the default mode to plan mode and back.
func (l *Loop) cycleMode() {
	mode := protocol.ModeKindPlan
	if l.state.Thread.Mode == protocol.ModeKindPlan {
		mode = protocol.ModeKindDefault
	}
	l.setMode(mode, nil)
}

// setMode sets the mode of collaboration.
func (l *Loop) setMode(mode protocol.ModeKind, then func()) {
	if !l.opened || l.state.Turn.Running {
		return
	}
	m := protocol.CollaborationMode{Mode: mode, Settings: protocol.Settings{Model: l.state.Thread.Model}}
	if e := protocol.ReasoningEffort(l.effortIn(mode)); e != "" {
		m.Settings.ReasoningEffort = &e
	}
	l.update(protocol.ThreadSettingsUpdateParams{ThreadID: l.state.Thread.ID, CollaborationMode: &m}, func() {
		l.state.Thread.Mode = mode
		if then != nil {
			then()
		}
	})
}

// effortIn is how much the model is to think in a mode: plan_mode_reasoning_effort while
// planning, and afterwards what it was before.
func (l *Loop) effortIn(mode protocol.ModeKind) string {
	effort, plan := l.state.Thread.Effort, l.Config.PlanReasoningEffort
	switch {
	case plan == "" || mode == l.state.Thread.Mode:
	case mode == protocol.ModeKindPlan:
		l.unplanned, effort = effort, plan
	case effort == plan:
		effort = cmp.Or(l.unplanned, l.Config.ReasoningEffort)
	}
	return effort
}

// pickTheme chooses the colours of code, and shows each as it is passed.
func (l *Loop) pickTheme() {
	names := text.Palettes()
	was := l.look.Syntax
	try := func(name string) {
		l.look.Syntax = name
		l.theme, _ = text.NewTheme(l.look)
	}
	list := &overlay.List{Title: "Select Syntax Theme", Search: true, Cancel: func() { try(was) }, Moved: func(i int) { try(names[i]) }}
	for _, n := range names {
		list.Add(overlay.Item{Label: n, Current: n == was, Do: func() {
			try(n)
			l.save(config.Change{Path: []string{"tui", "theme"}, Value: n})
			l.say("Theme changed to %s", n)
		}})
	}
	list.Below = func() []text.Line { return l.theme.Highlight("go", themeSample) }
	l.over(list)
}

const themeSample = `// greet says hello.
func greet(name string) error {
	n, err := fmt.Printf("hello, %s\n", name)
	return check(n, 42, err)
}
`

// pickStatusLine chooses what the status line shows.
func (l *Loop) pickStatusLine() {
	l.pickItems("Configure Status Line", "status_line", statusItems(), l.statusNames())
}

// pickTitle chooses what the title of the window shows.
func (l *Loop) pickTitle() {
	l.pickItems("Configure Terminal Title", "terminal_title", titleItems(), l.titleNames())
}

// pickItems chooses items and their order for a setting of [tui]; it counts at once, and is
// stored at the end.
func (l *Loop) pickItems(title, key string, items []statusItem, chosen []string) {
	if l.chosen == nil {
		l.chosen = map[string][]string{}
	}
	list := &overlay.List{Title: title, Subtitle: "Enter switches an item on or off. Items are shown in the order in which they were switched on.",
		Hint: "Press esc to finish", Stay: true}
	before := chosen
	list.Cancel = func() {
		if !slices.Equal(chosen, before) {
			l.save(config.Change{Path: []string{"tui", key}, Value: chosen})
		}
	}
	list.Below = func() []text.Line { return []text.Line{text.Of(cmp.Or(l.sample(key), "nothing"), l.theme.Dim)} }
	for _, it := range items {
		at := func() int {
			return slices.IndexFunc(chosen, func(n string) bool { found, _ := itemNamed(items, n); return found.name == it.name })
		}
		on := at() >= 0
		list.Add(overlay.Item{Label: it.name, Detail: it.about, On: &on, Do: func() {
			if i := at(); i >= 0 {
				chosen = slices.Delete(slices.Clone(chosen), i, i+1)
			} else {
				chosen = append(slices.Clone(chosen), it.name)
			}
			on = at() >= 0
			l.chosen[key] = chosen
			if l.titleText() == "" && l.title != "" { // nobody else takes it away
				l.title = ""
				if err := l.TTY.Title(""); err != nil {
					l.fail(err)
				}
			}
		}})
	}
	l.over(list)
}

// sample is what a setting of [tui] makes at the moment.
func (l *Loop) sample(key string) string {
	if key == "status_line" {
		return l.statusLine()
	}
	return l.titleText()
}

// toggleVim switches vi's keys on or off.
func (l *Loop) toggleVim() {
	v := &l.composer.Vim
	v.Switch(!v.On)
	l.say("Vim mode is %s", onOff(v.On))
}
