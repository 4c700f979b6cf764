package mcp

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
)

// Namespaces describes all tools, one namespace a server; or, where they are many and the
// model can look for them, the search.
func (s *Servers) Namespaces(o *tools.SpecOptions) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Model.SearchTool {
		if n := s.count(); n >= deferFrom || o.DeferExternal && n > 0 {
			return []any{s.search()}
		}
	}
	all := slices.SortedFunc(maps.Values(s.offered()), func(a, b *tool) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	var specs []any
	for _, n := range described(all, false) {
		specs = append(specs, n)
	}
	return specs
}

// described are tools in their namespaces, as JSON that is put together from what is JSON
// already; those that were found say so. The order is theirs.
func described(all []*tool, found bool) []json.RawMessage {
	byName := map[string]int{}
	specs := []json.RawMessage{}
	for _, t := range all {
		i, ok := byName[t.namespace]
		if !ok {
			i = len(specs)
			byName[t.namespace] = i
			specs = append(specs, t.open())
		} else {
			specs[i] = append(specs[i], ',')
		}
		specs[i] = t.spec(specs[i], found)
	}
	for i := range specs {
		specs[i] = append(specs[i], "]}"...)
	}
	return specs
}

// open is the beginning of the namespace of the tool, whose name is plain.
func (t *tool) open() json.RawMessage {
	about := strings.TrimSpace(t.digest.instructions)
	if about == "" {
		about = "Tools in the " + t.namespace + " namespace."
	}
	n := len(about) + 256
	for _, o := range t.digest.tools() {
		n += len(o.Name) + len(o.Description) + len(o.Schema) + 128
	}
	b := append(append(make([]byte, 0, n), `{"type":"namespace","name":"`...), t.namespace...)
	text, err := jsonrpc.Marshal(about)
	if err != nil { // a text can always be encoded
		text = []byte(`""`)
	}
	return append(append(append(b, `","description":`...), text...), `,"tools":[`...)
}

// spec appends the tool, whose name is plain.
func (t *tool) spec(b []byte, found bool) []byte {
	b = append(append(b, `{"type":"function","name":"`...), t.name...)
	b = append(append(b, `","description":`...), t.Description...)
	b = strconv.AppendBool(append(b, `,"strict":`...), false)
	if found {
		b = append(b, `,"defer_loading":true`...)
	}
	return append(append(append(b, `,"parameters":`...), t.Schema...), '}')
}
