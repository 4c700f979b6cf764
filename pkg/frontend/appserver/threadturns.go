package appserver

import (
	"encoding/json"
	"slices"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// turnsCursor is a place in a list of turns; clients do not look into it.
type turnsCursor struct {
	TurnID        string `json:"turnId"`
	IncludeAnchor bool   `json:"includeAnchor"`
}

func (c turnsCursor) String() string { return string(raw(c)) }

func (s *Server) threadTurnsList(r *request, p *protocol.ThreadTurnsListParams) (any, error) {
	got, err := s.threadRead(r, &protocol.ThreadReadParams{ThreadID: p.ThreadID, IncludeTurns: true})
	if err != nil {
		return nil, err
	}
	turns := got.(protocol.ThreadReadResponse).Thread.Turns
	if p.SortDirection == nil || *p.SortDirection == protocol.SortDirectionDesc {
		slices.Reverse(turns)
	}
	if p.Cursor != nil {
		var c turnsCursor
		if json.Unmarshal([]byte(*p.Cursor), &c) != nil {
			return nil, jsonrpc.Invalidf("invalid cursor: %s", *p.Cursor)
		}
		i := slices.IndexFunc(turns, func(t protocol.Turn) bool { return t.ID == c.TurnID })
		if i < 0 {
			return nil, jsonrpc.Invalidf("invalid cursor: %s", *p.Cursor)
		}
		if !c.IncludeAnchor {
			i++
		}
		turns = turns[i:]
	}
	limit := pageSize(p.Limit)
	res := protocol.ThreadTurnsListResponse{Data: turns}
	if len(turns) > limit {
		next := turnsCursor{turns[limit-1].ID, false}.String()
		res.Data, res.NextCursor = turns[:limit], &next
	}
	if len(turns) > 0 {
		back := turnsCursor{turns[0].ID, true}.String()
		res.BackwardsCursor = &back
	}
	view := protocol.TurnItemsViewSummary
	if p.ItemsView != nil {
		view = *p.ItemsView
	}
	for i := range res.Data {
		res.Data[i].ItemsView = view
		res.Data[i].Items = itemsIn(view, res.Data[i].Items)
	}
	return res, nil
}

// itemsIn keeps what a view shows: all, nothing, or the messages of the user and the last
// one of the agent.
func itemsIn(view protocol.TurnItemsView, items protocol.ThreadItems) protocol.ThreadItems {
	switch view {
	case protocol.TurnItemsViewFull:
		return items
	case protocol.TurnItemsViewNotLoaded:
		return nil
	}
	var out protocol.ThreadItems
	var final *protocol.AgentMessageItem
	for _, item := range items {
		switch v := item.(type) {
		case *protocol.UserMessageItem:
			out = append(out, v)
		case *protocol.AgentMessageItem:
			final = v
		}
	}
	if final != nil {
		out = append(out, final)
	}
	return out
}
