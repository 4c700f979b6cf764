package loop

import (
	"cmp"
	"context"
	"path/filepath"
	"strings"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/frontend/tui/overlay"
	"codex/pkg/plugins"
	"codex/pkg/skills"
)

// findSkills looks for skills beside the loop, and gives them to then.
func (l *Loop) findSkills(then func([]skills.Skill)) {
	if l.skills != nil {
		then(*l.skills)
		return
	}
	cfg, home := l.Config, l.Home
	l.beside(func(context.Context) func() {
		set := skills.Find(append(skills.Roots(cfg, home, nil), plugins.Of(cfg).Skills...), nil)
		return func() {
			l.skills = &set.Skills
			for _, p := range set.Problems {
				l.show(&cells.Notice{Level: cells.Warning, Text: "Skipped a skill: " + l.path(p.Path) + ": " + p.Message})
			}
			then(set.Skills)
			l.draw()
		}
	})
}

// offerSkills fills the popup of `$`.
func (l *Loop) offerSkills(word string) {
	p := l.openPopup('$')
	p.Empty = "no skills"
	l.findSkills(func(all []skills.Skill) {
		if l.popup != p {
			return
		}
		var found []overlay.Choice
		for _, s := range all {
			if s.Enabled && subsequence(strings.ToLower(word), strings.ToLower(s.Name)) {
				found = append(found, overlay.Choice{Name: "$" + s.Name, Detail: cmp.Or(s.Short, s.Description), Value: "$" + s.Name})
			}
		}
		p.Set(found)
	})
}

// listSkills shows the skills, each to be switched on or off.
func (l *Loop) listSkills() {
	l.skills = nil // they may have changed
	l.findSkills(func(all []skills.Skill) {
		if len(all) == 0 {
			l.say("There are no skills here; codex-skills(5) says where they are looked for.")
			return
		}
		list := &overlay.List{Title: "Skills", Subtitle: "$NAME in a message calls one. Enter switches it on or off for threads that begin later.", Hint: "esc to finish", Stay: true}
		for i := range all {
			s := &all[i]
			list.Add(overlay.Item{Label: s.Name, Detail: cmp.Or(s.Short, s.Description), On: &s.Enabled, Do: func() {
				s.Enabled = !s.Enabled
				l.storeSkill(s.Path, s.Enabled)
			}})
		}
		l.over(list)
	})
}

// storeSkill switches a skill in config.toml.
func (l *Loop) storeSkill(path string, on bool) {
	file := filepath.Join(l.Config.Home, "config.toml")
	l.attempt("Store the setting", func(ctx context.Context) error { return skills.Write(ctx, file, "path", path, on) })
}
