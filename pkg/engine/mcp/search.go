package mcp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/tools"
)

const (
	// deferFrom is how many tools are too many for a request: the model looks for them.
	deferFrom = 100
	// foundTools is how many a search gives that says no number, and maxFound the most.
	foundTools = 8
	maxFound   = 100

	toolSearch = "tool_search"
)

// searchSpec describes the search for tools to the model.
type searchSpec struct {
	Type        string          `json:"type"`
	Execution   string          `json:"execution"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
}

const searchParameters = `{"type":"object","properties":{"limit":{"type":"number","description":"How many tools to give at most; 8 if left out"},` +
	`"query":{"type":"string","description":"Words that the tools are about"}},"required":["query"],"additionalProperties":false}`

// search describes the search, with the servers that there are. The caller holds mu.
func (s *Servers) search() searchSpec {
	var b strings.Builder
	b.WriteString("Looks for tools of these servers, by words of their names and descriptions. What it finds can be called from then on.\n")
	for _, v := range s.list {
		if v.digest == nil {
			continue
		}
		line, _, _ := strings.Cut(strings.TrimSpace(v.digest.instructions), "\n")
		fmt.Fprintf(&b, "\n- %s", v.Name)
		if line != "" {
			b.WriteString(": " + line)
		}
	}
	return searchSpec{toolSearch, "client", b.String(), json.RawMessage(searchParameters)}
}

// findTools answers a search: what is found, as namespaces.
func (s *Servers) findTools(_ context.Context, _ *tools.Turn, c tools.Call) tools.Output {
	query := gjson.Get(c.Arguments, "query").Str
	limit := foundTools
	if n := gjson.Get(c.Arguments, "limit"); n.Exists() {
		limit = int(min(max(n.Float(), 0), maxFound))
	}
	s.mu.Lock()
	found := best(s.offered(), query, limit)
	s.mu.Unlock()
	return tools.Output{Content: tools.Array(described(found, true))}
}

// best gives the tools that a query is most about (Okapi BM25), the best first.
func best(all map[[2]string]*tool, query string, limit int) []*tool {
	type document struct {
		*tool
		count map[string]int
		words int
		score float64
	}
	var docs []*document
	with, total := map[string]int{}, 0
	for _, t := range all {
		d := &document{tool: t, count: map[string]int{}}
		for _, w := range words(t.text()) {
			if d.count[w]++; d.count[w] == 1 {
				with[w]++
			}
			d.words++
		}
		total += d.words
		docs = append(docs, d)
	}
	const k, b = 1.2, 0.75
	for _, w := range words(query) {
		rare := math.Log(1 + (float64(len(docs)-with[w])+0.5)/(float64(with[w])+0.5))
		for _, d := range docs {
			if n := float64(d.count[w]); n > 0 {
				d.score += rare * n * (k + 1) / (n + k*(1-b+b*float64(d.words)*float64(len(docs))/float64(total)))
			}
		}
	}
	docs = slices.DeleteFunc(docs, func(d *document) bool { return d.score == 0 })
	slices.SortFunc(docs, func(a, b *document) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	found := make([]*tool, 0, limit)
	for _, d := range docs[:min(limit, len(docs))] {
		found = append(found, d.tool)
	}
	return found
}

// text is what a search for the tool looks at.
func (t *tool) text() string {
	var b strings.Builder
	for _, s := range []string{t.server.Name, t.tool, t.title(), t.description()} {
		b.WriteString(s + " ")
	}
	gjson.Get(string(t.Schema), "properties").ForEach(func(name, p gjson.Result) bool {
		b.WriteString(name.Str + " " + p.Get("description").Str + " ")
		return true
	})
	return b.String()
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
