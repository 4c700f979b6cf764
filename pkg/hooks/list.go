package hooks

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"codex/pkg/config"
	"codex/pkg/foreign"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// List is what a configuration has.
type List struct {
	Hooks    []Hook // in the order in which their answers count
	Warnings []string
}

// maxFile bounds a hooks.json.
const maxFile = 1 << 20

// Extra are hooks that come from elsewhere than the configuration.
type Extra struct {
	Tree             any // decoded hooks.json
	SourcePath       string
	Plugin, Root     string
	Data, KeyOfGroup string
}

// Of lists the hooks of a configuration, the administrator's first. Those of a project
// that is not trusted are not there.
func Of(cfg *config.Config, extra ...Extra) List {
	l := lister{state: states(cfg)}
	managedOnly := l.required(cfg)
	files := map[string]bool{}
	for _, layer := range cfg.Layers {
		managed := layer.Name == config.LayerSystem || layer.Name == config.LayerManaged
		if layer.Disabled != "" || managedOnly && !managed {
			continue
		}
		l.layer(layer, managed, files)
	}
	for _, x := range extra {
		if !managedOnly {
			l.tree(x.Tree, from{path: x.SourcePath, key: x.KeyOfGroup, source: "plugin", plugin: x.Plugin, root: x.Root, data: x.Data})
		}
	}
	return l.list
}

// lister gathers hooks.
type lister struct {
	list  List
	state map[string]state
}

// state is what hooks.state says of a hook.
type state struct {
	off  bool
	hash string
}

// states reads hooks.state, which counts in the user's file and the flags.
func states(cfg *config.Config) map[string]state {
	out := map[string]state{}
	for _, l := range cfg.Layers {
		if l.Name != config.LayerUser && l.Name != config.LayerFlags {
			continue
		}
		table, _ := l.Tree["hooks"].(map[string]any)
		all, _ := table["state"].(map[string]any)
		for key, v := range all {
			m, _ := v.(map[string]any)
			s := out[key]
			if on, ok := m["enabled"].(bool); ok {
				s.off = !on
			}
			if hash, ok := m["trusted_hash"].(string); ok {
				s.hash = hash
			}
			out[key] = s
		}
	}
	return out
}

// from is where a hook was declared.
type from struct {
	path, source string
	key          string // in the place of path in keys
	managed      bool
	plugin       string
	root, data   string
}

// required takes the hooks of requirements.toml; it says whether no others may run.
func (l *lister) required(cfg *config.Config) (only bool) {
	if cfg.Requirements == nil {
		return false
	}
	only, _ = cfg.Requirements.Tree["allow_managed_hooks_only"].(bool)
	table, _ := cfg.Requirements.Tree["hooks"].(map[string]any)
	if table == nil {
		return only
	}
	path := "requirements.toml"
	for _, layer := range cfg.Layers {
		if layer.Name == config.LayerSystem {
			path = filepath.Join(layer.Dir, path)
		}
	}
	l.tree(map[string]any{"hooks": table}, from{path: path, source: "system", managed: true})
	return only
}

// layer takes the hooks of one layer: hooks.json in its folder, and its own table. Two
// layers of one folder have one hooks.json.
func (l *lister) layer(layer config.Layer, managed bool, files map[string]bool) {
	f := from{source: layer.Name, path: layer.Path, managed: managed}
	switch layer.Name {
	case config.LayerFlags:
		f.path = protocol.SessionFlagsPath
	case config.LayerManaged:
		f.source = "legacyManagedConfigFile"
	}
	var both string
	if file := filepath.Join(layer.Dir, "hooks.json"); layer.Path != "" && layer.Name != config.LayerManaged && !files[file] {
		files[file] = true
		tree, err := readFile(file)
		own := f
		own.path = file
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			l.warn("failed to parse hooks config %s: %v", file, err)
		case l.tree(tree, own):
			both = file
		}
	}
	table, ok := layer.Tree["hooks"].(map[string]any)
	if ok && l.tree(map[string]any{"hooks": table}, f) && both != "" {
		l.warn("loading hooks from both %s and %s; prefer a single representation for this layer", both, f.path)
	}
}

func readFile(path string) (any, error) {
	b, err := foreign.ReadFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	return Decode(b)
}

// Decode reads the text of a hooks.json.
func Decode(b []byte) (tree any, err error) {
	if err := jsonrpc.Check(b); err != nil {
		return nil, err
	}
	err = json.Unmarshal(b, &tree)
	return tree, err
}

func (l *lister) warn(format string, a ...any) {
	l.list.Warnings = append(l.list.Warnings, fmt.Sprintf(format, a...))
}

// tree takes what one file declares, all of it or nothing; it says whether there was
// anything.
func (l *lister) tree(tree any, f from) bool {
	groups, err := parse(tree)
	if err != nil {
		l.warn("failed to parse hooks config %s: %v", f.path, err)
		return false
	}
	any := false
	for _, g := range groups {
		for i, h := range g.handlers {
			any = true
			l.handler(g, i, h, f)
		}
	}
	return any
}

// handler takes one command.
func (l *lister) handler(g group, i int, d handler, f from) {
	switch {
	case d.kind != "command":
		l.warn("skipping %s hook in %s: %s hooks are not supported yet", d.kind, f.path, d.kind)
		return
	case d.async:
		l.warn("skipping async hook in %s: async hooks are not supported yet", f.path)
		return
	case isBlank(d.command):
		l.warn("skipping empty hook command in %s", f.path)
		return
	}
	h := Hook{Event: g.event, Matcher: g.matcher, Command: d.command, Timeout: max(d.timeout, 1), StatusMessage: d.status,
		SourcePath: f.path, Source: f.source, Plugin: f.plugin, PluginRoot: f.root, PluginData: f.data}
	if !h.Event.matches() {
		h.Matcher = nil
	}
	if err := h.compile(); err != nil {
		if i == 0 {
			l.warn("invalid matcher %q in %s: %v", *h.Matcher, f.path, err)
		}
		return
	}
	key := cmp.Or(f.key, f.path)
	h.Key = fmt.Sprintf("%s:%s:%d:%d", key, h.Event.Words("_"), g.index, i)
	h.Hash = h.hash()
	s := l.state[h.Key]
	h.Enabled = !s.off || f.managed
	switch {
	case f.managed:
		h.Trust = Managed
	case s.hash == "":
		h.Trust = Untrusted
	case s.hash == h.Hash:
		h.Trust = Trusted
	default:
		h.Trust = Modified
	}
	h.Order = len(l.list.Hooks)
	l.list.Hooks = append(l.list.Hooks, h)
}
