package appserver

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// itemAt is an item of a thread, and where it stands in its turn: ids of calls are the
// model's, which gives one again at times.
type itemAt struct {
	protocol.ThreadItemEntry
	nth, index int
}

// itemsOf are the items of turns, each with its turn.
func itemsOf(turns []protocol.Turn) []itemAt {
	var out []itemAt
	for _, t := range numbered(turns) {
		for i, item := range t.Items {
			out = append(out, itemAt{protocol.ThreadItemEntry{TurnID: t.ID, Item: item}, t.nth, i})
		}
	}
	return out
}

func (e itemAt) cursor(including bool) itemsCursor {
	return itemsCursor{e.TurnID, e.nth, e.Item.ItemID(), &e.index, including}
}

func (c *itemsCursor) is(e itemAt) bool {
	return e.Item.ItemID() == c.ItemID && (c.TurnID == "" || c.TurnID == e.TurnID && c.Nth == e.nth) && (c.Index == nil || *c.Index == e.index)
}

func (s *Server) threadItemsList(r *request, p *protocol.ThreadItemsListParams) (any, error) {
	turns, err := s.turnsOf(r, p.ThreadID)
	if err != nil {
		return nil, err
	}
	return itemsPage(turns, p)
}

// itemsPage is a page of items, from the first to the last where nothing else is asked for.
func itemsPage(turns []protocol.Turn, p *protocol.ThreadItemsListParams) (*protocol.ThreadItemsListResponse, error) {
	if p.TurnID != nil {
		turns = slices.DeleteFunc(turns, func(t protocol.Turn) bool { return t.ID != *p.TurnID })
	}
	var cursor *string
	switch v := gjson.ParseBytes(p.Cursor); {
	case v.Type == gjson.String || v.IsObject():
		text := v.String()
		cursor = &text
	case v.Type != gjson.Null:
		return nil, jsonrpc.Invalidf("invalid cursor: %s", jsonrpc.Shorten(v.Raw))
	}
	ask := pageAsked[itemAt]{cursor: cursor, limit: p.Limit, dir: p.SortDirection,
		at: func(cursor string) (func(itemAt) bool, bool, error) {
			var c itemsCursor
			err := json.Unmarshal([]byte(cursor), &c)
			return c.is, c.IncludeAnchor, err
		},
		cursorAt: func(e itemAt, including bool) any { return e.cursor(including) }}
	all := itemsOf(turns)
	if ask.descending() {
		slices.Reverse(all)
	}
	part, next, back, err := ask.page(all)
	if err != nil {
		return nil, err
	}
	res := protocol.ThreadItemsListResponse{NextCursor: next, BackwardsCursor: back}
	for _, e := range part {
		res.Data = append(res.Data, e.ThreadItemEntry)
	}
	return &res, nil
}

func (s *Server) threadItemsRead(r *request, p *protocol.ThreadItemsReadParams) (any, error) {
	turns, err := s.turnsOf(r, p.ThreadID)
	if err != nil {
		return nil, err
	}
	var res protocol.ThreadItemsReadResponse
	for _, e := range itemsOf(turns) {
		if e.TurnID == p.TurnID && slices.Contains(p.ItemIDs, e.Item.ItemID()) {
			res.Data = append(res.Data, e.ThreadItemEntry)
		}
	}
	return res, nil
}

// backwards are cursors with which a client reads turns and items from the last one on.
func backwards(turns []protocol.Turn) (turn, item *string) {
	if n := len(turns); n > 0 {
		last := numbered(turns)[n-1]
		text := string(raw(turnsCursor{last.ID, last.nth, true}))
		turn = &text
	}
	if all := itemsOf(turns); len(all) > 0 {
		text := string(raw(all[len(all)-1].cursor(true)))
		item = &text
	}
	return turn, item
}

// resumed is the answer to thread/resume.
func resumed(begun protocol.ThreadStartResponse, turns []protocol.Turn, p *protocol.ThreadResumeParams) (*protocol.ThreadResumeResponse, error) {
	res := protocol.ThreadResumeResponse{Thread: begun.Thread, Model: begun.Model, ModelProvider: begun.ModelProvider, ServiceTier: begun.ServiceTier,
		Cwd: begun.Cwd, RuntimeWorkspaceRoots: begun.RuntimeWorkspaceRoots, InstructionSources: begun.InstructionSources,
		ApprovalPolicy: begun.ApprovalPolicy, ApprovalsReviewer: begun.ApprovalsReviewer, Sandbox: begun.Sandbox,
		ActivePermissionProfile: begun.ActivePermissionProfile, ReasoningEffort: begun.ReasoningEffort}
	if !p.ExcludeTurns {
		res.Thread.Turns = turns
	}
	res.TurnsBackwardsCursor, res.ItemsBackwardsCursor = backwards(turns)
	if ask := p.InitialTurnsPage; ask != nil {
		page, err := turnsPage(turns, &protocol.ThreadTurnsListParams{Limit: ask.Limit, SortDirection: ask.SortDirection, ItemsView: ask.ItemsView})
		if err != nil {
			return nil, err
		}
		res.InitialTurnsPage = page
	}
	return &res, nil
}
