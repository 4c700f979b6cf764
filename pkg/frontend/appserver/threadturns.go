package appserver

import (
	"cmp"
	"encoding/json"
	"slices"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// turnsCursor is a place in a list of turns; clients do not look into it.
type turnsCursor struct {
	TurnID        string `json:"turnId"`
	Nth           int    `json:"nth,omitempty"` // of the turns with this id, which a damaged file may have more than once
	IncludeAnchor bool   `json:"includeAnchor"`
}

// itemsCursor is a place in a list of items.
type itemsCursor struct {
	TurnID        string `json:"turnId,omitempty"` // models give the ids of calls again in other turns
	Nth           int    `json:"nth,omitempty"`    // as in turnsCursor
	ItemID        string `json:"itemId"`
	Index         *int   `json:"index,omitempty"` // in the turn
	IncludeAnchor bool   `json:"includeAnchor"`
}

// pageAsked is a part of a list that a client asks for.
type pageAsked[T any] struct {
	cursor *string
	limit  *uint32
	dir    *protocol.SortDirection
	// at reads a cursor: which element it is at, and whether that counts.
	at func(cursor string) (is func(T) bool, including bool, err error)
	// cursorAt writes one.
	cursorAt func(T, bool) any
}

// page is that part, with the cursors of what follows and of what comes before.
func (p *pageAsked[T]) page(all []T) (part []T, next, back *string, err error) {
	if p.cursor != nil {
		is, including, err := p.at(*p.cursor)
		i := -1
		if err == nil {
			i = slices.IndexFunc(all, is)
		}
		if i < 0 {
			return nil, nil, nil, jsonrpc.Invalidf("invalid cursor: %s", jsonrpc.Shorten(*p.cursor))
		}
		if !including {
			i++
		}
		all = all[i:]
	}
	write := func(e T, including bool) *string {
		text := string(raw(p.cursorAt(e, including)))
		return &text
	}
	part = all
	if n := pageSize(p.limit); len(all) > n {
		part, next = all[:n], write(all[n-1], false)
	}
	if len(all) > 0 {
		back = write(all[0], true)
	}
	return part, next, back, nil
}

func (p *pageAsked[T]) descending() bool {
	return protocol.Value(p.dir) == protocol.SortDirectionDesc
}

// turnAt is a turn, and which of those with its id it is.
type turnAt struct {
	protocol.Turn
	nth int
}

// numbered counts turns with the same id.
func numbered(turns []protocol.Turn) []turnAt {
	seen, out := map[string]int{}, make([]turnAt, len(turns))
	for i, t := range turns {
		out[i] = turnAt{t, seen[t.ID]}
		seen[t.ID]++
	}
	return out
}

// turnsOf are the turns of a thread, loaded or not.
func (s *Server) turnsOf(r *request, id string) ([]protocol.Turn, error) {
	got, err := s.threadRead(r, &protocol.ThreadReadParams{ThreadID: id, IncludeTurns: true})
	if err != nil {
		return nil, err
	}
	return got.(protocol.ThreadReadResponse).Thread.Turns, nil
}

func (s *Server) threadTurnsList(r *request, p *protocol.ThreadTurnsListParams) (any, error) {
	turns, err := s.turnsOf(r, p.ThreadID)
	if err != nil {
		return nil, err
	}
	return turnsPage(turns, p)
}

// turnsPage is a page of turns, the latest first where nothing else is asked for.
func turnsPage(turns []protocol.Turn, p *protocol.ThreadTurnsListParams) (*protocol.ThreadTurnsListResponse, error) {
	ask := pageAsked[turnAt]{cursor: p.Cursor, limit: p.Limit, dir: p.SortDirection,
		at: func(cursor string) (func(turnAt) bool, bool, error) {
			var c turnsCursor
			err := json.Unmarshal([]byte(cursor), &c)
			return func(t turnAt) bool { return t.ID == c.TurnID && t.nth == c.Nth }, c.IncludeAnchor, err
		},
		cursorAt: func(t turnAt, including bool) any { return turnsCursor{t.ID, t.nth, including} }}
	all := numbered(turns)
	if p.SortDirection == nil || ask.descending() {
		slices.Reverse(all)
	}
	part, next, back, err := ask.page(all)
	if err != nil {
		return nil, err
	}
	res := protocol.ThreadTurnsListResponse{NextCursor: next, BackwardsCursor: back}
	for _, t := range part {
		res.Data = append(res.Data, t.Turn)
	}
	view := cmp.Or(protocol.Value(p.ItemsView), protocol.TurnItemsViewSummary)
	for i := range res.Data {
		res.Data[i].ItemsView = view
		res.Data[i].Items = itemsIn(view, res.Data[i].Items)
	}
	return &res, nil
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
