package item

import (
	"fmt"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// Phase says what part a message has in the turn, nil when it does not say.
func Phase(item gjson.Result) *protocol.MessagePhase {
	return protocol.Optional(protocol.MessagePhase(item.Get("phase").Str))
}

// Reasoning is a reasoning item as clients see it; content is its raw text, not all of
// which is sent back.
func Reasoning(id string, item, content gjson.Result) *protocol.ReasoningItem {
	r := &protocol.ReasoningItem{Type: protocol.ItemReasoning, ID: id}
	for _, p := range item.Get("summary").Array() {
		r.Summary = append(r.Summary, p.Get("text").Str)
	}
	for _, p := range content.Array() {
		r.Content = append(r.Content, p.Get("text").Str)
	}
	return r
}

// WebSearch is a web search as clients see it.
func WebSearch(id string, item gjson.Result) *protocol.WebSearchItem {
	w := &protocol.WebSearchItem{Type: protocol.ItemWebSearch, ID: id}
	a := item.Get("action")
	if !a.Exists() {
		return w
	}
	str := func(k string) *string {
		if v := a.Get(k); v.Type == gjson.String {
			return &v.Str
		}
		return nil
	}
	w.Action = &protocol.WebSearchAction{Query: str("query"), URL: str("url"), Pattern: str("pattern")}
	for _, q := range a.Get("queries").Array() {
		w.Action.Queries = append(w.Action.Queries, q.Str)
	}
	switch a.Get("type").Str {
	case "search":
		w.Action.Type = protocol.WebSearchActionSearch
		w.Query = a.Get("query").Str
		if w.Query == "" && len(w.Action.Queries) > 0 {
			w.Query = w.Action.Queries[0]
			if len(w.Action.Queries) > 1 {
				w.Query += " ..."
			}
		}
	case "open_page":
		w.Action.Type = protocol.WebSearchActionOpenPage
		w.Query = a.Get("url").Str
	case "find_in_page":
		w.Action.Type = protocol.WebSearchActionFindInPage
		switch pattern, url := a.Get("pattern").Str, a.Get("url").Str; {
		case pattern == "":
			w.Query = url
		case url == "":
			w.Query = "'" + pattern + "'"
		default:
			w.Query = fmt.Sprintf("'%s' in %s", pattern, url)
		}
	default:
		w.Action.Type = protocol.WebSearchActionOther
	}
	return w
}
