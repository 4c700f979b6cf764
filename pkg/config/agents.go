package config

import (
	"maps"
	"path/filepath"
	"slices"
)

// Agents is [agents]: what may work for a thread.
type Agents struct {
	// MaxThreads is how many may be open at once, MaxDepth how deep they may have others.
	MaxThreads, MaxDepth int
	Roles                []AgentRole // by name
}

// AgentRole is one kind of agent.
type AgentRole struct {
	Name, Description string
	ConfigFile        string // of settings for its agents; "" without
	Nicknames         []string
}

// Agents reads [agents].
func (c *Config) Agents() Agents {
	v := view(c.tree).table("agents")
	a := Agents{MaxThreads: int(v.num(6, "max_threads")), MaxDepth: int(v.num(1, "max_depth"))}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		t := v.table(name)
		if t == nil {
			continue
		}
		r := AgentRole{Name: name, Description: t.str("description"), ConfigFile: t.str("config_file"), Nicknames: t.list("nickname_candidates")}
		if r.ConfigFile != "" && !filepath.IsAbs(r.ConfigFile) {
			r.ConfigFile = filepath.Join(c.Home, r.ConfigFile)
		}
		a.Roles = append(a.Roles, r)
	}
	return a
}

// Settings reads the role's config file.
func (r AgentRole) Settings() (map[string]any, error) {
	if r.ConfigFile == "" {
		return nil, nil
	}
	raw, err := readBounded(r.ConfigFile)
	if err != nil {
		return nil, plain("agents.%s.config_file: %v", r.Name, err)
	}
	tree, err := decode(string(raw))
	if err != nil {
		if bad, ok := err.(*syntaxError); ok {
			return nil, bad.at(r.ConfigFile)
		}
		return nil, plain("agents.%s.config_file: %v", r.Name, err)
	}
	return tree, nil
}
