package skills

import (
	"path/filepath"
	"slices"

	"codex/pkg/config"
)

// Switch switches skills off and on as [[skills.config]] of the user's file and the flags
// says; the last that means a skill counts.
func (s *Set) Switch(cfg *config.Config) {
	for _, l := range cfg.Layers {
		if l.Disabled != "" || l.Name != config.LayerUser && l.Name != config.LayerFlags {
			continue
		}
		table, _ := l.Tree["skills"].(map[string]any)
		list, _ := table["config"].([]any)
		for _, x := range list {
			m, _ := x.(map[string]any)
			s.apply(m)
		}
	}
}

// apply follows one [[skills.config]], which names skills by a path or a name.
func (s *Set) apply(m map[string]any) {
	on, ok := m["enabled"].(bool)
	path, byPath := m["path"].(string)
	name, byName := m["name"].(string)
	if !ok || byPath == byName {
		return
	}
	if byPath {
		path = real(path)
	}
	for i := range s.Skills {
		k := &s.Skills[i]
		if byName && k.Name == name || byPath && (k.Path == path || filepath.Dir(k.Path) == path) {
			k.Enabled = on
		}
	}
}

// real is a path without links, the path itself where there is no such file.
func real(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	return filepath.Clean(path)
}

// Listed are the skills that a prompt lists: the administrator's and the system's first,
// since they are the same everywhere.
func (s *Set) Listed() []Skill {
	out := slices.DeleteFunc(slices.Clone(s.Skills), func(k Skill) bool { return !k.Enabled || k.Named })
	order := []string{System, Admin, Repo, User}
	slices.SortStableFunc(out, func(a, b Skill) int { return slices.Index(order, a.Scope) - slices.Index(order, b.Scope) })
	return out
}
