package mcp

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"codex/pkg/engine/tools"
)

// deferFrom is how many tools are too many for a request.
const deferFrom = 100

// Namespaces implements tools.External: all tools, one namespace a server.
func (s *Servers) Namespaces(d tools.Deferral) (specs []any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.defers(d) {
		return nil
	}
	all := slices.SortedFunc(maps.Values(s.offered()), func(a, b *tool) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	for len(all) > 0 {
		of := all[0].namespace
		b := all[0].open()
		for i, t := range all {
			if t.namespace != of {
				break
			}
			if i > 0 {
				b = append(b, ',')
			}
			b = t.spec(b, false)
		}
		all = slices.DeleteFunc(all, func(t *tool) bool { return t.namespace == of })
		specs = append(specs, append(b, "]}"...))
	}
	return specs
}

// defers says whether the model looks for the tools. The caller holds mu.
func (s *Servers) defers(d tools.Deferral) bool {
	if d == tools.DeferNone {
		return false
	}
	n := s.count()
	return n >= deferFrom || d == tools.DeferAll && n > 0
}

// Sources implements tools.External.
func (s *Servers) Sources(d tools.Deferral) (lines []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.defers(d) {
		return nil
	}
	for _, v := range s.list {
		if v.digest == nil {
			continue
		}
		line, _, _ := strings.Cut(strings.TrimSpace(v.digest.instructions), "\n")
		if line != "" {
			line = ": " + line
		}
		lines = append(lines, v.Name+line)
	}
	return lines
}

// Deferred implements tools.External.
func (s *Servers) Deferred(d tools.Deferral) []tools.Deferred {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.defers(d) {
		return nil
	}
	var all []tools.Deferred
	for _, t := range s.offered() {
		all = append(all, tools.Deferred{Namespace: t.namespace, Name: t.name, About: t.about(), Text: t.text(), Spec: t.spec(nil, true)})
	}
	return all
}

// text is what a search for the tool looks at.
func (t *tool) text() string {
	return strings.Join([]string{t.server.Name, t.tool, t.title(), t.description(), tools.SchemaText([]byte(t.Schema))}, " ")
}

// about is what the namespace of the tool is for.
func (t *tool) about() string {
	return cmp.Or(strings.TrimSpace(t.digest.instructions), "Tools in the "+t.namespace+" namespace.")
}

// open is the beginning of the namespace of the tool.
func (t *tool) open() json.RawMessage {
	n := 0
	for _, o := range t.digest.tools() {
		n += len(o.Name) + len(o.Description) + len(o.Schema) + 128
	}
	return tools.OpenNamespace(t.namespace, t.about(), n)
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
