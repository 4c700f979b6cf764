package appserver

import (
	"encoding/json"
	"slices"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// entries are the items of turns, each with its turn.
func entries(turns []protocol.Turn) []protocol.ThreadItemEntry {
	var out []protocol.ThreadItemEntry
	for _, t := range turns {
		for _, item := range t.Items {
			out = append(out, protocol.ThreadItemEntry{TurnID: t.ID, Item: item})
		}
	}
	return out
}

// threadItemsList gives items from the first to the last where nothing else is asked for.
func (s *Server) threadItemsList(r *request, p *protocol.ThreadItemsListParams) (any, error) {
	turns, err := s.turnsOf(r, p.ThreadID)
	if err != nil {
		return nil, err
	}
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
	ask := pageAsked[protocol.ThreadItemEntry]{cursor: cursor, limit: p.Limit, dir: p.SortDirection,
		at: func(cursor string) (func(protocol.ThreadItemEntry) bool, bool, error) {
			var c itemsCursor
			err := json.Unmarshal([]byte(cursor), &c)
			return func(e protocol.ThreadItemEntry) bool {
				return e.Item.ItemID() == c.ItemID && (c.TurnID == "" || c.TurnID == e.TurnID)
			}, c.IncludeAnchor, err
		},
		cursorAt: func(e protocol.ThreadItemEntry, including bool) any {
			return itemsCursor{e.TurnID, e.Item.ItemID(), including}
		}}
	all := entries(turns)
	if ask.descending() {
		slices.Reverse(all)
	}
	var res protocol.ThreadItemsListResponse
	if res.Data, res.NextCursor, res.BackwardsCursor, err = ask.page(all); err != nil {
		return nil, err
	}
	return res, nil
}

func (s *Server) threadItemsRead(r *request, p *protocol.ThreadItemsReadParams) (any, error) {
	turns, err := s.turnsOf(r, p.ThreadID)
	if err != nil {
		return nil, err
	}
	var res protocol.ThreadItemsReadResponse
	for _, e := range entries(turns) {
		if e.TurnID == p.TurnID && slices.Contains(p.ItemIDs, e.Item.ItemID()) {
			res.Data = append(res.Data, e)
		}
	}
	return res, nil
}

// backwards are cursors with which a client reads turns and items from the last one on.
func backwards(turns []protocol.Turn) (turn, item *string) {
	if n := len(turns); n > 0 {
		text := string(raw(turnsCursor{turns[n-1].ID, true}))
		turn = &text
	}
	if all := entries(turns); len(all) > 0 {
		last := all[len(all)-1]
		text := string(raw(itemsCursor{last.TurnID, last.Item.ItemID(), true}))
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
