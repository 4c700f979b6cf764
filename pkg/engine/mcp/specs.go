package mcp

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"codex/pkg/engine/tools"
)

// namespace describes the tools of one server to the model.
type namespace struct {
	Type        string     `json:"type"`
	Name        string     `json:"name"`
	Description string     `json:"description"`
	Tools       []function `json:"tools"`
}

type function struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Strict      bool            `json:"strict"`
	Deferred    bool            `json:"defer_loading,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
}

// Namespaces describes all tools, one namespace a server; or, where they are many and the
// model can look for them, the search.
func (s *Servers) Namespaces(o *tools.SpecOptions) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	offered := s.offered()
	if o.Model.SearchTool && (len(offered) >= deferFrom || o.DeferExternal && len(offered) > 0) {
		return []any{s.search()}
	}
	all := described(slices.Collect(maps.Values(offered)), false)
	specs := make([]any, len(all))
	for i, n := range all {
		specs[i] = n
	}
	return specs
}

// described are tools in their namespaces; those that were found say so.
func described(tools []*tool, found bool) []*namespace {
	byName := map[string]*namespace{}
	all := []*namespace{}
	for _, t := range tools {
		n := byName[t.namespace]
		if n == nil {
			n = &namespace{Type: "namespace", Name: t.namespace, Description: strings.TrimSpace(t.manifest.Instructions)}
			if n.Description == "" {
				n.Description = "Tools in the " + n.Name + " namespace."
			}
			byName[t.namespace] = n
			all = append(all, n)
		}
		n.Tools = append(n.Tools, function{Type: "function", Name: t.name, Description: t.description, Deferred: found, Parameters: t.schema})
	}
	if found {
		return all // the best first
	}
	slices.SortFunc(all, func(a, b *namespace) int { return cmp.Compare(a.Name, b.Name) })
	for _, n := range all {
		slices.SortFunc(n.Tools, func(a, b function) int { return cmp.Compare(a.Name, b.Name) })
	}
	return all
}
