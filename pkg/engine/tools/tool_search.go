package tools

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Deferral says which tools a request does not have, since the model looks for them.
type Deferral int

// The cases of Deferral.
const (
	DeferNone Deferral = iota // the model cannot look for tools
	DeferMany                 // those of which there are many, or that few threads need
	DeferAll                  // all that can be (features.tool_search_always_defer_mcp_tools)
)

// Deferred is a tool that the model looks for.
type Deferred struct {
	Namespace, Name string
	About           string          // of the namespace
	Text            string          // what a search goes by, beside the name
	Spec            json.RawMessage // of the function, with defer_loading
}

const (
	toolSearch = "tool_search"
	// foundTools is how many tools a search gives that says no number, maxFound the most.
	foundTools = 8
	maxFound   = 100
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

// offerToolSearch describes the search, with where the tools are from; nil when all tools
// are in the request.
func offerToolSearch(o *SpecOptions) any {
	if o.Defer == DeferNone {
		return nil
	}
	sources := dynamicSources(o.Dynamic)
	for _, x := range o.External {
		sources = append(sources, x.Sources(o.Defer)...)
	}
	if len(sources) == 0 {
		return nil
	}
	about := "Looks for tools that you have beside those listed here, by words of their names and descriptions. What it finds can be called from then on. There are tools of:\n\n- "
	return searchSpec{toolSearch, "client", about + strings.Join(sources, "\n- "), json.RawMessage(searchParameters)}
}

// searchTools answers a search: what is found, as namespaces, that of the best tool first.
func (s *Set) searchTools(_ context.Context, t *Turn, c Call) Output {
	query, limit := gjson.Get(c.Arguments, "query").Str, foundTools
	if n := gjson.Get(c.Arguments, "limit"); n.Exists() {
		limit = int(min(max(n.Float(), 0), maxFound))
	}
	if t.Defer == DeferNone {
		return Output{Content: Array(nil)}
	}
	all := dynamicDeferred(t.Dynamic)
	for _, x := range s.External {
		all = append(all, x.Deferred(t.Defer)...)
	}
	return Output{Content: Array(found(best(all, query, limit)))}
}

// found are tools in their namespaces, as JSON that is put together from what is JSON already.
func found(all []Deferred) (specs []json.RawMessage) {
	at := map[string]int{}
	for _, d := range all {
		i, ok := at[d.Namespace]
		if !ok {
			i, at[d.Namespace] = len(specs), len(specs)
			specs = append(specs, OpenNamespace(d.Namespace, d.About, 0))
		} else {
			specs[i] = append(specs[i], ',')
		}
		specs[i] = append(specs[i], d.Spec...)
	}
	for i := range specs {
		specs[i] = append(specs[i], "]}"...)
	}
	return specs
}

// OpenNamespace is the beginning of a namespace as JSON, to which its tools and "]}" are
// appended; size is how many bytes these are about to have.
func OpenNamespace(name, about string, size int) json.RawMessage {
	b := append(make([]byte, 0, size+len(name)+len(about)+256), `{"type":"namespace","name":`...)
	b = append(b, jsonrpc.Quote(name)...)
	b = append(append(b, `,"description":`...), jsonrpc.Quote(about)...)
	return append(b, `,"tools":[`...)
}

// document is a tool as a search sees it.
type document struct {
	*Deferred
	count map[string]int // of its words
	words int
	score float64
}

// best gives the tools that a query is most about (Okapi BM25), the best first.
func best(all []Deferred, query string, limit int) []Deferred {
	docs, with, total := make([]*document, len(all)), map[string]int{}, 0
	for i := range all {
		d := &document{Deferred: &all[i], count: map[string]int{}}
		for _, w := range words(d.Namespace + " " + d.Name + " " + d.Text) {
			d.count[w]++
			d.words++
		}
		for w := range maps.Keys(d.count) {
			with[w]++
		}
		total += d.words
		docs[i] = d
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
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var most []Deferred
	for _, d := range docs[:min(limit, len(docs))] {
		most = append(most, *d.Deferred)
	}
	return most
}

// words are those of a text in small letters, the plural as the singular.
func words(text string) []string {
	all := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range all {
		if len(w) > 3 && !strings.HasSuffix(w, "ss") {
			all[i] = strings.TrimSuffix(w, "s")
		}
	}
	return all
}

// SchemaText are the names and descriptions of the parameters of a tool, for a search.
func SchemaText(schema []byte) string {
	var b strings.Builder
	gjson.GetBytes(schema, "properties").ForEach(func(name, p gjson.Result) bool {
		b.WriteString(" " + name.Str + " " + p.Get("description").Str)
		return true
	})
	return b.String()
}
