// Package plugins knows the plugins that are installed and the marketplaces they come
// from: folders with skills, hooks and MCP servers in the layout of Agent Plugins. It
// fetches nothing; a marketplace is a folder on this machine.
//
// Ground layer; it imports config, foreign, hooks, jsonrpc, ostext and skills.
package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/hooks"
	"codex/pkg/jsonrpc"
	"codex/pkg/skills"
)

// maxFile bounds what is read of a manifest.
const maxFile = 1 << 20

// Plugin is a folder with a manifest.
type Plugin struct {
	ID      string // NAME@MARKETPLACE
	Dir     string
	Enabled bool
	Manifest
}

// Manifest is what a plugin says of itself. Paths are absolute; what is not there is "".
type Manifest struct {
	Name, Version string
	Description   string
	Skills        []string // folders
	Hooks         []string // files
	MCP           string   // a file with mcpServers
}

// manifestFiles are where a manifest may lie.
func manifestFiles() []string {
	return []string{".codex-plugin/plugin.json", ".claude-plugin/plugin.json", ".plugin/plugin.json", "plugin.json"}
}

// Read reads the manifest of a folder.
func Read(dir string) (m Manifest, err error) {
	_, b, err := firstFile(dir, manifestFiles())
	if err != nil {
		return m, err
	}
	var raw struct {
		Name    string          `json:"name"`
		Version string          `json:"version"`
		About   string          `json:"description"`
		Skills  json.RawMessage `json:"skills"`
		Hooks   json.RawMessage `json:"hooks"`
		MCP     json.RawMessage `json:"mcpServers"`
	}
	if err := decode(b, &raw); err != nil {
		return m, fmt.Errorf("plugin manifest of %s: %w", dir, err)
	}
	m = Manifest{Name: raw.Name, Version: raw.Version, Description: raw.About}
	if m.Name == "" {
		m.Name = filepath.Base(dir)
	}
	if !IsName(m.Name) || m.Version != "" && !isVersion(m.Version) {
		return m, fmt.Errorf("plugin manifest of %s: the name or the version can't be one of a folder", dir)
	}
	m.Skills = inside(dir, raw.Skills, "skills")
	m.Hooks = inside(dir, raw.Hooks, filepath.Join("hooks", "hooks.json"))
	if files := inside(dir, raw.MCP, ".mcp.json"); len(files) > 0 {
		m.MCP = files[0]
	}
	return m, nil
}

// firstFile reads the first of some files of a folder that is there.
func firstFile(dir string, names []string) (path string, b []byte, err error) {
	for _, name := range names {
		path = filepath.Join(dir, filepath.FromSlash(name))
		if b, err = foreign.ReadFile(path, maxFile); !errors.Is(err, fs.ErrNotExist) {
			return path, b, err
		}
	}
	return "", nil, fmt.Errorf("%s: %w: %s", dir, fs.ErrNotExist, names[0])
}

func decode(b []byte, v any) error {
	if err := jsonrpc.Check(b); err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// inside gives the paths that a member names, a text or a list of them, or the usual one;
// only those that are there and below the folder.
func inside(dir string, raw json.RawMessage, usual string) (out []string) {
	var one string
	var list []string
	switch {
	case json.Unmarshal(raw, &one) == nil && one != "":
		list = []string{one}
	case json.Unmarshal(raw, &list) == nil && len(list) > 0:
	case len(raw) == 0:
		list = []string{usual}
	}
	for _, name := range list {
		name = filepath.Clean(filepath.FromSlash(name))
		if !filepath.IsLocal(name) {
			continue
		}
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			out = append(out, path)
		}
	}
	return out
}

// IsName says whether a text may name a plugin or a marketplace: it becomes the name of a
// folder and a part of keys.
func IsName(s string) bool {
	return s != "" && len(s) <= 64 && s[0] != '.' && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r))
	})
}

func isVersion(s string) bool {
	return len(s) <= 64 && s[0] != '.' && filepath.IsLocal(s) && !strings.ContainsAny(s, "/\\:")
}

// Split parts NAME@MARKETPLACE.
func Split(id string) (name, marketplace string, err error) {
	name, marketplace, ok := strings.Cut(id, "@")
	if !ok || marketplace == "" {
		return "", "", errors.New("plugin requires --marketplace unless passed as <plugin>@<marketplace>")
	}
	if !IsName(name) || !IsName(marketplace) {
		return "", "", fmt.Errorf("`%s` names no plugin", jsonrpc.Shorten(id))
	}
	return name, marketplace, nil
}

// cache is the folder of a plugin's versions.
func cache(home, name, marketplace string) string {
	return filepath.Join(home, "plugins", "cache", marketplace, name)
}

// Data is where a plugin keeps what outlives its versions.
func Data(home, id string) string {
	name, marketplace, _ := strings.Cut(id, "@")
	return filepath.Join(home, "plugins", "data", name+"-"+marketplace)
}

// Installed lists the plugins that the configuration names and that are here. Those of a
// project's files don't count.
func Installed(cfg *config.Config) (out []Plugin, problems []error) {
	if !cfg.Features.Enabled("plugins") {
		return nil, nil
	}
	for id, v := range own(cfg, "plugins") {
		on, ok := v["enabled"].(bool)
		enabled := on || !ok
		name, marketplace, err := Split(id)
		if err != nil {
			problems = append(problems, fmt.Errorf("[plugins] of config.toml: %w", err))
			continue
		}
		dir := newest(cache(cfg.Home, name, marketplace))
		if dir == "" {
			if enabled {
				problems = append(problems, fmt.Errorf("plugin %s is enabled and not installed", id))
			}
			continue
		}
		m, err := Read(dir)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		out = append(out, Plugin{ID: id, Dir: dir, Enabled: enabled, Manifest: m})
	}
	slices.SortFunc(out, func(a, b Plugin) int { return strings.Compare(a.ID, b.ID) })
	return out, problems
}

// own gives the tables of a table as the user's own layers have it: a project's files
// neither switch plugins on nor say where they come from.
func own(cfg *config.Config, key string) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, l := range cfg.Layers {
		if !counts(l) {
			continue
		}
		table, _ := l.Tree[key].(map[string]any)
		for name, v := range table {
			m, _ := v.(map[string]any)
			if out[name] == nil {
				out[name] = map[string]any{}
			}
			maps.Copy(out[name], m)
		}
	}
	return out
}

func counts(l config.Layer) bool { return l.Disabled == "" && l.Name != config.LayerProject }

// newest is the folder of the version that was installed last.
func newest(dir string) (path string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	var at int64
	for _, e := range entries {
		fi, err := e.Info()
		if err == nil && e.IsDir() && !strings.HasPrefix(e.Name(), ".") && fi.ModTime().UnixNano() >= at {
			path, at = filepath.Join(dir, e.Name()), fi.ModTime().UnixNano()
		}
	}
	return path
}

// Enabled are the installed ones that are switched on.
func Enabled(cfg *config.Config) (out []Plugin, problems []error) {
	all, problems := Installed(cfg)
	return slices.DeleteFunc(all, func(p Plugin) bool { return !p.Enabled }), problems
}

// SkillRoots are the folders of a plugin's skills.
func (p *Plugin) SkillRoots() (out []skills.Root) {
	for _, dir := range p.Skills {
		out = append(out, skills.Root{Dir: dir, Scope: skills.User, Plugin: p.Name})
	}
	return out
}

// HookFiles are the hooks of a plugin. One that can't be read is a problem.
func (p *Plugin) HookFiles(home string) (out []hooks.Extra, problems []error) {
	for _, path := range p.Hooks {
		b, err := foreign.ReadFile(path, maxFile)
		var tree any
		if err == nil {
			tree, err = hooks.Decode(b)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("hooks of plugin %s: %w", p.ID, err))
			continue
		}
		rel, err := filepath.Rel(p.Dir, path)
		if err != nil {
			rel = path
		}
		out = append(out, hooks.Extra{Tree: tree, SourcePath: path, Plugin: p.ID, Root: p.Dir, Data: Data(home, p.ID), KeyOfGroup: p.ID + ":" + filepath.ToSlash(rel)})
	}
	return out, problems
}

// MCPServers are the servers that a plugin brings, in its own folder unless they say another.
func (p *Plugin) MCPServers() ([]config.MCPServer, error) {
	if p.MCP == "" {
		return nil, nil
	}
	b, err := foreign.ReadFile(p.MCP, maxFile)
	if err != nil {
		return nil, fmt.Errorf("servers of plugin %s: %w", p.ID, err)
	}
	var raw struct {
		Servers map[string]map[string]any `json:"mcpServers"`
	}
	// The paths of this machine go in as text of JSON.
	quoted, err := jsonrpc.Marshal(p.Dir)
	if err != nil {
		return nil, fmt.Errorf("servers of plugin %s: %w", p.ID, err)
	}
	root := string(quoted[1 : len(quoted)-1])
	text := strings.NewReplacer("${PLUGIN_ROOT}", root, "${CLAUDE_PLUGIN_ROOT}", root).Replace(string(b))
	if err := decode([]byte(text), &raw); err != nil {
		return nil, fmt.Errorf("servers of plugin %s: %w", p.ID, err)
	}
	tables := map[string]any{}
	for name, t := range raw.Servers {
		if t["command"] == nil && t["url"] == nil {
			continue
		}
		// Which of its tools run without a question is not for the plugin to say.
		delete(t, "default_tools_approval_mode")
		delete(t, "tools")
		if t["cwd"] == nil {
			t["cwd"] = p.Dir
		} else if cwd, ok := t["cwd"].(string); ok && !filepath.IsAbs(cwd) {
			t["cwd"] = filepath.Join(p.Dir, cwd)
		}
		if h := t["headers"]; h != nil && t["http_headers"] == nil {
			t["http_headers"] = h
		}
		tables[name] = t
	}
	return config.MCPServersIn(tables), nil
}

// Parts is what all plugins of a configuration that are switched on bring.
type Parts struct {
	Skills   []skills.Root
	Hooks    []hooks.Extra
	Servers  []config.MCPServer // those of the same name as one of the configuration are not
	Problems []error
}

// Of gathers the parts of plugins.
func Of(cfg *config.Config) (out Parts) {
	all, problems := Enabled(cfg)
	out.Problems = problems
	taken := map[string]bool{}
	for _, s := range cfg.MCPServers() {
		taken[s.Name] = true
	}
	for i := range all {
		p := &all[i]
		out.Skills = append(out.Skills, p.SkillRoots()...)
		files, problems := p.HookFiles(cfg.Home)
		out.Hooks = append(out.Hooks, files...)
		servers, err := p.MCPServers()
		if err != nil {
			problems = append(problems, err)
		}
		for _, s := range servers {
			if !taken[s.Name] {
				taken[s.Name] = true
				out.Servers = append(out.Servers, s)
			}
		}
		out.Problems = append(out.Problems, problems...)
	}
	return out
}
