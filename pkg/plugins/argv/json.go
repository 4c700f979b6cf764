package argv

import (
	"encoding/json"
	"fmt"
	"slices"

	"codex/pkg/plugins"
)

// asJSON is the option of commands whose answer programs read.
type asJSON struct {
	JSON bool `name:"json" help:"print the answer as JSON"`
}

// answer prints v where JSON is wanted, and the line for people elsewhere.
func (a asJSON) answer(p Process, v any, line string, args ...any) error {
	if !a.JSON {
		return p.print(line, args...)
	}
	e := json.NewEncoder(p.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// Members of the JSON are those of the original, in its order.
type (
	addedPlugin struct {
		PluginID    string `json:"pluginId"`
		Name        string `json:"name"`
		Marketplace string `json:"marketplaceName"`
		Version     string `json:"version"`
		Path        string `json:"installedPath"`
		Login       string `json:"authPolicy"`
	}
	removedPlugin struct {
		PluginID    string `json:"pluginId"`
		Name        string `json:"name"`
		Marketplace string `json:"marketplaceName"`
	}
	source struct {
		Type   string `json:"sourceType"`
		Source string `json:"source"`
	}
	place struct {
		Source string `json:"source"`
		Path   string `json:"path"`
	}
	listedPlugin struct {
		PluginID    string  `json:"pluginId"`
		Name        string  `json:"name"`
		Marketplace string  `json:"marketplaceName"`
		Version     *string `json:"version"`
		Installed   bool    `json:"installed"`
		Enabled     bool    `json:"enabled"`
		Source      place   `json:"source"`
		From        source  `json:"marketplaceSource"`
		Install     string  `json:"installPolicy"`
		Login       string  `json:"authPolicy"`
	}
	pluginList struct {
		Installed []listedPlugin `json:"installed"`
		Available []listedPlugin `json:"available"`
	}
	addedMarket struct {
		Name    string `json:"marketplaceName"`
		Root    string `json:"installedRoot"`
		Already bool   `json:"alreadyAdded"`
	}
	listedMarket struct {
		Name   string `json:"name"`
		Root   string `json:"root"`
		Source source `json:"marketplaceSource"`
	}
	marketList struct {
		Marketplaces []listedMarket `json:"marketplaces"`
	}
	removedMarket struct {
		Name string  `json:"marketplaceName"`
		Root *string `json:"installedRoot"` // of what was fetched, which nothing here is
	}
	upgradedMarkets struct {
		Selected []string `json:"selectedMarketplaces"`
		Roots    []string `json:"upgradedRoots"`
		Errors   []string `json:"errors"`
	}
)

// listed makes the list of marketplaces' plugins; those that are not installed are in it where
// they are wanted.
func listed(all []plugins.Marketplace, installed []plugins.Plugin, available bool) pluginList {
	out := pluginList{Installed: []listedPlugin{}, Available: []listedPlugin{}}
	for _, m := range all {
		for _, e := range m.List {
			id := e.Name + "@" + m.Name
			l := listedPlugin{PluginID: id, Name: e.Name, Marketplace: m.Name, Source: place{"local", e.Dir},
				From: source{"local", m.Root}, Install: e.InstallPolicy(), Login: e.LoginPolicy()}
			i := slices.IndexFunc(installed, func(p plugins.Plugin) bool { return p.ID == id })
			switch {
			case i >= 0:
				l.Installed, l.Enabled, l.Version = true, installed[i].Enabled, &installed[i].Version
				out.Installed = append(out.Installed, l)
			case available:
				if about, err := plugins.Read(e.Dir); err == nil && about.Version != "" { // else it has none
					l.Version = &about.Version
				}
				out.Available = append(out.Available, l)
			}
		}
	}
	return out
}
