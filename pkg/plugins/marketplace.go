package plugins

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/config"
)

// Marketplace is a folder that lists plugins.
type Marketplace struct {
	Name string
	Root string // the folder
	File string // its list
	List []Entry
	// Elsewhere are the plugins on its list that are not in the folder, or have no name of one.
	Elsewhere []string
}

// Entry is a plugin of a marketplace.
type Entry struct {
	Name, Dir string
	Policy    string // of installation, as the marketplace says it; "" for none
	Login     string // when it logs in, likewise
}

// Withheld tells that the marketplace does not want it to be installed.
func (e Entry) Withheld() bool { return e.Policy == "NOT_AVAILABLE" }

// InstallPolicy is the marketplace's word on installing it, or the usual one.
func (e Entry) InstallPolicy() string { return cmp.Or(e.Policy, "AVAILABLE") }

// LoginPolicy is the marketplace's word on when it logs in, or the usual one.
func (e Entry) LoginPolicy() string { return cmp.Or(e.Login, "ON_INSTALL") }

func listFiles() []string {
	return []string{".agents/plugins/marketplace.json", ".claude-plugin/marketplace.json"}
}

// Open reads the marketplace of a folder.
func Open(root string) (m Marketplace, err error) {
	path, b, err := firstFile(root, listFiles())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return m, fmt.Errorf("invalid marketplace file `%s`: marketplace root does not contain a supported manifest", root)
	case err != nil:
		return m, fmt.Errorf("invalid marketplace file `%s`: %w", path, err)
	}
	var raw struct {
		Name    string `json:"name"`
		Plugins []struct {
			Name   string          `json:"name"`
			Source json.RawMessage `json:"source"`
			Policy struct {
				Installation   string `json:"installation"`
				Authentication string `json:"authentication"`
			} `json:"policy"`
		} `json:"plugins"`
	}
	if err := decode(b, &raw); err != nil {
		return m, fmt.Errorf("invalid marketplace file `%s`: %w", path, err)
	}
	if !IsName(raw.Name) {
		return m, fmt.Errorf("invalid marketplace file `%s`: the name %q is not one: up to 64 letters, digits, '-', '_' and '.', not first", path, raw.Name)
	}
	m = Marketplace{Name: raw.Name, Root: root, File: path}
	for _, p := range raw.Plugins {
		dir, ok := localSource(root, p.Source)
		if !ok || !IsName(p.Name) {
			m.Elsewhere = append(m.Elsewhere, p.Name)
			continue
		}
		m.List = append(m.List, Entry{Name: p.Name, Dir: dir, Policy: p.Policy.Installation, Login: p.Policy.Authentication})
	}
	return m, nil
}

// localSource is the folder that a source names, below the marketplace's own.
func localSource(root string, raw json.RawMessage) (string, bool) {
	var path string
	var object struct {
		Source string `json:"source"`
		Path   string `json:"path"`
	}
	switch {
	case json.Unmarshal(raw, &path) == nil:
	case json.Unmarshal(raw, &object) == nil && object.Source == "local":
		path = object.Path
	}
	if path == "" {
		return "", false
	}
	if path = filepath.Clean(filepath.FromSlash(path)); !filepath.IsLocal(path) {
		return "", false
	}
	return filepath.Join(root, path), true
}

// Find gives a plugin of the marketplace.
func (m *Marketplace) Find(name string) (Entry, error) {
	i := slices.IndexFunc(m.List, func(e Entry) bool { return e.Name == name })
	switch {
	case i < 0 && slices.Contains(m.Elsewhere, name):
		return Entry{}, fmt.Errorf("plugin `%s` of marketplace `%s` is not in the marketplace's folder: clone it there, and name that folder in %s", name, m.Name, m.File)
	case i < 0:
		return Entry{}, fmt.Errorf("plugin `%s` was not found in marketplace `%s`", name, m.Name)
	}
	return m.List[i], nil
}

// Problem is a marketplace that cannot be read.
type Problem struct {
	Name, Path string
	Err        error
}

func (p Problem) Error() string {
	return fmt.Sprintf("marketplace `%s` (%s): %v", p.Name, p.Path, p.Err)
}
func (p Problem) Unwrap() error { return p.Err }

// errFetched is for marketplaces that are elsewhere.
var errFetched = errors.New("only folders on this machine are read: clone it with git and add the folder")

// Marketplaces lists those of the configuration, a project's files aside.
func Marketplaces(cfg *config.Config) (out []Marketplace, problems []Problem) {
	for name, m := range own(cfg, "marketplaces") {
		source, _ := m["source"].(string)
		if kind, _ := m["source_type"].(string); kind != "" && kind != "local" {
			problems = append(problems, Problem{name, source, errFetched})
			continue
		}
		found, err := Open(source)
		if err != nil {
			problems = append(problems, Problem{name, source, err})
			continue
		}
		found.Name = name
		out = append(out, found)
	}
	slices.SortFunc(out, func(a, b Marketplace) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Name, b.Name) })
	return out, problems
}
