package mcp

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
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
	Parameters  json.RawMessage `json:"parameters"`
}

// Namespaces describes all tools: one namespace a server.
func (s *Servers) Namespaces() []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	byName := map[string]*namespace{}
	var all []*namespace
	for _, t := range s.offered() {
		n := byName[t.namespace]
		if n == nil {
			n = &namespace{Type: "namespace", Name: t.namespace, Description: strings.TrimSpace(t.manifest.Instructions)}
			if n.Description == "" {
				n.Description = "Tools in the " + n.Name + " namespace."
			}
			byName[t.namespace] = n
			all = append(all, n)
		}
		n.Tools = append(n.Tools, function{Type: "function", Name: t.name, Description: t.description, Parameters: t.schema})
	}
	slices.SortFunc(all, func(a, b *namespace) int { return cmp.Compare(a.Name, b.Name) })
	specs := make([]any, len(all))
	for i, n := range all {
		slices.SortFunc(n.Tools, func(a, b function) int { return cmp.Compare(a.Name, b.Name) })
		specs[i] = n
	}
	return specs
}
