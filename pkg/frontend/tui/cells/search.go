package cells

import (
	"strings"

	"codex/pkg/frontend/tui/text"
	"codex/pkg/protocol"
)

// webSearch draws a search of the web: what was asked, or the page that was opened.
func webSearch(e Entry, width int, t *text.Theme) []text.Line {
	item, ok := e.Item.(*protocol.WebSearchItem)
	if !ok {
		return nil
	}
	what := searched(item)
	if what == "" {
		return bulleted([]text.Line{text.Of("Searching the web", t.Bold)}, width, bullet(true, false, e.Beat, t))
	}
	return bulleted([]text.Line{{span("Searched ", t.Bold), span(text.CleanLine(what), text.Style{})}}, width, t.Dim)
}

func searched(item *protocol.WebSearchItem) string {
	a := item.Action
	if a == nil {
		return item.Query
	}
	switch a.Type {
	case protocol.WebSearchActionSearch:
		if len(a.Queries) > 0 {
			return strings.Join(a.Queries, ", ")
		}
		if q := protocol.Value(a.Query); q != "" {
			return q
		}
	case protocol.WebSearchActionOpenPage:
		return protocol.Value(a.URL)
	case protocol.WebSearchActionFindInPage:
		return "'" + protocol.Value(a.Pattern) + "' in " + protocol.Value(a.URL)
	}
	return item.Query
}
